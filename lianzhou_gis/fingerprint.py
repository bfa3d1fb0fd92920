"""One fingerprint of all that an answer rests on: for cache, run id, resumed batches, verify and certificate."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

__all__ = ["Fingerprint", "code_fingerprint", "file_fingerprint"]

_PACKAGE = Path(__file__).parent
_CODE = (".py", ".yaml", ".csv")
# Files that readers look for beside a file, by what they add to its stem or name: absence is part of the fingerprint.
_SIDECARS = {
    ".shp": ((".shx", ".dbf", ".prj", ".cpg"), ()),
    ".gpkg": ((), ("-wal", "-journal")),
    ".sqlite": ((), ("-wal", "-journal")),
    ".db": ((), ("-wal", "-journal")),
}


@runtime_checkable
class _Geometry(Protocol):
    """A shapely geometry, known by its well-known binary: no GIS library is imported here."""

    @property
    def wkb(self) -> bytes: ...


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of the inputs of an answer by name.

    Attributes
    ----------
    parts : mapping of str to str
        SHA-256 of each input in canonical form.

    Examples
    --------
    >>> one = Fingerprint.from_inputs(as_of=date(2026, 11, 23), scope=["wetland"])
    >>> other = one.with_inputs(scope=["wetland", "receptor"])
    >>> one.differences(other), one.sha256 == other.sha256
    (['scope'], False)
    """

    parts: Mapping[str, str]

    @classmethod
    def from_inputs(cls, **inputs: object) -> Fingerprint:
        """Hash inputs: plain values, dates, dataclasses, geometries, and containers of them.

        Raises
        ------
        TypeError
            For a value without a canonical form; nothing is left out in silence.
        """
        return cls({name: _digest(value) for name, value in inputs.items()})

    def with_inputs(self, **inputs: object) -> Fingerprint:
        """Return a fingerprint with further inputs, which replace those of the same name."""
        return Fingerprint({**self.parts, **Fingerprint.from_inputs(**inputs).parts})

    @property
    def sha256(self) -> str:
        """One hash of all parts."""
        return _digest(dict(self.parts))

    def differences(self, other: Fingerprint | Mapping[str, str]) -> list[str]:
        """Return the names of the inputs that differ or that only one of them has."""
        theirs = other.parts if isinstance(other, Fingerprint) else other
        names = {*self.parts, *theirs}
        return sorted(name for name in names if self.parts.get(name) != theirs.get(name))


def _digest(value: object) -> str:
    content = json.dumps(_canonical(value), sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _canonical(value: object) -> object:
    """Return a value as JSON that differs wherever the value differs."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return {"float": repr(float(value))} if not math.isfinite(value) else float(value)
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, Mapping):
        pairs = [[_canonical(key), _canonical(item)] for key, item in value.items()]
        return {"mapping": sorted(pairs, key=lambda pair: json.dumps(pair[0], sort_keys=True))}
    if isinstance(value, set | frozenset):
        return {"set": sorted((_canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: {item.name: _canonical(getattr(value, item.name)) for item in fields(value)}}
    if isinstance(value, _Geometry):
        return {"wkb": hashlib.sha256(value.wkb).hexdigest()}
    plain = getattr(value, "tolist", None)
    if plain is not None:
        return _canonical(plain())
    raise TypeError(f"{type(value).__name__} has no canonical form")


@cache
def code_fingerprint(rooms: tuple[str, ...] | None = None) -> str:
    """Return the SHA-256 of the code and data files of the package, by their bytes.

    Parameters
    ----------
    rooms : tuple of str, optional
        Files and folders of the package; default all of it.
    """
    digest = hashlib.sha256()
    for room in rooms or ("",):
        for name, path in sorted(_code_files(_PACKAGE / room)):
            digest.update(f"{room} {name}\n".encode())
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - 250 files at every start
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def _code_files(path: Path) -> Iterator[tuple[str, str]]:
    """Yield relative name and path of files that are code or decide what code does."""
    if path.suffix:
        yield "", str(path)
        return
    # scandir, not Path.rglob: this runs at every start of the program.
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from ((f"{entry.name}/{name}", found) for name, found in _code_files(Path(entry.path)))
            elif entry.name.endswith(_CODE):
                yield entry.name, entry.path


def file_fingerprint(path: Path) -> dict[str, str | None]:
    """Return the SHA-256 of a file and of all files that its readers may open with it; ``None`` where one is absent.

    Sidecars are found whatever the case of their names (``l.prj`` beside ``L.shp``), as readers find them. Of a folder
    (a File Geodatabase) all files count.

    Parameters
    ----------
    path : pathlib.Path
        Need not exist.

    Returns
    -------
    dict of str to str or None
        By name relative to the folder of ``path``.
    """
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        return {file.relative_to(path.parent).as_posix(): _sha256(file) for file in files}
    stem, name = path.stem.casefold(), path.name.casefold()
    found: dict[str, str | None] = {}
    if path.parent.is_dir():
        with os.scandir(path.parent) as entries:
            listed = sorted(entry.name for entry in entries if entry.is_file())
        for other in listed:
            folded = other.casefold()
            if folded.startswith((f"{stem}.", f"{name}-", f"{name}.")):
                found[other] = _sha256(path.parent / other)
    present = {other.casefold() for other in found}
    of_stem, of_name = _SIDECARS.get(path.suffix.lower(), ((), ()))
    looked_for = [path.name, *(path.stem + ending for ending in of_stem), *(path.name + ending for ending in of_name)]
    found |= {other: None for other in looked_for if other.casefold() not in present}
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
