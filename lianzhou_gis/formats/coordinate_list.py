"""Lists of coordinates without a head: lines of longitude and latitude or of X and Y, as map programs write them.

The map program Ovital marks GCJ-02 with a leading ``g`` and BD-09 with a leading ``b``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.axis_order import Axis, classify_axes
from lianzhou_gis.formats.parse_numbers import parse_written

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CoordinateList", "is_coordinate_list", "list_with_head"]

_LINES = 20
_FLAGS = {"g": "gcj02", "b": "bd09"}
_PAIRS = (
    ((Axis.LON,), (Axis.LAT,)),
    ((Axis.LAT,), (Axis.LON,)),
    ((Axis.NORTH,), (Axis.EAST, Axis.EAST_WITH_ZONE)),
    ((Axis.EAST, Axis.EAST_WITH_ZONE), (Axis.NORTH,)),
)
_SEPARATORS = re.compile(r"[\s,，;；]+")


class CoordinateList:
    """A list of coordinates with a head of our own.

    Attributes
    ----------
    cells : DataFrame
        With the head as its first row; the index holds the lines of the file, the head has 0.
    datum : {"gcj02", "bd09"}, optional
        According to the flags.
    """

    def __init__(self, cells: pd.DataFrame, datum: str | None) -> None:
        self.cells, self.datum = cells, datum


def is_coordinate_list(text: str) -> bool:
    r"""Tell whether each of the first lines of a text is a pair of degrees, with or without a flag and further words.

    Examples
    --------
    >>> is_coordinate_list("g 112.43 24.8 甲\ng 112.44 24.8 乙"), is_coordinate_list("J1,1,2746900,37650500")
    (True, False)
    """
    lines = [line for line in text.splitlines() if line.strip()][:_LINES]
    return bool(lines) and all(_is_degrees(line) for line in lines)


def _is_degrees(line: str) -> bool:
    words = [word for word in _SEPARATORS.split(line.strip()) if word]
    if words and words[0].lower() in _FLAGS:
        words = words[1:]
    numbers = [parse_written(word) for word in words[:2]]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        return False
    kinds = classify_axes([numbers[0].value, numbers[1].value]).tolist()
    return sorted(kinds) == [Axis.LON, Axis.LAT]


def list_with_head(cells: pd.DataFrame, name: str) -> CoordinateList | None:
    """Return a table without a head under a head of our own, None where no two columns are coordinates in every row.

    Parameters
    ----------
    cells : DataFrame of texts, numbers and None
    name : str
        File, for messages.

    Raises
    ------
    FormatError
        If rows carry different flags.

    Examples
    --------
    >>> import pandas as pd
    >>> found = list_with_head(pd.DataFrame([["g", "112.43", "24.8"], ["g", "112.44", "24.8"]], index=[1, 2]), "a.txt")
    >>> found.datum, found.cells.iloc[0].tolist()
    ('gcj02', [None, '经度', '纬度'])
    """
    # Imported lazily: not needed to detect the format.
    import pandas as pd

    grid = cells.to_numpy(dtype=object)
    filled = np.array([any(cell is not None for cell in row) for row in grid], dtype=bool)
    if not filled.any():
        return None
    kinds = _kinds(grid)
    pair = _pair(kinds[filled])
    if pair is None:
        return None
    degrees = bool(np.isin(kinds[filled][:, pair], (Axis.LON, Axis.LAT)).all())
    lon_first = bool((kinds[filled][:, pair] == Axis.LON).all())
    flags = {str(cell).strip().lower() for cell in grid[filled, 0]} if pair > 0 else set()
    datum = None
    head: list[str | None] = [f"column_{column + 1}" for column in range(grid.shape[1])]
    if flags and flags <= {*_FLAGS, "none"}:
        if len(flags) > 1:
            raise FormatError.from_code("datum_flags_mixed", file=name, flags=sorted(flags))
        datum = _FLAGS[flags.pop()] if "none" not in flags else None
        grid = grid.copy()
        grid[:, 0] = None
        head[0] = None
    elif pair == 1 and all(cell is not None and len(str(cell)) < 12 for cell in grid[filled, 0]):
        head[0] = "点号"
    if degrees:
        head[pair], head[pair + 1] = ("经度", "纬度") if lon_first else ("纬度", "经度")
    else:
        head[pair], head[pair + 1] = "X", "Y"
    frame = pd.DataFrame(
        np.vstack([np.array(head, dtype=object)[None, :], grid]), index=[0, *cells.index], dtype=object
    )
    return CoordinateList(frame, datum)


def _kinds(grid: npt.NDArray[np.object_]) -> npt.NDArray[np.int_]:
    numbers = [
        [written.value if (written := parse_written(cell)) is not None else np.nan for cell in row] for row in grid
    ]
    return classify_axes(np.nan_to_num(np.array(numbers, dtype=np.float64).reshape(grid.shape)))


def _pair(kinds: npt.NDArray[np.int_]) -> int | None:
    """Return the first of two adjacent columns that are coordinates of one kind in every row."""
    for column in range(kinds.shape[1] - 1):
        for first, second in _PAIRS:
            if np.isin(kinds[:, column], first).all() and np.isin(kinds[:, column + 1], second).all():
                return column
    return None
