"""The folder of a batch: what is asked, what is done, and the parts that are whole."""

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
from lianzhou_gis.errors import RunError

__all__ = ["Ledger"]

MANIFEST = "batch.json"
_DONE = "done"


@dataclass(frozen=True)
class Ledger:
    """The folder of a batch.

    A chunk is done when its mark stands in ``done/``; the mark is set last and in one step. Whatever was written of a
    chunk before that is written again, under the same names: nothing is lost and nothing doubled, however a run ends.
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path, asked: Mapping[str, Any]) -> Ledger:
        """Begin a batch, or take one up that was begun with the very same.

        Raises
        ------
        RunError
            If the folder holds something else.
        """
        told = {**asked, "id": _hash(asked)}
        manifest = folder / MANIFEST
        if manifest.is_file():
            try:
                before = json.loads(manifest.read_text(encoding="utf-8"))
            except ValueError:
                before = None
            if not isinstance(before, dict) or before.get("id") != told["id"]:
                held = before if isinstance(before, dict) else {}
                differing = sorted(key for key in asked if held.get(key) != json.loads(_json(asked[key])))
                raise RunError.from_code("batch_of_other_input", folder=folder.name, differing=differing)
        elif folder.exists() and any(folder.iterdir()):
            raise RunError.from_code("batch_folder_in_use", folder=folder.name)
        for name in (*TABLES, _DONE):
            (folder / name).mkdir(parents=True, exist_ok=True)
        _put(manifest, json.dumps(told, ensure_ascii=False, indent=1, default=str).encode())
        return cls(folder)

    def done(self) -> frozenset[int]:
        """Return the numbers of the chunks that are whole."""
        return frozenset(int(path.stem) for path in (self.folder / _DONE).glob("*.json"))

    def commit(self, done: Done) -> None:
        """Write a chunk; its mark last."""
        for name in TABLES:
            _put(self.folder / name / f"part-{done.number:06d}.parquet", done.tables[name])
        mark = {
            "sites": done.sites,
            "failed": done.failed,
            "counts": done.counts,
            "rules": done.rules,
            "issues": done.issues,
        }
        _put(self.folder / _DONE / f"{done.number:06d}.json", json.dumps(mark, ensure_ascii=False).encode())

    def marks(self) -> list[dict[str, Any]]:
        """Return what was noted of every chunk that is done, in order."""
        return [json.loads(path.read_bytes()) for path in sorted((self.folder / _DONE).glob("*.json"))]

    def write(self, name: str, content: str) -> Path:
        """Write a file of the folder whole."""
        _put(self.folder / name, content.encode())
        return self.folder / name


def _hash(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(_json(asked).encode()).hexdigest()[:16]


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, on the disk when this returns."""
    building = path.with_name(f".{path.name}.{os.getpid()}")
    with building.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    building.replace(path)
