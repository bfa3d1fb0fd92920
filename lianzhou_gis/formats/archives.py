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
        raise _refuse(
            name,
            f"含 {len(infos)} 个文件，超过上限 {_MAX_MEMBERS}",
            f"holds {len(infos)} files, more than {_MAX_MEMBERS}",
        )
    total = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if total > limit or (total > _SMALL and total > _MAX_RATIO * max(packed, 1)):
        raise _refuse(
            name,
            f"解压后 {total / 2**20:.0f} MB（压缩 {packed / 2**20:.1f} MB），超过允许范围",
            f"unpacks to {total / 2**20:.0f} MB from {packed / 2**20:.1f} MB, more than is allowed",
        )
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
            raise _refuse(
                name,
                f"压缩包内路径 {shown!r} 指向包外，不予读取；请重新打包",
                f"the path {shown!r} inside the archive leads out of it; pack it again",
            )
        if info.flag_bits & 0x1:
            raise _refuse(name, "压缩包有密码；请解压后再读", "the archive has a password; unpack it first")
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
                    raise _refuse(name, "解压后超过允许的大小", "unpacks to more than is allowed")
                sink.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        shown = member.name[:80]
        raise _refuse(
            name, f"其中的 {shown} 损坏或压缩方式不支持", f"{shown} in it is damaged or packed in an unknown way"
        ) from error
    return written


def _refuse(name: str, zh: str, en: str) -> FormatError:
    return FormatError(f"{name}：{zh}", f"{name}: {en}")
