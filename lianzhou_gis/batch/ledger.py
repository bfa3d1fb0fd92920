"""The folder of a batch: what was asked, which chunks are whole, and their parts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lianzhou_gis.batch.tables import TABLES
from lianzhou_gis.batch.work import Done
from lianzhou_gis.errors import RunError, extra
from lianzhou_gis.fingerprint import Fingerprint

__all__ = ["Ledger"]

MANIFEST = "batch.json"
_DONE = "done"
_PART = "part-{:06d}.parquet"


@dataclass(frozen=True)
class Ledger:
    """The folder of a batch.

    A chunk is done when its mark is in ``done/`` and every part is as the mark describes it: size, SHA-256 and rows.
    The mark is written last and in one step; whatever else there is of a chunk is made again under the same names, so
    that nothing is lost or doubled, however a run ended and whatever happened to the folder since.
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path, asked: Mapping[str, Any], fingerprint: Fingerprint) -> Ledger:
        """Begin a batch, or take one up that rests on the very same.

        Parameters
        ----------
        folder : pathlib.Path
        asked : mapping
            What was asked, as people read it.
        fingerprint : Fingerprint
            Of all that the answers rest on.

        Raises
        ------
        RunError
            If the folder holds something else; names the inputs that differ.
        """
        manifest = folder / MANIFEST
        if manifest.is_file():
            before = _read(manifest) or {}
            held = before.get("fingerprint")
            differing = fingerprint.differences(held if isinstance(held, dict) else {})
            if differing:
                raise RunError.from_code("batch_of_other_input", folder=folder.name, differing=differing)
        elif folder.exists() and any(folder.iterdir()):
            raise RunError.from_code("batch_folder_in_use", folder=folder.name)
        for name in (*TABLES, _DONE):
            (folder / name).mkdir(parents=True, exist_ok=True)
        told = {**asked, "id": fingerprint.sha256[:16], "fingerprint": dict(sorted(fingerprint.parts.items()))}
        _put(manifest, json.dumps(told, ensure_ascii=False, indent=1, default=str).encode())
        return cls(folder)

    def done(self) -> frozenset[int]:
        """Return the numbers of the chunks that are whole; marks of others are removed, and parts without a mark."""
        whole = set()
        for path in (self.folder / _DONE).glob("*.json"):
            mark = _read(path)
            if mark is not None and path.stem == f"{mark['number']:06d}" and self._is_whole(mark):
                whole.add(int(mark["number"]))
            else:
                path.unlink()
        names = {_PART.format(number) for number in whole}
        for table in TABLES:
            for path in (self.folder / table).glob("part-*.parquet"):
                if path.name not in names:
                    path.unlink()
        return frozenset(whole)

    def _is_whole(self, mark: Mapping[str, Any]) -> bool:
        """Return whether every part of a chunk is as its mark describes it."""
        for table in TABLES:
            path, described = self.folder / table / _PART.format(mark["number"]), mark["parts"][table]
            try:
                if path.stat().st_size != described["bytes"] or _digest(path.read_bytes()) != described["sha256"]:
                    return False
            except OSError:
                return False
        return True

    def commit(self, done: Done) -> None:
        """Write a chunk; its mark last."""
        parts = {}
        for table in TABLES:
            content = done.tables[table]
            _put(self.folder / table / _PART.format(done.number), content)
            rows = (
                extra("pyarrow.parquet", "arrow")
                .read_metadata(extra("pyarrow", "arrow").BufferReader(content))
                .num_rows
            )
            parts[table] = {"sha256": _digest(content), "bytes": len(content), "rows": rows}
        mark = {
            "number": done.number,
            "sites": done.sites,
            "failed": done.failed,
            "faults": done.faults,
            "parts": parts,
            "counts": done.counts,
            "rules": done.rules,
            "issues": done.issues,
        }
        sealed = {**mark, "sha256": _digest(_json(mark).encode())}
        _put(self.folder / _DONE / f"{done.number:06d}.json", json.dumps(sealed, ensure_ascii=False).encode())

    def marks(self, chunks: int) -> list[dict[str, Any]]:
        """Return the marks of all chunks, in order.

        Raises
        ------
        RunError
            If one is missing or not as it was written.
        """
        found = [_read(self.folder / _DONE / f"{number:06d}.json") for number in range(chunks)]
        missing = [number for number, mark in enumerate(found) if mark is None or mark["number"] != number]
        if missing:
            raise RunError.from_code("batch_chunks_missing", folder=self.folder.name, count=len(missing))
        return [mark for mark in found if mark is not None]

    def write(self, name: str, content: str) -> Path:
        """Write a file of the folder whole."""
        _put(self.folder / name, content.encode())
        return self.folder / name


def _read(path: Path) -> dict[str, Any] | None:
    """Return the manifest or a mark; ``None`` for a mark that is not as it was written."""
    try:
        held = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(held, dict):
        return None
    if path.name == MANIFEST:
        return held
    mark = {name: value for name, value in held.items() if name != "sha256"}
    return mark if held.get("sha256") == _digest(_json(mark).encode()) else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, on the disk when this returns."""
    building = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with building.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
