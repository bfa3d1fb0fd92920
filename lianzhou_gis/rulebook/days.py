"""The day whose law applies."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

__all__ = ["day_of"]


def day_of(as_of: date | str | None) -> date:
    """Return a day given as a date or ISO text; without one today in China.

    Raises
    ------
    ValueError
        If the text is no ISO date, or the day is missing (NaT).

    Examples
    --------
    >>> day_of("2026-08-15")
    datetime.date(2026, 8, 15)
    >>> day_of(datetime(2026, 8, 15, 9, 30))
    datetime.date(2026, 8, 15)
    """
    if as_of is None:
        return datetime.now(ZoneInfo("Asia/Shanghai")).date()
    if isinstance(as_of, datetime):
        # A Timestamp of pandas is one; of what is missing there is no day.
        if as_of != as_of:
            raise ValueError("the date is missing")
        return as_of.date()
    return date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
