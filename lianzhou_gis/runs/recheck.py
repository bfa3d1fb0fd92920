"""The day by which a run must be repeated, because something that it rests on ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lianzhou_gis.result import Result

__all__ = ["recheck_by", "recheck_by_of", "recheck_warning"]


def recheck_by(as_of: date, ends: Iterable[date | None], span_days: int) -> date:
    """Return the last day on which a run of ``as_of`` still rests on what it was made from.

    Parameters
    ----------
    as_of : datetime.date
    ends : iterable of date or None
        Last days of layers and rules in use; those before ``as_of`` are over already and do not count.
    span_days : int
        The longest time, whatever the ends.

    Examples
    --------
    >>> recheck_by(date(2026, 11, 30), [date(2027, 1, 31), None, date(2020, 1, 1)], 180)
    datetime.date(2027, 1, 31)
    """
    return min([as_of + timedelta(days=span_days), *(end for end in ends if end is not None and end >= as_of)])


def recheck_by_of(result: Result) -> date:
    """Return the day by which a result must be repeated: the first end of a layer or rule that it used."""
    layers = [layer.entry.valid_to for layer in result.layers.layers]
    changes: list[date | None] = []
    for rule in result.rulebook.rules:
        for version in rule.versions:
            if version.effective_from is None or version.effective_from <= result.as_of:
                changes.append(version.effective_to)
            else:
                # A version that begins later ends what holds now on the day before.
                changes.append(version.effective_from - timedelta(days=1))
    items = [item.valid_to for item in result.layers.access_items]
    return recheck_by(result.as_of, [*layers, *changes, *items], result.catalog.region.recheck_days)


def recheck_warning(document: Mapping[str, Any], today: date, lang: str) -> str | None:
    """Return the sentence for a run whose day has passed, ``None`` before."""
    last = document["run"].get("recheck_by")
    if last is None or today <= date.fromisoformat(last):
        return None
    if lang == "zh":
        return f"本核查结果须于 {last} 前重新核查，现已超过期限"
    return f"this run had to be repeated by {last}, which is past"
