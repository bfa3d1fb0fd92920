"""WKT and WKB: one geometry or many, as a text, as a file, or in a column of some other file.

GEOS parses nested geometries recursively: extreme nesting crashes the process. So the depth of untrusted input is
checked before GEOS parses it.
"""

from __future__ import annotations

import hashlib
import re
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.normalise import ParsedGeometries, parse_geometries, ring_closed_issue
from lianzhou_gis.formats.raw_features import RawFeatures, unreadable_issue

__all__ = ["common_srid", "geometries_from_wkt", "geometry_from_wkt", "read_well_known", "screen_wkb", "split_srid"]

_MOST_NESTED = 32
# Nine bytes begin a geometry: below this no depth that harms fits in.
_HARMLESS_BYTES = 9 * 512
_CHUNK = 2**20
_SRID = re.compile(r"\s*SRID\s*=\s*(\d{1,6})\s*;", re.IGNORECASE)
_EMPTY = re.compile(r"\bEMPTY\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")


def split_srid(text: str) -> tuple[str, str | None]:
    """Split ``SRID=4525;POLYGON ...`` into WKT and ``EPSG:4525``.

    Examples
    --------
    >>> split_srid("SRID=4525;POINT (1 2)"), split_srid("POINT (1 2)")
    (('POINT (1 2)', 'EPSG:4525'), ('POINT (1 2)', None))
    """
    found = _SRID.match(text)
    return (text[found.end() :], f"EPSG:{found[1]}") if found else (text, None)


def geometries_from_wkt(texts: Sequence[str | None]) -> ParsedGeometries:
    """Return geometries of WKT without SRID; None for what is empty, broken, curved or nested too deeply.

    Examples
    --------
    >>> geometries_from_wkt(["POINT (1 2)", None, "POINT (1"]).geometries.tolist()
    [<POINT (1 2)>, None, None]
    """
    bounded = np.array([text if text is not None and not _nested(text) else None for text in texts], dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse_geometries(shapely.from_wkt, bounded)


def geometry_from_wkt(text: str) -> BaseGeometry | None:
    """Return the geometry of one WKT; see :func:`geometries_from_wkt`."""
    geometry: BaseGeometry | None = geometries_from_wkt([text]).geometries[0]
    return geometry


def _nested(text: str) -> bool:
    return text.count("(") > _MOST_NESTED and _closings(text)[2]


def _closings(text: str) -> tuple[list[int], list[int], bool]:
    """Return where brackets open while none is open, the places behind those that close them, and whether too deep."""
    data, depth = text.encode("ascii", "replace"), 0
    starts: list[int] = []
    ends: list[int] = []
    for start in range(0, len(data), _CHUNK):
        letters = np.frombuffer(data, dtype=np.uint8, count=min(_CHUNK, len(data) - start), offset=start)
        places = np.flatnonzero((letters == ord("(")) | (letters == ord(")")))
        if not len(places):
            continue
        depths = depth + np.cumsum(np.where(letters[places] == ord("("), 1, -1))
        if depths.max() > _MOST_NESTED:
            return [], [], True
        starts.extend((places[(depths == 1) & (letters[places] == ord("("))] + start).tolist())
        ends.extend((places[(depths == 0) & (letters[places] == ord(")"))] + start + 1).tolist())
        depth = int(depths[-1])
    return starts, ends, False


def common_srid(codes: Sequence[str | None], name: str) -> str | None:
    """Return the one reference system that all geometries of a file name; several are refused.

    Raises
    ------
    FormatError
    """
    different = sorted({code or "-" for code in codes})
    if len(different) > 1:
        listed = ", ".join(different)
        raise FormatError.from_code("srids_mixed", file=name, srids=listed)
    return codes[0] if codes else None


def screen_wkb(blobs: Sequence[bytes | None]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return WKB that GEOS may see: None in the place of what is nested beyond reason."""
    bounded = np.empty(len(blobs), dtype=object)
    for row, blob in enumerate(blobs):
        bounded[row] = blob if blob is not None and (len(blob) < _HARMLESS_BYTES or not _nested_blob(blob)) else None
    return bounded


def _nested_blob(blob: bytes) -> bool:
    """Walk through the geometries of a WKB; True if they are nested beyond reason, False also where it breaks off."""
    place, left = 0, [1]
    try:
        while left:
            if left[-1] == 0:
                left.pop()
                continue
            left[-1] -= 1
            order = "<" if blob[place] else ">"
            (code,) = struct.unpack_from(f"{order}I", blob, place + 1)
            place += 5 + (4 if code & 0x20000000 else 0)
            kind = code & 0x1FFFFFFF
            numbers = 2 + bool(code & 0x80000000 or kind // 1000 in (1, 3))
            numbers += bool(code & 0x40000000 or kind // 1000 in (2, 3))
            kind %= 1000
            if kind == 1:
                place += 8 * numbers
                continue
            (count,) = struct.unpack_from(f"{order}I", blob, place)
            place += 4
            if kind in (2, 8):
                place += 8 * numbers * count
            elif kind in (3, 17):
                for _ in range(count):
                    (points,) = struct.unpack_from(f"{order}I", blob, place)
                    place += 4 + 8 * numbers * points
            else:
                left.append(count)
                if len(left) > _MOST_NESTED:
                    return True
    except (struct.error, IndexError):
        return False
    return False


def read_well_known(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read a file of WKT (one or many, each with or without ``SRID=``), of WKB, or of WKB as hexadecimal digits.

    Returns
    -------
    RawFeatures
        Without reference system, unless the geometries carry an SRID.

    Raises
    ------
    FormatError
        If nothing in it is a geometry, or rows name different systems.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    issues: list[Issue] = []
    if content[:1] in (b"\x00", b"\x01"):
        parsed, crs = _from_wkb([content], name)
    else:
        text, encoding, issues = decode_text(content, name, encoding=encoding)
        if re.match(r"\s*0[01][0-9A-Fa-f]+\s*$", text[:200].split("\n", 1)[0]):
            parsed, crs = _from_wkb([_unhex(line) for line in text.split()], name)
        else:
            pieces = _pieces(text, name)
            refuse_count(name, len(pieces), MAX_FEATURES, "geometries")
            split = [split_srid(piece) for piece in pieces]
            crs = common_srid([code for _, code in split], name)
            parsed = geometries_from_wkt([body for body, _ in split])
    lost = shapely.is_missing(parsed.geometries)
    if lost.all():
        raise FormatError.from_code("wkt_missing", file=name)
    issues.extend(unreadable_issue(lost, name))
    issues.extend(ring_closed_issue(parsed.closed, name))
    return RawFeatures(
        name=name,
        columns={},
        geometries=parsed.geometries,
        crs=crs,
        encoding=None,
        issues=issues,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _from_wkb(blobs: list[bytes | None], name: str) -> tuple[ParsedGeometries, str | None]:
    refuse_count(name, len(blobs), MAX_FEATURES, "geometries")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = parse_geometries(shapely.from_wkb, screen_wkb(blobs))
    there = parsed.geometries[~shapely.is_missing(parsed.geometries)]
    codes = [f"EPSG:{code}" if code > 0 else None for code in shapely.get_srid(there).tolist()]
    return parsed, common_srid(codes, name)


def _unhex(line: str) -> bytes | None:
    try:
        return bytes.fromhex(line)
    except ValueError:
        return None


def _pieces(text: str, name: str) -> list[str]:
    """Cut a text where the brackets of a geometry are closed; separators between (``;``, line ends) are dropped."""
    starts, ends, nested = _closings(text)
    if nested:
        raise FormatError.from_code("geometry_nested", file=name)
    # GEOMETRY EMPTY has no brackets: it ends with its keyword, unless nested in another.
    words = np.array([found.end() for found in _EMPTY.finditer(text)], dtype=np.int64)
    outside = words[np.searchsorted(starts, words) == np.searchsorted(ends, words)]
    pieces, start = [], 0
    for end in sorted([*ends, *outside.tolist(), len(text)]):
        piece = text[start:end].strip(" \t\r\n;,")
        if _WORD.search(piece):
            pieces.append(piece)
        start = end
    return pieces
