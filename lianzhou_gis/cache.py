"""What took long to make, kept on disk as plain values and arrays; whatever is not whole and ours is made anew."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import lianzhou_gis

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Arrays", "Cache", "CacheEntry", "CacheFile", "code_fingerprint"]

Arrays = Mapping[str, "npt.NDArray[np.generic]"]

# Where the folder of the platform does not suit; empty: nothing is kept.
VARIABLE = "LIANZHOU_GIS_CACHE"
_MAGIC = b"LZGIS-01"
# Magic, length of the header, SHA-256 of all that follows.
_HEAD = 64
_ALIGN = 64
_ENDING = ".kept"
_DTYPES = ("<f8", "<i8", "|u1", "|i1", "|b1")
# The rooms whose code makes the kept layers and indexes.
_ROOMS = (
    "errors.py",
    "messages.yaml",
    "cache.py",
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


@cache
def code_fingerprint(rooms: tuple[str, ...] = _ROOMS) -> str:
    """Return a hash of the code that makes cached content; entries of any other code are not used."""
    digest = hashlib.sha256(lianzhou_gis.__version__.encode())
    for room in rooms:
        for name, path in sorted(_code(Path(__file__).parent / room)):
            digest.update(f"{room} {name}\n".encode())
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - 250 files at every start
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def _code(place: Path) -> Iterator[tuple[str, str]]:
    """Yield name and path of the files of a room that are code or decide what code does."""
    if place.suffix:
        yield "", str(place)
        return
    # scandir, not Path.rglob: this runs at every start of the program.
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from ((f"{entry.name}/{name}", path) for name, path in _code(place / entry.name))
            elif entry.name.endswith((".py", ".yaml", ".csv")):
                yield entry.name, entry.path


@dataclass(frozen=True)
class Cache:
    """A folder of files, each under a key that names all that its content hangs on.

    Attributes
    ----------
    folder : pathlib.Path or None
        ``None``: nothing is kept and nothing found.
    limit : int
        Bytes; beyond them what was not used for longest goes.
    rooms : tuple of str
        The rooms of this package whose code makes what is kept.
    """

    folder: Path | None
    limit: int = 2 * 2**30
    rooms: tuple[str, ...] = _ROOMS

    @classmethod
    def standard(cls, rooms: tuple[str, ...] = _ROOMS) -> Cache:
        """Return the cache in the folder that the platform has for such files, or that the environment names."""
        told = os.environ.get(VARIABLE)
        if told is not None:
            return cls(Path(told) if told else None, rooms=rooms)
        from platformdirs import user_cache_path

        return cls(user_cache_path("lianzhou-gis", appauthor=False) / "layers", rooms=rooms)

    def _path(self, kind: str, key: Mapping[str, Any]) -> Path | None:
        if self.folder is None:
            return None
        told = json.dumps([code_fingerprint(self.rooms), kind, key], sort_keys=True, ensure_ascii=False, default=str)
        return self.folder / f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:40]}{_ENDING}"

    def get(self, kind: str, key: Mapping[str, Any]) -> CacheEntry | None:
        """Return what is kept under a key; ``None`` where there is nothing, or nothing that can be trusted."""
        path = self._path(kind, key)
        if path is None:
            return None
        try:
            kept = _read(path, path.stem)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            # Cut off, changed, somebody else's: it is never used, and made anew.
            _forget(path)
            return None
        return kept

    def put(
        self, kind: str, key: Mapping[str, Any], subject: str, meta: Mapping[str, Any], arrays: Arrays | None = None
    ) -> None:
        """Keep something; a folder that cannot be written only means that it is made anew next time.

        Parameters
        ----------
        kind : str
        key : mapping
            All that the content hangs on, apart from the code.
        subject : str
            What it is of, for listing.
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
            self._bound(path)
        except (OSError, UnicodeEncodeError):
            # No room on the disk; half a character in a text.
            _forget(Path(name))

    def files(self) -> list[CacheFile]:
        """Return what is kept, used last first."""
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
        """Remove everything that is kept; return how many files went."""
        files = self.files()
        for file in files:
            _forget(file.path)
        if self.folder is not None and self.folder.is_dir():
            for path in self.folder.glob("*.new"):
                _forget(path)
        return len(files)

    def _bound(self, newest: Path) -> None:
        # At every file that is kept: what stands in the others is not read, only how large and how old they are.
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


def _write(stream: Any, name: str, kind: str, subject: str, meta: Mapping[str, Any], arrays: Arrays) -> None:  # noqa: ANN401
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
    told = {"file": name, "kind": kind, "subject": subject, "meta": dict(meta), "arrays": listed}
    header = json.dumps(told, ensure_ascii=False).encode()
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


def _header(content: Any) -> dict[str, Any]:  # noqa: ANN401 - bytes or a memory map
    if bytes(content[:8]) != _MAGIC:
        raise ValueError("no file of this cache")
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
