"""The reference system that is written in a cell of a sheet: above the table, in its head, or below it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import Issue, ReferenceSystemError
from lianzhou_gis.formats.axis_order import Axis, classify_axes, zone_prefix
from lianzhou_gis.geodesy import gauss_kruger

__all__ = ["WrittenReference", "written_reference", "written_reference_issue"]

_DATUMS = (
    ("cgcs2000", r"2000\s*(?:国家|大地|坐标)|CGCS\s*-?\s*2000|国家2000|大地2000"),
    ("xian80", r"西安\s*(?:19)?80|(?:19)?80\s*西安|80坐标系|80国家"),
    ("beijing54", r"北京\s*(?:19)?54|(?:19)?54\s*北京|54坐标系"),
    ("gcj02", r"GCJ\s*-?\s*0?2|火星坐标|高德|腾讯"),
    ("bd09", r"BD\s*-?\s*0?9|百度"),
    ("wgs84", r"WGS\s*-?\s*(?:19)?84"),
)
_EPSG = re.compile(r"EPSG\s*[:：]?\s*(\d{4,5})", re.IGNORECASE)
_MERIDIAN = re.compile(r"中央(?:子午线|经线)\D{0,6}(\d{2,3})(?:\.0*)?|CM[_ ]?(\d{2,3})E?\b")
_ZONE = re.compile(r"(?:第|带号\D{0,3})\s*(\d{2})\s*(?:带|号|(?=\D|$))|(?<!\d)(2[5-9]|3\d|4[0-5])\s*(?:号)?带")
_SIX = re.compile(r"(?:六|6)\s*度?\s*(?:分)?带")
_GEOGRAPHIC = {"cgcs2000": "EPSG:4490", "wgs84": "EPSG:4326", "xian80": "EPSG:4610", "beijing54": "EPSG:4214"}


@dataclass(frozen=True)
class WrittenReference:
    """Reference system named in the texts of a sheet.

    Attributes
    ----------
    crs : str, optional
        Code; None where the texts leave it open.
    datum : {"gcj02", "bd09"}, optional
    text : str
        The words that were found, for messages.
    """

    crs: str | None
    datum: str | None
    text: str


def written_reference(texts: Iterable[str], numbers: npt.NDArray[np.float64], name: str) -> WrittenReference | None:
    """Return the reference system that texts around a table name, None where they name none.

    Parameters
    ----------
    texts : iterable of str
        Titles, head and remarks.
    numbers : ndarray of float, shape (n, 2)
        East and north, or longitude and latitude, of rows that have both.
    name : str
        File, for messages.

    Raises
    ------
    ReferenceSystemError
        If the texts name several systems.

    Examples
    --------
    >>> xy = np.array([[644601.231, 2744656.893]])
    >>> written_reference(["坐标系：2000国家大地坐标系，中央子午线111°"], xy, "a.xlsx").crs
    'EPSG:4546'
    >>> written_reference(["CGCS2000"], np.array([[112.4, 24.8]]), "a.xlsx").crs
    'EPSG:4490'
    """
    text = " ".join(texts)
    codes = sorted({match[1] for match in _EPSG.finditer(text)})
    named = [datum for datum, pattern in _DATUMS if re.search(pattern, text, re.IGNORECASE)]
    if len(codes) > 1 or len(named) > 1:
        listed = ", ".join([*(f"EPSG:{code}" for code in codes), *named])
        raise ReferenceSystemError.from_code("systems_in_sheet", file=name, systems=listed)
    if codes:
        return WrittenReference(f"EPSG:{codes[0]}", None, f"EPSG:{codes[0]}")
    if not named:
        return None
    datum = named[0]
    if datum in ("gcj02", "bd09"):
        return WrittenReference(None, datum, datum.upper())
    kinds = classify_axes(numbers[:, 0]) if len(numbers) else np.empty(0, dtype=np.int64)
    if len(kinds) and (kinds == Axis.LON).all():
        return WrittenReference(_GEOGRAPHIC[datum], None, datum)
    return WrittenReference(_planar(datum, text, numbers, kinds), None, datum)


def _planar(datum: str, text: str, numbers: npt.NDArray[np.float64], kinds: npt.NDArray[np.int_]) -> str | None:
    """Return the code of a CGCS2000 zone; of the old datums and of unnamed zones nothing is guessed."""
    if datum not in ("cgcs2000", "wgs84") or not len(kinds):
        return None
    prefixed = bool((kinds == Axis.EAST_WITH_ZONE).all())
    width = 6 if _SIX.search(text) else 3
    zone: int | None = None
    if prefixed:
        zone = int(zone_prefix(numbers[:, 0])[0])
        width = 6 if zone <= 23 else 3
    elif (meridian := _MERIDIAN.search(text)) is not None:
        degrees = int(meridian[1] or meridian[2])
        if degrees % 3 == 0:
            zone, width = degrees // 3, 3
    elif (found := _ZONE.search(text)) is not None:
        zone = int(found[1] or found[2])
        width = 6 if zone <= 23 else 3
    if zone is None:
        return None
    try:
        return gauss_kruger(zone, width=width, prefix=prefixed).code
    except ReferenceSystemError:
        return None


def written_reference_issue(found: WrittenReference, name: str) -> Issue:
    """Return the Issue for a reference system that was taken from a cell."""
    shown = found.crs or found.text
    return Issue.from_code("info", "crs_in_sheet", name, shown=shown)
