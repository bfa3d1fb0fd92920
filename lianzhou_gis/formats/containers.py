"""The data set that a path refers to: the file itself, or one in a folder or a ZIP archive."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.archives import Member, list_members, unpack
from lianzhou_gis.formats.kinds import HEAD_BYTES, Kind, detect_kind, detect_kind_of_head, extension_issue
from lianzhou_gis.formats.layer_choice import choose_layer
from lianzhou_gis.formats.limits import MAX_ARCHIVE_BYTES, refuse_outside, sha256_of_file
from lianzhou_gis.formats.shapefile import shapefile_parts
from lianzhou_gis.formats.sqlite_files import journal_files

__all__ = ["Dataset", "dataset_files", "open_dataset"]

_MOST_ENTRIES = 5_000
# Beside a Shapefile or a GeoPackage, of no use by themselves.
_SIDECARS = frozenset("shx dbf prj cpg sbn sbx qix qmd qpj xml fix atx ain aih lock map id ind mid dat xsd gfs".split())
_JOURNALS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Dataset:
    """A data set to read.

    Attributes
    ----------
    kind : Kind
    path : Path
        File or folder; valid inside the ``with`` of :func:`open_dataset` only.
    name : str
        For messages.
    layer : str, optional
        What remains to be chosen inside it.
    sha256 : str, optional
        Of the archive that it comes from.
    """

    kind: Kind
    path: Path
    name: str
    layer: str | None
    issues: tuple[Issue, ...] = ()
    sha256: str | None = None


@dataclass
class _Candidate:
    kind: Kind
    members: list[Member] = field(default_factory=list)


@contextmanager
def open_dataset(path: Path, layer: str | None) -> Iterator[Dataset]:
    """Yield the data set that a path refers to.

    Parameters
    ----------
    path : Path
    layer : str, optional
        In a folder or an archive of several data sets the name of one, or name and layer as ``name/layer``.

    Raises
    ------
    MissingFileError
        If the path does not exist.
    FormatError
        If it is in no known format, several data sets are there and none is named, or an archive is damaged or out
        of bounds.
    """
    kind = detect_kind(path)
    name_issues = tuple(extension_issue(path.name, path.suffix.lower(), kind))
    if kind is Kind.ARCHIVE:
        with _unpacked(path, layer) as dataset:
            yield dataset
    elif kind is Kind.FOLDER:
        yield _in_folder(path, layer)
    else:
        yield Dataset(kind, path, path.name, layer, name_issues)


def dataset_files(path: Path) -> list[Path]:
    """Return the files of a data set: parts of a Shapefile, files of a FileGDB, journals of a database."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    if path.suffix.lower() in (".shp", ".shx", ".dbf"):
        return sorted(shapefile_parts(path).values())
    return [path, *journal_files(path)]


def _split_choice(name: str, found: list[str], layer: str | None, also: list[str]) -> tuple[str, str | None]:
    """Return the data set and the layer inside it that ``layer`` names."""
    if len(found) == 1 and layer is not None:
        head, _, rest = layer.partition("/")
        titles = {found[0].casefold(), PurePosixPath(found[0]).name.casefold()}
        if layer.casefold() in titles:
            return found[0], None
        return (found[0], rest) if head.casefold() in titles and rest else (found[0], layer)
    if layer is not None and layer not in found:
        for title in found:
            for known in (title, PurePosixPath(title).name):
                if layer.casefold().startswith(known.casefold() + "/"):
                    return title, layer[len(known) + 1 :]
    if not found:
        if also:
            raise FormatError.from_code("container_without_data.others", file=name, others=also[:5])
        raise FormatError.from_code("container_without_data", file=name)
    return choose_layer(name, found, layer), None


def _in_folder(folder: Path, layer: str | None) -> Dataset:
    found: dict[str, tuple[Kind, Path]] = {}
    others = []
    for number, entry in enumerate(sorted(folder.iterdir())):
        if number >= _MOST_ENTRIES:
            raise FormatError.from_code("folder_too_many_files", file=folder.name)
        suffix = entry.suffix.lower()
        if entry.is_dir():
            kind = Kind.FILEGDB if any(entry.glob("*.gdbtable")) else None
        elif not entry.is_file() or suffix.lstrip(".") in _SIDECARS or suffix.endswith(_JOURNALS):
            continue
        else:
            kind = _kind_among_files(_head_of(entry), suffix)
        if kind is None:
            others.append(entry.name)
        else:
            title = entry.stem if entry.stem not in found else entry.name
            found[title] = (kind, entry)
    chosen, inner = _split_choice(folder.name, list(found), layer, others)
    kind, path = found[chosen]
    refuse_outside([path], folder / "x")
    issues = [*extension_issue(path.name, path.suffix.lower(), kind), *_left_out(folder.name, others)]
    return Dataset(kind, path, path.name, inner, tuple(issues))


def _head_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b""


def _kind_among_files(head: bytes, suffix: str) -> Kind | None:
    """Return the kind of a file among others; text notes beside data are no data sets."""
    kind = detect_kind_of_head(head, suffix) if head else None
    if kind is Kind.ARCHIVE:
        return Kind.WORKBOOK if suffix in (".xlsx", ".xlsm") else Kind.ARCHIVE
    if kind is Kind.PARCEL_TXT and b"@" not in head:
        return None
    return kind


def _left_out(name: str, others: list[str]) -> list[Issue]:
    if not others:
        return []
    listed = ", ".join(others[:8]) + (" ..." if len(others) > 8 else "")
    return [Issue.from_code("info", "files_not_read", name, listed=listed)]


@contextmanager
def _unpacked(path: Path, layer: str | None) -> Iterator[Dataset]:
    digest = sha256_of_file(path, MAX_ARCHIVE_BYTES)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FormatError.from_code("archive_invalid", file=path.name) from error
    with archive, tempfile.TemporaryDirectory(prefix="lianzhou-gis-") as folder:
        members = list_members(archive, path.name)
        found, others = _candidates(archive, members, path.name)
        chosen, inner = _split_choice(path.name, list(found), layer, others)
        candidate = found[chosen]
        if candidate.kind is Kind.ARCHIVE:
            raise FormatError.from_code("archive_nested", file=path.name, member=chosen)
        target, suffix = _write(archive, candidate, Path(folder), path.name)
        name = f"{path.name}/{chosen}{suffix}"
        issues = [*extension_issue(name, suffix, candidate.kind), *_left_out(path.name, others)]
        yield Dataset(candidate.kind, target, name, inner, tuple(issues), digest)


def _write(archive: zipfile.ZipFile, candidate: _Candidate, folder: Path, name: str) -> tuple[Path, str]:
    """Write the members of a data set under safe names; return the path and the original extension."""
    left = MAX_ARCHIVE_BYTES
    if candidate.kind is Kind.FILEGDB:
        target = folder / "layer.gdb"
        target.mkdir()
        for member in candidate.members:
            plain = PurePosixPath(member.name).name
            if plain.isascii() and plain.replace(".", "").replace("_", "").isalnum():
                left -= unpack(archive, member, target / plain, name, left=left)
        return target, ".gdb"
    for member in candidate.members:
        left -= unpack(archive, member, folder / f"layer.{member.extension or 'dat'}", name, left=left)
    first = candidate.members[0]
    return folder / f"layer.{first.extension or 'dat'}", f".{first.extension}" if first.extension else ""


def _candidates(archive: zipfile.ZipFile, members: list[Member], name: str) -> tuple[dict[str, _Candidate], list[str]]:
    """Return the data sets of an archive by title, and the names of other members."""
    found: dict[str, _Candidate] = {}
    others = []
    databases = {str(PurePosixPath(member.name).parent) for member in members if member.extension == "gdbtable"}
    for member in members:
        parent = str(PurePosixPath(member.name).parent)
        if parent in databases:
            title = parent.removesuffix(".gdb") if parent != "." else "layer"
            found.setdefault(title, _Candidate(Kind.FILEGDB)).members.append(member)
            continue
        if member.extension in _SIDECARS or member.extension.endswith(_JOURNALS):
            continue
        kind = _kind_among_files(_peek(archive, member, name), f".{member.extension}")
        if kind is None:
            others.append(member.name)
            continue
        title = member.name.removesuffix(f".{member.name.rsplit('.', 1)[-1]}") if member.extension else member.name
        candidate = _Candidate(kind, [member])
        if kind is Kind.GEOPACKAGE:
            journals = tuple(f"{member.name}-{ending}" for ending in ("wal", "journal"))
            candidate.members += [other for other in members if other.name in journals]
        if kind in (Kind.SHAPEFILE, Kind.MAPINFO_TAB, Kind.MAPINFO_MIF):
            candidate.members += [other for other in members if other.stem == member.stem and other is not member]
        found[title if title not in found else member.name] = candidate
    # In a KMZ doc.kml is the main document; others are targets of links.
    if "doc" in found and found["doc"].kind is Kind.KML and all(item.kind is Kind.KML for item in found.values()):
        others += [f"{title}.kml" for title in found if title != "doc"]
        found = {"doc": found["doc"]}
    return found, others


def _peek(archive: zipfile.ZipFile, member: Member, name: str) -> bytes:
    try:
        with archive.open(member.info) as stream:
            return stream.read(HEAD_BYTES)
    except Exception as error:
        # Damaged, or packed by an unsupported method.
        shown = member.name[:80]
        raise FormatError.from_code("archive_member_damaged", file=name, member=shown) from error
