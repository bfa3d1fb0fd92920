"""The day whose law applies."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

__all__ = ["day_of"]

_CHINA = ZoneInfo("Asia/Shanghai")


def day_of(as_of: date | str | None) -> date:
    """Return a day given as a date or ISO text; without one today in China.

    Of a time with a zone it is the day in China.

    Raises
    ------
    ValueError
        If the text is no ISO date, the day is missing (NaT), or it is no day at all.

    Examples
    --------
    >>> day_of("2026-08-15")
    datetime.date(2026, 8, 15)
    >>> day_of(datetime(2026, 8, 15, 9, 30))
    datetime.date(2026, 8, 15)
    """
    if as_of is None:
        return datetime.now(_CHINA).date()
    if isinstance(as_of, datetime):
        # A Timestamp of pandas is one; of what is missing there is no day.
        if as_of != as_of:
            raise ValueError("the date is missing")
        return (as_of if as_of.tzinfo is None else as_of.astimezone(_CHINA)).date()
    if isinstance(as_of, date):
        return as_of
    if not isinstance(as_of, str):
        # datetime64 and its like have a day as text; numbers have none.
        if type(as_of).__name__ != "datetime64":
            raise ValueError(f"{as_of!r} is no day: give a date or ISO text such as 2026-11-23")
        as_of = str(as_of)[:10]
    return date.fromisoformat(as_of)
