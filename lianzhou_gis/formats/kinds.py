"""Detection of file formats from content; the extension decides only between alike text formats."""

from __future__ import annotations

import codecs
import re
import zipfile
from enum import StrEnum
from pathlib import Path

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.coordinate_list import is_coordinate_list
from lianzhou_gis.formats.limits import require_existing
from lianzhou_gis.formats.table_header import names_coordinates

__all__ = ["READABLE", "WKT", "Kind", "detect_kind", "detect_kind_of_head", "extension_issue", "is_database"]


class Kind(StrEnum):
    """The formats that are read, and the containers that hold them."""

    GEOPACKAGE = "GeoPackage"
    SHAPEFILE = "Shapefile"
    FILEGDB = "FileGDB"
    FLATGEOBUF = "FlatGeobuf"
    GEOPARQUET = "GeoParquet"
    GEOJSON = "GeoJSON"
    KML = "KML"
    DXF = "DXF"
    WORKBOOK = "XLSX"
    TABLE = "CSV"
    PARCEL_TXT = "TXT"
    WELL_KNOWN = "WKT/WKB"
    ESRI_JSON = "Esri JSON"
    GEOJSON_SEQUENCE = "GeoJSONSeq"
    MAPINFO_TAB = "MapInfo TAB"
    MAPINFO_MIF = "MapInfo MIF"
    GML = "GML"
    GPX = "GPX"
    DATABASE = "PostGIS"
    ARCHIVE = "ZIP"
    FOLDER = "folder"


READABLE = (
    ".txt .gpkg .gdb .shp .zip .kml .kmz .dxf .xlsx .csv .geojson .json .fgb .parquet .wkt .wkb .tab .mif .gml .gpx"
)
HEAD_BYTES = 2**16
_BY_EXTENSION = {
    ".gpkg": Kind.GEOPACKAGE,
    ".shp": Kind.SHAPEFILE,
    ".shx": Kind.SHAPEFILE,
    ".dbf": Kind.SHAPEFILE,
    ".gdb": Kind.FILEGDB,
    ".gdbtable": Kind.FILEGDB,
    ".fgb": Kind.FLATGEOBUF,
    ".parquet": Kind.GEOPARQUET,
    ".geoparquet": Kind.GEOPARQUET,
    ".geojson": Kind.GEOJSON,
    ".json": Kind.GEOJSON,
    ".kml": Kind.KML,
    ".kmz": Kind.ARCHIVE,
    ".ovkml": Kind.KML,
    ".ovkmz": Kind.ARCHIVE,
    ".zip": Kind.ARCHIVE,
    ".dxf": Kind.DXF,
    ".xlsx": Kind.WORKBOOK,
    ".xlsm": Kind.WORKBOOK,
    ".csv": Kind.TABLE,
    ".tsv": Kind.TABLE,
    ".txt": Kind.PARCEL_TXT,
    ".wkt": Kind.WELL_KNOWN,
    ".wkb": Kind.WELL_KNOWN,
    ".geojsonl": Kind.GEOJSON_SEQUENCE,
    ".geojsons": Kind.GEOJSON_SEQUENCE,
    ".ndjson": Kind.GEOJSON_SEQUENCE,
    ".tab": Kind.MAPINFO_TAB,
    ".mif": Kind.MAPINFO_MIF,
    ".gml": Kind.GML,
    ".gpx": Kind.GPX,
    ".sqlite": Kind.GEOPACKAGE,
    ".db": Kind.GEOPACKAGE,
}
_TEXTS = (Kind.GEOJSON, Kind.KML, Kind.DXF, Kind.TABLE, Kind.PARCEL_TXT, Kind.WELL_KNOWN)
_MAGIC = (
    (b"SQLite format 3\x00", Kind.GEOPACKAGE),
    (b"\x00\x00\x27\x0a", Kind.SHAPEFILE),
    (b"fgb\x03", Kind.FLATGEOBUF),
    (b"PAR1", Kind.GEOPARQUET),
    (b"AutoCAD Binary DXF\r\n\x1a\x00", Kind.DXF),
    (b"PK\x03\x04", Kind.ARCHIVE),
    (b"PK\x05\x06", Kind.ARCHIVE),
)
# Unsupported formats in common use, with their remedy.
_UNSUPPORTED = (
    (rb"AC1[0-9]{3}", "dwg"),
    (rb"\xd0\xcf\x11\xe0", "xls"),
    (rb"%PDF", "pdf"),
    (rb"Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ", "archive"),
    (rb"\x89PNG|\xff\xd8\xff|II\*\x00|MM\x00\*|GIF8", "image"),
)
WKT = re.compile(
    r"\s*(?:SRID\s*=\s*\d+\s*;\s*)?(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON|CURVE|SURFACE)|GEOMETRYCOLLECTION"
    r"|CURVEPOLYGON|CIRCULARSTRING|COMPOUNDCURVE)"
    r"\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
_HEX_WKB = re.compile(r"\s*0[01][0-9A-Fa-f]{16,}")
_DXF = re.compile(r"(?:\s*999[ \t]*\r?\n[^\n]*\n)*\s*0[ \t]*\r?\n[ \t]*SECTION[ \t]*\r?\n", re.IGNORECASE)
_XML_ROOT = re.compile(r"<(?:[\w.\-]+:)?([\w.\-]+)")
_ESRI_JSON = re.compile(r'"geometryType"\s*:\s*"esri|"(?:rings|paths|curveRings|curvePaths)"\s*:\s*\[')
_MAPINFO_TAB = re.compile(r"!table\b", re.IGNORECASE)
_MAPINFO_MIF = re.compile(
    r"version\s+\d+\s*\r?\n\s*(?:charset|delimiter|coordsys|columns|unique|index)\b", re.IGNORECASE
)
_DATABASE = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)


def is_database(source: object) -> bool:
    """Tell whether a source is the URL of a database.

    Examples
    --------
    >>> is_database("postgresql://localhost/land?table=red_line"), is_database("land.gpkg")
    (True, False)
    """
    return isinstance(source, str) and _DATABASE.match(source) is not None


def detect_kind(source: str | Path) -> Kind:
    """Return the format of a source; readers are chosen by it.

    Parameters
    ----------
    source : str or Path
        A file, a folder, or the URL of a database.

    Raises
    ------
    MissingFileError
        If the path does not exist.
    FormatError
        If the format is not supported; names it where it is known, and a remedy.

    Examples
    --------
    >>> detect_kind("postgresql://localhost/land").value
    'PostGIS'
    """
    if is_database(source):
        return Kind.DATABASE
    path = require_existing(Path(source))
    if path.is_dir():
        return Kind.FILEGDB if any(path.glob("*.gdbtable")) else Kind.FOLDER
    # A pipe or a device never ends.
    if not path.is_file():
        raise FormatError.from_code("path_not_a_file", file=path.name)
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise FormatError.from_code("file_unreadable", file=path.name, reason=error.strerror) from error
    if not head:
        raise FormatError.from_code("file_empty", file=path.name)
    kind = detect_kind_of_head(head, path.suffix.lower())
    if kind is Kind.ARCHIVE and _is_workbook(path):
        return Kind.WORKBOOK
    if kind is not None:
        return kind
    raise _unknown(path.name, head)


def detect_kind_of_head(head: bytes, suffix: str) -> Kind | None:
    r"""Return the format of a file from its first bytes, None if it is not supported.

    Parameters
    ----------
    head : bytes
        The first 64 KB, or all of a smaller file.
    suffix : str
        Lower case with its dot. It decides between formats of plain text that look alike, and for a DBF.

    Examples
    --------
    >>> detect_kind_of_head(b'{"type": "Point"}', ".kml"), detect_kind_of_head(b"SQLite format 3\x00", ".shp")
    (<Kind.GEOJSON: 'GeoJSON'>, <Kind.GEOPACKAGE: 'GeoPackage'>)
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    expected = _BY_EXTENSION.get(suffix)
    if suffix in (".dbf", ".gdbtable"):
        return expected
    if any(re.match(pattern, head) for pattern, _ in _UNSUPPORTED):
        return None
    if _is_wkb(head):
        return Kind.WELL_KNOWN
    text = _as_text(head)
    return _kind_of_text(text, expected) if text is not None else None


def _kind_of_text(text: str, expected: Kind | None) -> Kind | None:
    if re.search(r"^[ \t\u3000]*[\[【][ \t]*(?:属性描述|地块坐标)[ \t]*[\]】]", text, re.MULTILINE):
        return Kind.PARCEL_TXT
    # Not lstrip(): the record separator of a GeoJSON sequence is white space to Python.
    start = text.lstrip(" \t\r\n\f\v\u3000\ufeff")
    if start.startswith("<"):
        root = (_xml_root(text) or "").lower()
        if root == "gpx":
            return Kind.GPX
        if root and root != "kml" and "opengis.net/gml" in text[:4000].lower():
            return Kind.GML
        return Kind.KML if root == "kml" or (not root and expected is Kind.KML) else None
    if start.startswith(("{", "\x1e")):
        return _kind_of_json(start)
    if _MAPINFO_TAB.match(start):
        return Kind.MAPINFO_TAB
    if _MAPINFO_MIF.match(start):
        return Kind.MAPINFO_MIF
    if _DXF.match(text):
        return Kind.DXF
    if WKT.match(text) or _HEX_WKB.match(text):
        return Kind.WELL_KNOWN
    if expected is not Kind.TABLE and names_coordinates(text):
        return Kind.TABLE
    if expected in (Kind.PARCEL_TXT, Kind.TABLE) and is_coordinate_list(text):
        return Kind.TABLE
    return expected if expected in _TEXTS else None


def _kind_of_json(text: str) -> Kind:
    """Return the dialect of a JSON text: Esri's own, one feature a line, or GeoJSON."""
    if _ESRI_JSON.search(text):
        return Kind.ESRI_JSON
    first, _, rest = text.lstrip("\x1e").partition("\n")
    if text.startswith("\x1e") or (first.rstrip().endswith("}") and rest.lstrip("\x1e \t\r\n").startswith("{")):
        return Kind.GEOJSON_SEQUENCE
    return Kind.GEOJSON


def _xml_root(text: str) -> str | None:
    """Return the name of the first element of an XML text, skipping declarations and comments."""
    place = 0
    while True:
        place = text.find("<", place)
        if place < 0:
            return None
        for start, end in (("<?", "?>"), ("<!--", "-->"), ("<!", ">")):
            if text.startswith(start, place):
                place = text.find(end, place + len(start))
                break
        else:
            found = _XML_ROOT.match(text, place)
            return found[1] if found else None
        if place < 0:
            return None


def _as_text(head: bytes) -> str | None:
    """Return the beginning of a text, None if the bytes are no text; a character cut at the end is ignored."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    if b"\x00" in head:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return head.decode("gb18030", errors="replace")


def _is_wkb(head: bytes) -> bool:
    if len(head) < 9 or head[0] > 1:
        return False
    code = int.from_bytes(head[1:5], "little" if head[0] else "big") & 0x1FFFFFFF
    return code < 4000 and 1 <= code % 1000 <= 17


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError):
        return False


def _unknown(name: str, head: bytes) -> FormatError:
    for pattern, format_name in _UNSUPPORTED:
        if re.match(pattern, head):
            return FormatError.from_code(f"format_unsupported.{format_name}", file=name)
    text = _as_text(head)
    root = _xml_root(text) if text is not None else None
    if root is not None:
        return FormatError.from_code("format_xml", file=name, root=root)
    return FormatError.from_code("format_unknown", file=name, readable=READABLE)


def extension_issue(name: str, suffix: str, kind: Kind) -> list[Issue]:
    """Return an Issue where the name of a file promises another format than it holds.

    Examples
    --------
    >>> [issue.en for issue in extension_issue("a.shp", ".shp", Kind.GEOPACKAGE)]
    ['the extension is that of Shapefile, the content is GeoPackage and was read as such']
    """
    expected = _BY_EXTENSION.get(suffix)
    alike = (suffix == ".txt" and kind in _TEXTS) or (suffix == ".json" and kind is Kind.ESRI_JSON)
    if expected is kind or alike or kind in (Kind.FOLDER, Kind.DATABASE):
        return []
    if expected is not None:
        return [Issue.from_code("warning", "extension_differs", name, expected=expected.value, kind=kind.value)]
    if kind is Kind.FILEGDB:
        return [Issue.from_code("warning", "extension_differs.folder", name, kind=kind.value)]
    return [Issue.from_code("warning", "extension_differs.unknown", name, kind=kind.value)]
