"""On-disk cache of arrays and JSON; a damaged or foreign entry is rebuilt."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from lianzhou_gis.fingerprint import code_fingerprint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Arrays", "Cache", "CacheEntry", "CacheFile"]

Arrays = Mapping[str, "npt.NDArray[np.generic]"]

# Overrides the folder of the platform; empty switches the cache off.
VARIABLE = "LIANZHOU_GIS_CACHE"
_MAGIC = b"LZGIS-01"
# Magic, length of the header, SHA-256 of all that follows.
_HEAD = 64
_ALIGN = 64
_ENDING = ".cache"
_DTYPES = ("<f8", "<i8", "|u1", "|i1", "|b1")
# The rooms whose code makes cached layers and indexes.
_ROOMS = (
    "errors.py",
    "messages.yaml",
    "cache.py",
    "fingerprint.py",
    "table.py",
    "catalog",
    "vocabulary",
    "geodesy",
    "formats",
    "layers",
    "overlay",
)


class CacheEntry(NamedTuple):
    """The content of one file of the cache.

    Attributes
    ----------
    meta : dict
        Plain values.
    arrays : dict of str to ndarray
        Read-only, of the memory map.
    """

    meta: dict[str, Any]
    arrays: dict[str, npt.NDArray[np.generic]]


class CacheFile(NamedTuple):
    """A file of the cache, for listing."""

    path: Path
    kind: str
    subject: str
    size: int
    used: float


@dataclass(frozen=True)
class Cache:
    """A folder of files, each under a key that names everything that its content depends on.

    Attributes
    ----------
    folder : pathlib.Path or None
        ``None``: the cache is off.
    limit : int
        Bytes; beyond them the files used least recently are evicted.
    rooms : tuple of str
        The rooms of this package whose code makes the content.
    """

    folder: Path | None
    limit: int = 2 * 2**30
    rooms: tuple[str, ...] = _ROOMS

    @classmethod
    def standard(cls, rooms: tuple[str, ...] = _ROOMS) -> Cache:
        """Return the cache in the folder that the platform has for such files, or that the environment names."""
        folder = os.environ.get(VARIABLE)
        if folder is not None:
            return cls(Path(folder) if folder else None, rooms=rooms)
        from platformdirs import user_cache_path

        return cls(user_cache_path("lianzhou-gis", appauthor=False) / "layers", rooms=rooms)

    def _path(self, kind: str, key: Mapping[str, Any]) -> Path | None:
        if self.folder is None:
            return None
        content = json.dumps([code_fingerprint(self.rooms), kind, key], sort_keys=True, ensure_ascii=False, default=str)
        return self.folder / f"{kind}-{hashlib.sha256(content.encode()).hexdigest()[:40]}{_ENDING}"

    def get(self, kind: str, key: Mapping[str, Any]) -> CacheEntry | None:
        """Return the entry of a key; ``None`` where there is none, or none that is whole and written by this user."""
        path = self._path(kind, key)
        if path is None:
            return None
        try:
            entry = _read(path, path.stem)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            # Cut off, changed or of another user: never used.
            _forget(path)
            return None
        return entry

    def put(
        self, kind: str, key: Mapping[str, Any], subject: str, meta: Mapping[str, Any], arrays: Arrays | None = None
    ) -> None:
        """Store an entry; where the folder cannot be written the content is simply built again next time.

        Parameters
        ----------
        kind : str
        key : mapping
            Everything that the content depends on, apart from the code.
        subject : str
            What it belongs to, for listing.
        meta : mapping
            Plain values.
        arrays : mapping of str to ndarray, optional
        """
        path = self._path(kind, key)
        if path is None or self.folder is None:
            return
        import tempfile

        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".new")
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as stream:
                _write(stream, path.stem, kind, subject, meta, arrays or {})
            Path(name).replace(path)
            self._evict(path)
        except (OSError, UnicodeEncodeError):
            # No room on the disk; half a character in a text.
            _forget(Path(name))

    def files(self) -> list[CacheFile]:
        """Return the files of the cache, used last first."""
        found = []
        for path in self.folder.glob(f"*{_ENDING}") if self.folder is not None and self.folder.is_dir() else ():
            try:
                state = path.stat()
                header = _header(path.read_bytes()[:_HEAD] if state.st_size < _HEAD else _start(path))
                kind, subject = str(header["kind"]), str(header["subject"])
            except (OSError, ValueError, KeyError, TypeError):
                kind, subject = "?", "?"
            found.append(CacheFile(path, kind, subject, state.st_size, state.st_mtime))
        return sorted(found, key=lambda file: (-file.used, file.path.name))

    def clear(self) -> int:
        """Remove all files and return how many there were."""
        files = self.files()
        for file in files:
            _forget(file.path)
        if self.folder is not None and self.folder.is_dir():
            for path in self.folder.glob("*.new"):
                _forget(path)
        return len(files)

    def _evict(self, newest: Path) -> None:
        # Called at every put: only sizes and times of the other files are read.
        found = []
        with os.scandir(newest.parent) as entries:
            for entry in entries:
                if entry.name.endswith(_ENDING):
                    with suppress(FileNotFoundError):
                        state = entry.stat()
                        found.append((-state.st_mtime, entry.name, state.st_size))
        total = 0
        for _, name, size in sorted(found):
            total += size
            if total > self.limit and name != newest.name:
                _forget(newest.parent / name)


def _forget(path: Path) -> None:
    # Another process may hold it, or have removed it.
    with suppress(OSError):
        path.unlink()


def _write(stream: BinaryIO, name: str, kind: str, subject: str, meta: Mapping[str, Any], arrays: Arrays) -> None:
    listed, bodies, offset = [], [], 0
    if arrays:
        import numpy as np
    for key, array in arrays.items():
        plain = np.ascontiguousarray(array)
        plain = plain.astype(np.dtype("<i8")) if plain.dtype.kind == "i" and plain.itemsize > 1 else plain
        if plain.dtype.str not in _DTYPES:
            raise ValueError(f"{key} is {plain.dtype}")
        listed.append({"name": key, "dtype": plain.dtype.str, "shape": list(plain.shape), "offset": offset})
        body = plain.tobytes()
        body += b"\0" * (-len(body) % _ALIGN)
        bodies.append(body)
        offset += len(body)
    record = {"file": name, "kind": kind, "subject": subject, "meta": dict(meta), "arrays": listed}
    header = json.dumps(record, ensure_ascii=False).encode()
    header += b" " * (-len(header) % _ALIGN)
    digest = hashlib.sha256(header)
    for body in bodies:
        digest.update(body)
    stream.write((_MAGIC + len(header).to_bytes(8, "little") + digest.digest()).ljust(_HEAD, b"\0") + header)
    for body in bodies:
        stream.write(body)


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        return head + stream.read(min(int.from_bytes(head[8:16], "little"), 2**26))


def _header(content: bytes | memoryview) -> dict[str, Any]:
    if bytes(content[:8]) != _MAGIC:
        raise ValueError("not a file of this cache")
    header = json.loads(bytes(content[_HEAD : _HEAD + int.from_bytes(content[8:16], "little")]))
    if not isinstance(header, dict):
        raise ValueError("no header")
    return header


def _read(path: Path, name: str) -> CacheEntry:
    with path.open("rb") as stream:
        owner = os.fstat(stream.fileno())
        if hasattr(os, "geteuid") and (owner.st_uid != os.geteuid() or owner.st_mode & 0o022):
            raise ValueError("others can write it")
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(content)
    if hashlib.sha256(view[_HEAD:]).digest() != view[16:48]:
        raise ValueError("not whole")
    header = _header(view)
    if header["file"] != name:
        raise ValueError("of another key")
    start = _HEAD + int.from_bytes(view[8:16], "little")
    arrays = {}
    if header["arrays"]:
        import numpy as np
    for entry in header["arrays"]:
        if entry["dtype"] not in _DTYPES:
            raise ValueError("no plain array")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        array = np.frombuffer(view, dtype=entry["dtype"], count=count, offset=start + entry["offset"])
        arrays[entry["name"]] = array.reshape(entry["shape"])
    return CacheEntry(header["meta"], arrays)
