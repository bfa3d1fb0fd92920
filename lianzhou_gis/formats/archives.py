"""ZIP archives from untrusted sources: names repaired, sizes bounded, member paths never used on disk.

Members are unpacked under names of our own into a folder of our own, so that a path inside the archive never
becomes a path on the disk.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.limits import MAX_ARCHIVE_BYTES

__all__ = ["Member", "list_members", "unpack"]

_MAX_MEMBERS = 5_000
# Coordinates and texts compress to a tenth; deflate can do a thousandth, which only bombs need.
_MAX_RATIO = 200
_SMALL = 10 * 2**20
_CHUNK = 2**20


@dataclass(frozen=True)
class Member:
    """A file inside an archive.

    Attributes
    ----------
    name : str
        Path inside the archive with its characters repaired; for people only, never opened.
    info : zipfile.ZipInfo
    """

    name: str
    info: zipfile.ZipInfo

    @property
    def stem(self) -> str:
        """Path without extension: what files of one Shapefile share, blind to case."""
        path = PurePosixPath(self.name)
        return str(path.parent / path.stem).casefold()

    @property
    def extension(self) -> str:
        """Extension without dot, lower case."""
        return PurePosixPath(self.name).suffix.lower().lstrip(".")


def list_members(archive: zipfile.ZipFile, name: str, *, limit: int = MAX_ARCHIVE_BYTES) -> list[Member]:
    """Return the files of an archive, bounds checked and names repaired.

    Parameters
    ----------
    archive : zipfile.ZipFile
    name : str
        Of the archive, for messages.
    limit : int
        Bytes that it may unpack to.

    Raises
    ------
    FormatError
        For too many members, too much content, a compression ratio that only a bomb has, a path that leads out of
        the archive, or a password.
    """
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS:
        raise FormatError.from_code("archive_members", count=len(infos), most=_MAX_MEMBERS, file=name)
    total = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if total > limit or (total > _SMALL and total > _MAX_RATIO * max(packed, 1)):
        raise FormatError.from_code("archive_unpacks_large", unpacked=total / 2**20, packed=packed / 2**20, file=name)
    members = []
    for info in infos:
        if info.is_dir():
            continue
        text = _repaired(info)
        path = PurePosixPath(text.replace("\\", "/"))
        if (path.parts and path.parts[0] == "__MACOSX") or path.name.startswith("._"):
            continue
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", text):
            shown = text[:80]
            raise FormatError.from_code("archive_path_outside", path=shown, file=name)
        if info.flag_bits & 0x1:
            raise FormatError.from_code("archive_encrypted", file=name)
        members.append(Member(str(path), info))
    return members


def _repaired(info: zipfile.ZipInfo) -> str:
    """Return the name of a member; without the UTF-8 flag it is GBK or UTF-8 that was read as code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def unpack(archive: zipfile.ZipFile, member: Member, target: Path, name: str, *, left: int = MAX_ARCHIVE_BYTES) -> int:
    """Write one member to ``target`` and return its size; what it really holds is bounded, not what it declares.

    Raises
    ------
    FormatError
        If it holds more than ``left`` bytes or is damaged.
    """
    written = 0
    try:
        with archive.open(member.info) as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > left:
                    raise FormatError.from_code("archive_unpacks_large.unbounded", file=name)
                sink.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        shown = member.name[:80]
        raise FormatError.from_code("archive_member_damaged", member=shown, file=name) from error
    return written
