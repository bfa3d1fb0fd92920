"""Numbers and angles as people write them: full-width digits, thousands, degrees with minutes and seconds."""

from __future__ import annotations

import math
import re
import unicodedata

import numpy as np
import numpy.typing as npt

__all__ = ["packed_degrees", "parse_angle", "parse_number"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_ANGLE = re.compile(
    r"(?P<lead>[EWNS东西北南])?\s*(?P<sign>[+-])?(?P<d>\d{1,3}(?:\.\d+)?)\s*[°度d]\s*"
    r"(?:(?P<m>\d{1,2}(?:\.\d+)?)\s*['′’分m]\s*)?(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|′′|秒|s)\s*)?"
    r"(?P<trail>[EWNS东西北南])?",
    re.IGNORECASE,
)


def parse_number(value: object) -> float | None:
    """Return a number, None if ``value`` is not one or not finite.

    Examples
    --------
    >>> parse_number(" ２７４６９００．５ "), parse_number("2,746,900"), parse_number("J1"), parse_number("nan")
    (2746900.5, 2746900.0, None, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        number = float(value)
        return number if math.isfinite(number) else None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if len(text) > 60:
        return None
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_angle(value: object) -> float | None:
    """Return decimal degrees of a number or of degrees, minutes and seconds; None if it is neither.

    Packed forms (``112.2920``) cannot be told from decimal degrees and are read as such.

    Examples
    --------
    >>> parse_angle("112°29′20.54″"), parse_angle("24度49分12秒"), parse_angle("112.4890")
    (112.48903888888889, 24.82, 112.489)
    """
    number = parse_number(value)
    if number is not None or value is None:
        return number
    # NFKC would turn ″ into two ′; only full-width forms are folded here.
    text = str(value)[:60].translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}).strip()
    found = _ANGLE.fullmatch(text)
    if found is None:
        return None
    minutes, seconds = float(found["m"] or 0), float(found["s"] or 0)
    if minutes >= 60 or seconds >= 60 or (found["m"] and "." in found["d"]):
        return None
    degrees = float(found["d"]) + minutes / 60 + seconds / 3600
    side = (found["lead"] or found["trail"] or "").upper()
    return -degrees if found["sign"] == "-" or side in ("W", "S", "西", "南") else degrees


def packed_degrees(numbers: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return decimal degrees of numbers written as DDD.MMSS; NaN where minutes or seconds reach sixty.

    Parameters
    ----------
    numbers : array of float, any shape

    Examples
    --------
    >>> packed_degrees([112.2924, 24.4912, 24.82]).round(6).tolist()
    [112.49, 24.82, nan]
    """
    packed = np.asarray(numbers, dtype=np.float64)
    # A hundred-millionth of a second: what binary fractions add must not carry 24.4960 over.
    units = np.round(np.abs(packed) * 1e4, 8)
    degrees = np.floor(units / 1e4)
    minutes = np.floor((units - degrees * 1e4) / 1e2)
    seconds = units - degrees * 1e4 - minutes * 1e2
    value = np.sign(packed) * (degrees + minutes / 60.0 + seconds / 3600.0)
    return np.where((minutes < 60.0) & (seconds < 60.0), value, np.nan)
