"""Declared areas: their unit, and whether they agree with the vertices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from lianzhou_gis.errors import Issue, Phrase
from lianzhou_gis.formats.parse_numbers import parse_number

__all__ = ["M2_PER_UNIT", "declared_area"]

M2_PER_UNIT: Mapping[str, float] = {"ha": 10_000.0, "m2": 1.0, "mu": 2_000.0 / 3.0}
_NAMES = {"ha": Phrase("公顷", "hectares"), "m2": Phrase("平方米", "square metres"), "mu": Phrase("亩", "mu")}
_WORDS = {
    "公顷": "ha",
    "ha": "ha",
    "hm2": "ha",
    "平方米": "m2",
    "平米": "m2",
    "m2": "m2",
    "亩": "mu",
}
# Grid and ellipsoid areas differ by up to 0.08 % in a 3-degree zone; units differ by 15 and more.
_SAME = 1e-3
_SAME_UNIT = 0.05
# Half of the second decimal of a hectare: a bare "3 ha" does not excuse what it rounds away.
_LARGEST_ROUNDING_M2 = 50.0


def declared_area(
    value: object,
    statutory_m2: float,
    *,
    unit: str | None,
    where: str,
) -> tuple[float | None, list[Issue]]:
    """Return a declared area in square metres, its unit settled by the area of the vertices where they disagree.

    Parameters
    ----------
    value : number or str
        May carry its unit (``0.7655公顷``).
    statutory_m2 : float
        Area of the vertices as given.
    unit : {"ha", "m2", "mu"}, optional
        By the rule of the format or the column's name; None if unknown.
    where : str
        For issues.

    Examples
    --------
    >>> declared_area("3.7479", 37479.0, unit="ha", where="a.txt:12")
    (37479.0, [])
    >>> area, issues = declared_area("56.22亩", 37479.0, unit="ha", where="a.txt:12")
    >>> round(area, 6), issues
    (37480.0, [])
    >>> declared_area("37479", 37479.0, unit="ha", where="a.txt:12")[1][0].code
    'declared_area_unit'
    """
    number, written, decimals = _parse(value)
    if number is None:
        if value is None or str(value).strip().casefold() in ("", "nan", "none", "null"):
            return None, []
        shown = str(value)[:30]
        return None, [Issue.from_code("warning", "declared_area_unreadable", where, shown=shown)]
    stated = written or unit
    if number <= 0.0 or statutory_m2 <= 0.0:
        # Many programs write 0 for "not computed".
        return (number * M2_PER_UNIT[stated] if stated and number > 0.0 else None), []
    order = [stated, *(other for other in M2_PER_UNIT if other != stated)] if stated else list(M2_PER_UNIT)
    fitting = [other for other in order if abs(number * M2_PER_UNIT[other] - statutory_m2) <= _SAME_UNIT * statutory_m2]
    issues: list[Issue] = []
    chosen = fitting[0] if fitting else stated
    if chosen is None:
        return None, [
            Issue.from_code("warning", "declared_area_differs.no_unit", where, number=number, statutory_m2=statutory_m2)
        ]
    if stated is not None and chosen != stated:
        issues.append(
            Issue.from_code(
                "warning",
                "declared_area_unit",
                where,
                number=number,
                stated=_NAMES[stated],
                chosen=_NAMES[chosen],
            )
        )
    metres = number * M2_PER_UNIT[chosen]
    rounding = min(0.5 * 10.0**-decimals * M2_PER_UNIT[chosen], _LARGEST_ROUNDING_M2)
    if abs(metres - statutory_m2) > max(_SAME * statutory_m2, rounding * (1.0 + 1e-9)):
        share = abs(metres - statutory_m2) / statutory_m2
        issues.append(
            Issue.from_code(
                "warning", "declared_area_differs", where, metres=metres, statutory_m2=statutory_m2, share=share
            )
        )
    return metres, issues


def _parse(value: object) -> tuple[float | None, str | None, int]:
    """Return number, unit and decimals of what was written."""
    if isinstance(value, int | float):
        text = repr(float(value))
        return parse_number(value), None, len(text.partition(".")[2]) if "e" not in text and text[-2:] != ".0" else 0
    text = unicodedata.normalize("NFKC", str(value or "")).strip().casefold()
    found = re.fullmatch(r"(?P<number>[\d.,eE+\-]+)\s*(?P<unit>[^\d\s.][^\s]*)?", text)
    if found is None or (found["unit"] and found["unit"] not in _WORDS):
        return None, None, 0
    digits = found["number"]
    decimals = len(digits.partition(".")[2]) if "e" not in digits else 0
    return parse_number(digits), _WORDS.get(found["unit"] or ""), decimals
