"""Where the head of a table of coordinates ends, and which columns hold them.

Tables come with titles above, with heads of two rows whose upper cells are merged (坐标 over X and Y), with units in a
row of their own, with degrees, minutes and seconds in three columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.column_aliases import COORDINATE_ALIASES, plain_name
from lianzhou_gis.formats.parse_numbers import parse_angle, split_pair

__all__ = ["PAIRS", "Header", "detect_separator", "find_header", "names_coordinates"]

# First of the east-west kind; which is which is settled by the size of the numbers.
PAIRS = (("lon", "lat"), ("east", "north"), ("x", "y"), ("pair", "pair"))
_ROWS = 20
_LONGEST = 120
_BRACKETS = re.compile(r"[(（\[【〔].*?[)）\]】〕]")
_MEANINGS = {plain_name(word): meaning for meaning, words in COORDINATE_ALIASES.items() for word in words}
_PARTS = {"度": 0, "d": 0, "deg": 0, "分": 1, "m": 1, "min": 1, "秒": 2, "s": 2, "sec": 2}


@dataclass(frozen=True)
class Header:
    """The head of a table.

    Attributes
    ----------
    end : int
        The row after it.
    names : tuple of str
        Of all columns.
    columns : dict of str to tuple of int
        Meaning (``lon``, ``lat``, ``x``, ``y``, ``east``, ``north``, ``pair`` for both in one cell, ``wkt``) to its
        column, or to the three of degrees, minutes and seconds.
    full : dict of str to str
        Meaning to the full text of the head above it, units included.
    """

    end: int
    names: tuple[str, ...]
    columns: dict[str, tuple[int, ...]]
    full: dict[str, str]


def detect_separator(line: str) -> str:
    """Return what separates the fields of a line: comma, tab, semicolon or full-width comma."""
    return max((",", "\t", ";", "，"), key=line.count)


def names_coordinates(text: str) -> bool:
    r"""Tell whether a text begins like a table of coordinates.

    Examples
    --------
    >>> names_coordinates("拐点坐标表\n序号,X,Y\n1,2746900,650500"), names_coordinates("4,1.0,1,a,面,,,,@\nJ1,1,2,3")
    (True, False)
    """
    lines = text.splitlines()[:_ROWS]
    try:
        rows = [next(csv.reader([line], delimiter=detect_separator(line)), []) for line in lines]
        return find_header(rows, "") is not None
    except (csv.Error, FormatError):
        return False


def find_header(rows: Sequence[Sequence[object]], name: str) -> Header | None:
    """Return the head of a table, None if no row among the first twenty names coordinates.

    Parameters
    ----------
    rows : sequence of rows
        Cells of texts, numbers or None.
    name : str
        File, for messages.

    Raises
    ------
    FormatError
        If several columns claim to be the same coordinate.

    Examples
    --------
    >>> rows = [["坐标表", None, None], ["点号", "坐标", None], [None, "X(m)", "Y(m)"], ["J1", 1.0, 2.0]]
    >>> head = find_header(rows, "")
    >>> head.end, head.names, head.columns
    (3, ('点号', 'X(m)', 'Y(m)'), {'x': (1,), 'y': (2,)})
    """
    # Names are short; what is not costs time only.
    texts = [["" if cell is None else str(cell)[:_LONGEST].strip() for cell in row] for row in rows[: _ROWS + 3]]
    for row in range(min(_ROWS, len(texts))):
        for depth in (1, 2, 3):
            if depth > row + 1:
                break
            stack = [texts[index] for index in range(row - depth + 1, row + 1)]
            found = _columns(stack, f"{name}:{row + 1}")
            found = None if found is None else _settled_pair(found, texts[row + 1 :])
            if found is None:
                continue
            # Degrees, minutes and seconds may be in a separate row below.
            below = _columns([*stack, texts[row + 1]], name) if row + 1 < len(texts) else None
            if below is not None and any(len(group) > 1 for group in below.values()):
                return _with_units(texts, row + 1, below)
            return _with_units(texts, row, found)
    return None


def _settled_pair(columns: dict[str, tuple[int, ...]], below: list[list[str]]) -> dict[str, tuple[int, ...]] | None:
    """Return columns if one named for both coordinates holds them or spans two columns; None otherwise.

    坐标 may also be the title of a group of columns that are named below it.
    """
    if any(pair[0] in columns and pair[1] in columns for pair in PAIRS[:3]) or "wkt" in columns:
        return {name: places for name, places in columns.items() if name != "pair"}
    if "pair" not in columns:
        return columns
    place = columns["pair"][0]
    rows = [row for row in below if _cell(row, place)][:3]
    if any(split_pair(_cell(row, place)) is not None for row in rows):
        return columns
    if rows and all(parse_angle(_cell(row, column)) is not None for row in rows for column in (place, place + 1)):
        return {"x": (place,), "y": (place + 1,)}
    return None


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _spread(row: Sequence[str], width: int) -> list[str]:
    """Return an upper row of a head with merged cells filled from the left."""
    filled, last = [], ""
    for column in range(width):
        last = _cell(row, column) or last
        filled.append(last)
    return filled


def _columns(stack: list[list[str]], place: str) -> dict[str, tuple[int, ...]] | None:
    """Return the columns of coordinates if the last row of a head names a pair of them or WKT."""
    width = max((len(row) for row in stack), default=0)
    upper = [_spread(row, width) for row in stack[:-1]]
    last = stack[-1]
    claims: dict[str, list[int]] = {}
    pieces: dict[str, dict[int, int]] = {}
    for column in range(width):
        own = _cell(last, column)
        above = [row[column] for row in upper]
        joined = "".join([*above, own])
        for text in (own, _BRACKETS.sub("", own), joined, _BRACKETS.sub("", joined)):
            meaning = _MEANINGS.get(plain_name(text)) if text else None
            # A name in an upper row only is the title of a group, not of this column.
            if meaning is not None and own:
                claims.setdefault(meaning, []).append(column)
                break
        else:
            group = next((_MEANINGS.get(plain_name(_BRACKETS.sub("", text))) for text in reversed(above) if text), None)
            part = _PARTS.get(plain_name(own))
            if group in ("lon", "lat") and part is not None:
                pieces.setdefault(group, {})[part] = column
    columns: dict[str, tuple[int, ...]] = {}
    for meaning, places in claims.items():
        columns[meaning] = (places[0],)
    for meaning, parts in pieces.items():
        if meaning not in columns and sorted(parts) == [0, 1, 2]:
            columns[meaning] = (parts[0], parts[1], parts[2])
    used = next((pair for pair in PAIRS if pair[0] in columns and pair[1] in columns), None)
    if "wkt" not in columns and used is None:
        return None
    for meaning in ("wkt",) if "wkt" in columns else () if used == ("pair", "pair") else used or ():
        if len(claims.get(meaning, ())) > 1:
            listed = ", ".join(str(column + 1) for column in claims[meaning])
            raise FormatError.from_code("coordinate_columns_several", place=place, meaning=meaning, columns=listed)
    return columns


def _with_units(texts: list[list[str]], row: int, columns: dict[str, tuple[int, ...]]) -> Header:
    """Take rows of units below into the head, and name all columns."""
    stack = texts[max(row - 2, 0) : row + 1]
    end = row + 1
    places = [column for group in columns.values() for column in group]
    under: list[list[str]] = []
    while end < len(texts) and len(under) < 2:
        cells = [_cell(texts[end], column) for column in places]
        words = [cell for cell in cells if cell]
        if not words or any(parse_angle(cell) is not None or re.search(r"\d{2}", cell) for cell in words):
            break
        if "wkt" in columns or any(len(word) > 12 for word in words):
            break
        under.append(texts[end])
        end += 1
    width = max(len(line) for line in [*stack, *under])
    upper = [_spread(line, width) for line in stack[:-1]]
    names = []
    for column in range(width):
        own = _cell(stack[-1], column)
        # Cells merged downwards have their text in the upper row only.
        above = next((_cell(line, column) for line in reversed(stack[:-1]) if _cell(line, column)), "")
        names.append(own or above)
    full = {}
    for meaning, group in columns.items():
        column = group[0]
        texts_above = [line[column] for line in upper] + [_cell(line, column) for line in [stack[-1], *under]]
        full[meaning] = " ".join(text for text in texts_above if text)
    return Header(end, tuple(names), columns, full)
