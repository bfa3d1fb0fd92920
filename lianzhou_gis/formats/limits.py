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
        raise MissingFileError(
            f"文件不存在：{path.name[:120]}；请核对路径", f"no such file: {path.name[:120]}; check the path"
        )
    return path


def _refuse_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise FormatError(
            f"{name}：{size / 2**20:.1f} MB，超过上限 {limit / 2**20:.0f} MB；请拆分或裁剪后再读",
            f"{name}: {size / 2**20:.1f} MB is more than the {limit / 2**20:.0f} MB that are read; split or clip it",
        )


def refuse_count(name: str, count: int, limit: int, zh: str, en: str) -> None:
    """Refuse a file with more than ``limit`` of what ``zh`` and ``en`` name (features, vertices, sites).

    Raises
    ------
    FormatError
        If ``count`` is above ``limit``.

    Examples
    --------
    >>> refuse_count("a.gpkg", 12, 10, "个要素", "features")
    Traceback (most recent call last):
    ...
    lianzhou_gis.errors.FormatError: a.gpkg: 12 features, more than the 10 that are read; split or clip it
    """
    if count > limit:
        raise FormatError(
            f"{name}：共 {count} {zh}，超过上限 {limit}；请拆分或裁剪后再读",
            f"{name}: {count} {en}, more than the {limit} that are read; split or clip it",
        )


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
            raise FormatError(
                f"{beside.name}：{file.name} 是指向文件夹之外的链接；请把文件本身放在一起",
                f"{beside.name}: {file.name} is a link that leads out of the folder; put the file itself there",
            )


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
        raise FormatError(f"{path.name}：不是文件", f"{path.name}: is not a file")
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise FormatError(
            f"{path.name}：无法读取（{error.strerror}）", f"{path.name}: cannot be read ({error.strerror})"
        ) from error
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
        raise FormatError(
            f"{path.name}：无法读取（{error.strerror}）", f"{path.name}: cannot be read ({error.strerror})"
        ) from error
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
