"""Numbers and angles as people write them: full-width digits, thousands, degrees with minutes and seconds."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "WrittenNumber",
    "packed_degrees",
    "packed_step",
    "parse_angle",
    "parse_number",
    "parse_written",
    "split_pair",
]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?(?P<decimals>\d*)|\.(?P<only>\d+))(?:[eE](?P<exponent>[+-]?\d{1,3}))?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_SIDE = r"东经|西经|北纬|南纬|经度|纬度|[EWNS东西北南]"
_ANGLE = re.compile(
    rf"(?P<lead>{_SIDE})?\s*[:=]?\s*(?P<sign>[+-])?(?P<d>\d{{1,3}}(?:\.\d+)?)\s*[°度d]\s*"
    r"(?:(?P<m>\d{1,2}(?:\.\d+)?)\s*['′分m]\s*)?(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:[\"″秒s]|''|′′)?\s*)?"
    rf"(?P<trail>{_SIDE})?",
    re.IGNORECASE,
)
# Degrees, minutes and seconds with nothing but a separator between them.
_TRIPLE = re.compile(
    rf"(?P<lead>{_SIDE})?\s*(?P<sign>[+-])?(?P<d>\d{{1,3}})(?P<separator>[-:\s])\s*(?P<m>\d{{1,2}})"
    rf"(?P=separator)\s*(?P<s>\d{{1,2}}(?:\.\d+)?)\s*(?P<trail>{_SIDE})?",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?P<lead>{_SIDE})?\s*[:=]?\s*(?P<number>[+-]?\d+(?:\.\d+)?)\s*(?P<trail>{_SIDE})?", re.IGNORECASE)
# Signs that look like the ones for degrees, minutes and seconds, and full-width forms.
_LOOKALIKES = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(letter): plain
    for plain, letters in {"°": "º˚∘⁰", "'": "’‘`´ʹ＇", '"': "”“〃ʺ＂", " ": "\u3000\u00a0"}.items()
    for letter in letters
}
_AXIS_LABEL = re.compile(r"^[XYBL]\s*[=:]\s*", re.IGNORECASE)
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number or angle with its written form.

    Attributes
    ----------
    value : float
        Angles in decimal degrees.
    step : float
        Worth of the last written digit, in the unit of ``value``.
    carried : bool
        Whether minutes or seconds were written as 60 and carried over.
    angular : bool
        Whether it was written as an angle (signs, a hemisphere, or three parts), not as a plain number.
    """

    value: float
    step: float
    carried: bool = False
    angular: bool = False


def parse_number(value: object) -> float | None:
    """Return a number, None if ``value`` is not one or not finite.

    Examples
    --------
    >>> parse_number(" ２７４６９００．５ "), parse_number("2,746,900"), parse_number("J1"), parse_number("nan")
    (2746900.5, 2746900.0, None, None)
    """
    written = _plain_number(value)
    return None if written is None else written.value


def parse_angle(value: object) -> float | None:
    """Return decimal degrees of a number or of degrees, minutes and seconds; None if it is neither.

    Packed forms (``112.2920``) cannot be distinguished from decimal degrees and are read as such.

    Examples
    --------
    >>> parse_angle("112°29′20.54″"), parse_angle("24度49分12秒"), parse_angle("112.4890")
    (112.48903888888889, 24.82, 112.489)
    >>> parse_angle("东经112º25'48''"), parse_angle("112-25-48"), parse_angle("112:25:48"), parse_angle("112°25′60″")
    (112.43, 112.43, 112.43, 112.43333333333334)
    """
    written = parse_written(value)
    return None if written is None else written.value


def parse_written(value: object) -> WrittenNumber | None:
    """Return a number or angle with the worth of its last digit; None if ``value`` is neither.

    Examples
    --------
    >>> parse_written("2746900.50").step, round(parse_written("112°25′48.0″").step * 3600, 6)
    (0.01, 0.1)
    """
    number = _plain_number(value)
    if number is not None or value is None or isinstance(value, bool | int | float):
        return number
    # NFKC would turn ″ into two ′; only forms that look alike are folded here.
    text = str(value)[: _LONGEST + 1].translate(_LOOKALIKES).strip()
    if len(text) > _LONGEST:
        return None
    found = _ANGLE.fullmatch(text) or _TRIPLE.fullmatch(text)
    if found is not None:
        return _angle(found)
    bare = _BARE.fullmatch(text)
    if bare is None or not (bare["lead"] or bare["trail"]):
        return None
    plain = _plain_number(bare["number"])
    if plain is None or not (bare["lead"] or bare["trail"]):
        return None
    sign = -1.0 if _is_negative(bare["lead"] or bare["trail"]) else 1.0
    return WrittenNumber(sign * plain.value, plain.step, angular=True)


def _plain_number(value: object) -> WrittenNumber | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        number = float(value)
        return WrittenNumber(number, _step_of_text(repr(number))) if math.isfinite(number) else None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if len(text) > 60:
        return None
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return WrittenNumber(number, _step_of_text(text, written=True)) if math.isfinite(number) else None


def _step_of_text(text: str, *, written: bool = False) -> float:
    """Return the worth of a number's last digit; a lone zero behind the point of a float is none."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return 1.0
    decimals = found["decimals"] or found["only"] or ""
    if not written and decimals == "0":
        decimals = ""
    return float(10.0 ** (int(found["exponent"] or 0) - len(decimals)))


def _angle(found: re.Match[str]) -> WrittenNumber | None:
    degrees, minutes, seconds = found["d"], found["m"], found["s"]
    if (minutes or seconds) and "." in degrees:
        return None
    if seconds and (minutes is None or "." in minutes):
        return None
    m, s = float(minutes or 0), float(seconds or 0)
    carried = m == 60.0 or s == 60.0
    if m > 60.0 or s > 60.0 or (m == 60.0 and s > 0.0):
        return None
    value = float(degrees) + m / 60 + s / 3600
    last, worth = (seconds, 1 / 3600) if seconds else (minutes, 1 / 60) if minutes else (degrees, 1.0)
    step = worth * 10.0 ** -len(last.partition(".")[2])
    negative = found["sign"] == "-" or _is_negative(found["lead"] or found["trail"])
    return WrittenNumber(-value if negative else value, step, carried, angular=True)


def _is_negative(side: str | None) -> bool:
    return (side or "").upper()[:1] in ("W", "S", "西", "南") if side else False


def split_pair(value: object) -> tuple[str, str] | None:
    """Return the two coordinates that one cell holds, None if it does not hold two.

    Examples
    --------
    >>> split_pair("112.43,24.8"), split_pair("东经112°25′48″北纬24°48′0″"), split_pair("(2744656.893 644601.231)")
    (('112.43', '24.8'), ('东经112°25′48″', '北纬24°48′0″'), ('2744656.893', '644601.231'))
    >>> split_pair("J1"), split_pair("112.43")
    (None, None)
    """
    if not isinstance(value, str) or len(value) > 2 * _LONGEST:
        return None
    text = value.translate(_LOOKALIKES).strip().strip("()[]{}<>【】").strip()
    if parse_number(text) is not None:
        return None
    attempts = [re.split(r"\s*[,，;；、/|]\s*", text), re.split(r"\s+", text)]
    sides = re.split(r"(?<=[\d°'\"′″秒分度])\s*(?=[北南NS东西EW])", text, maxsplit=1)
    attempts.append(sides)
    words = text.split()
    if len(words) == 6:
        attempts.append([" ".join(words[:3]), " ".join(words[3:])])
    for parts in attempts:
        parts = [_AXIS_LABEL.sub("", part) for part in parts if part]
        if len(parts) == 3 and parse_number(parts[2]) is not None:
            # A height behind the pair.
            parts = parts[:2]
        if len(parts) == 2 and all(parse_written(part) is not None for part in parts):
            return parts[0], parts[1]
    return None


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


def packed_step(steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the worth in degrees of the last digit of packed degrees: the fourth decimal is one second.

    Examples
    --------
    >>> (packed_step(np.array([1e-4, 1e-5, 1e-2])) * 3600).round(6).tolist()
    [1.0, 0.1, 60.0]
    """
    return np.where(steps <= 1e-3, steps * 1e4 / 3600.0, np.where(steps <= 1e-1, steps * 1e2 / 60.0, steps))
