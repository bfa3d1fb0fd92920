"""Bounds on file sizes and counts; bounded reading and hashing.

Files are untrusted: one beyond these bounds is refused, never read in part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lianzhou_gis.errors import FormatError, MissingFileError

__all__ = [
    "MAX_ARCHIVE_BYTES",
    "MAX_FACTS_BYTES",
    "MAX_FEATURES",
    "MAX_SITES",
    "MAX_TEXT_BYTES",
    "MAX_VECTOR_BYTES",
    "MAX_VERTICES",
    "read_bounded",
    "refuse_count",
    "refuse_outside",
    "require_existing",
    "sha256_of_file",
    "sha256_of_files",
]

MAX_FACTS_BYTES = 2 * 2**20
MAX_TEXT_BYTES = 128 * 2**20
MAX_ARCHIVE_BYTES = 2 * 2**30
MAX_VECTOR_BYTES = 4 * 2**30
MAX_FEATURES = 3_000_000
MAX_VERTICES = 100_000_000
MAX_SITES = 50_000

_CHUNK = 2**20


def require_existing(path: Path) -> Path:
    """Return ``path`` if it exists.

    Raises
    ------
    MissingFileError
        If it does not exist.
    """
    try:
        found = path.exists()
    except (OSError, ValueError):
        found = False
    if not found:
        raise MissingFileError.from_code("path_missing", file=path.name)
    return path


def _refuse_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise FormatError.from_code("file_too_large", file=name, size=size / 2**20, limit=limit / 2**20)


def refuse_count(name: str, count: int, limit: int, unit: str) -> None:
    """Refuse a file with more than ``limit`` of something.

    Parameters
    ----------
    name : str
        File, for messages.
    count, limit : int
    unit : str
        What is counted, the variant of the message ``too_many``: ``"features"``, ``"rows"``, ``"vertices"``, ...

    Raises
    ------
    FormatError
        If ``count`` is above ``limit``.

    Examples
    --------
    >>> refuse_count("a.gpkg", 12, 10, "features")
    Traceback (most recent call last):
    ...
    lianzhou_gis.errors.FormatError: a.gpkg: 12 features, more than the 10 that are read; split or clip it
    """
    if count > limit:
        raise FormatError.from_code(f"too_many.{unit}", file=name, count=count, limit=limit)


def refuse_outside(files: Iterable[Path], beside: Path) -> None:
    """Refuse files that are links out of the folder of ``beside``, before or after resolving it.

    Raises
    ------
    FormatError
        A data set from elsewhere must not read what it likes.
    """
    allowed = (beside.parent.resolve(), beside.resolve().parent)
    for file in files:
        if not any(file.resolve().is_relative_to(folder) for folder in allowed):
            raise FormatError.from_code("link_outside", file=beside.name, member=file.name)


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the bytes of a file of at most ``limit`` bytes.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is a folder, cannot be read, or is larger.
    """
    require_existing(path)
    if not path.is_file():
        raise FormatError.from_code("path_not_a_file", file=path.name)
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise FormatError.from_code("file_unreadable", file=path.name, reason=error.strerror) from error
    if len(content) > limit:
        _refuse_size(path.name, max(path.stat().st_size, len(content)), limit)
    return content


def sha256_of_file(path: Path, limit: int = MAX_VECTOR_BYTES) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces.

    Raises
    ------
    MissingFileError, FormatError
        If it does not exist, cannot be read or is larger than ``limit`` bytes.
    """
    require_existing(path)
    digest = hashlib.sha256()
    try:
        _refuse_size(path.name, path.stat().st_size, limit)
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise FormatError.from_code("file_unreadable", file=path.name, reason=error.strerror) from error
    return digest.hexdigest()


def sha256_of_files(parts: dict[str, Path]) -> str:
    """Return one hash over files that belong together (a Shapefile), whatever their folder and stem.

    Parameters
    ----------
    parts : dict
        Extension (``shp``, ``dbf`` ...) to file.
    """
    digest = hashlib.sha256()
    for extension in sorted(parts):
        digest.update(f"{extension}:{sha256_of_file(parts[extension])}\n".encode())
    return digest.hexdigest()
