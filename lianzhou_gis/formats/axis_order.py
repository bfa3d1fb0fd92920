"""Which of two numbers is north and which east, by their size.

In Chinese surveying X is north and Y east; programs and drawings mean the opposite; people swap columns. Inside China
the sizes settle it: a northing has seven digits, an easting six, or eight with the zone number in front.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

__all__ = ["Axis", "classify_axes", "zone_prefix"]


class Axis(IntEnum):
    """What a number can be, inside China."""

    UNKNOWN = 0
    LON = 1
    LAT = 2
    NORTH = 3
    EAST = 4
    EAST_WITH_ZONE = 5


def classify_axes(values: npt.ArrayLike) -> npt.NDArray[np.int_]:
    """Return for every number which axis it can belong to; the ranges do not overlap.

    Parameters
    ----------
    values : array of float, any shape

    Examples
    --------
    >>> [Axis(kind).name for kind in classify_axes([112.4, 24.8, 2746900.0, 650500.0, 37650500.0, 5.0e9])]
    ['LON', 'LAT', 'NORTH', 'EAST', 'EAST_WITH_ZONE', 'UNKNOWN']
    """
    number = np.asarray(values, dtype=np.float64)
    rest = number - 1e6 * np.floor(number / 1e6)
    prefixed = (number >= 13e6) & (number < 46e6) & (rest >= 1e5) & (rest < 9e5)
    return np.select(
        [
            (number >= 73.0) & (number <= 136.0),
            (number >= 3.0) & (number <= 54.0),
            (number >= 1.5e6) & (number <= 6.2e6),
            (number >= 1e5) & (number < 9e5),
            prefixed,
        ],
        [Axis.LON, Axis.LAT, Axis.NORTH, Axis.EAST, Axis.EAST_WITH_ZONE],
        Axis.UNKNOWN,
    )


def zone_prefix(easting: npt.ArrayLike) -> npt.NDArray[np.int_]:
    """Return the zone number in front of eight-digit eastings, 0 where there is none.

    Examples
    --------
    >>> zone_prefix([37650500.0, 650500.0]).tolist()
    [37, 0]
    """
    number = np.asarray(easting, dtype=np.float64)
    with_zone = classify_axes(number) == Axis.EAST_WITH_ZONE
    return np.where(with_zone, np.floor(np.where(with_zone, number, 0.0) / 1e6), 0).astype(np.int_)
