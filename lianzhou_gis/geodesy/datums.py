"""The offset coordinates of Chinese web maps, GCJ-02 and BD-09.

GCJ-02 and BD-09 shift longitude and latitude by a smooth, non-linear offset of a few hundred metres. The forward
formulas are the ones in general circulation (they were never published officially); the inverse is found by iteration.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["bd09_to_gcj02", "gcj02_to_bd09", "gcj02_to_wgs84", "wgs84_to_gcj02"]

Lonlat = npt.NDArray[np.float64]

# The ellipsoid of the offset formula (Krassowsky), and the angular constant of BD-09.
_A = 6378245.0
_E2 = 0.00669342162296594323
_BD = np.pi * 3000.0 / 180.0


def _offset(lonlat: Lonlat) -> Lonlat:
    """Return the offset of GCJ-02 in degrees, shape (n, 2)."""
    x = lonlat[:, 0] - 105.0
    y = lonlat[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    east = (
        300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (
            wave
            + 20.0 * np.sin(x * np.pi)
            + 40.0 * np.sin(x / 3.0 * np.pi)
            + 150.0 * np.sin(x / 12.0 * np.pi)
            + 300.0 * np.sin(x / 30.0 * np.pi)
        )
        * 2.0
        / 3.0
    )
    north = (
        -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (
            wave
            + 20.0 * np.sin(y * np.pi)
            + 40.0 * np.sin(y / 3.0 * np.pi)
            + 160.0 * np.sin(y / 12.0 * np.pi)
            + 320.0 * np.sin(y * np.pi / 30.0)
        )
        * 2.0
        / 3.0
    )
    phi = np.radians(lonlat[:, 1])
    magic = 1.0 - _E2 * np.sin(phi) ** 2
    d_lat = np.degrees(north * magic * np.sqrt(magic) / (_A * (1.0 - _E2)))
    d_lon = np.degrees(east * np.sqrt(magic) / (_A * np.cos(phi)))
    return np.column_stack([d_lon, d_lat])


def wgs84_to_gcj02(lonlat: Lonlat) -> Lonlat:
    """Shift WGS 84 longitude and latitude to GCJ-02.

    Parameters
    ----------
    lonlat : ndarray of float, shape (n, 2)
        Degrees, inside China.

    Examples
    --------
    >>> wgs84_to_gcj02(np.array([[112.489, 24.82]])).round(4).tolist()
    [[112.4943, 24.8171]]
    """
    return lonlat + _offset(lonlat)


def gcj02_to_wgs84(lonlat: Lonlat) -> Lonlat:
    """Undo :func:`wgs84_to_gcj02` by iteration, to better than a millimetre of its own forward formula."""
    guess = lonlat.copy()
    for _ in range(8):
        guess = lonlat - _offset(guess)
    return guess


def gcj02_to_bd09(lonlat: Lonlat) -> Lonlat:
    """Shift GCJ-02 longitude and latitude to BD-09; shape (n, 2), degrees."""
    x, y = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def bd09_to_gcj02(lonlat: Lonlat) -> Lonlat:
    """Undo :func:`gcj02_to_bd09` by iteration."""
    guess: Lonlat = lonlat - np.array([0.0065, 0.006])
    for _ in range(8):
        guess = guess + (lonlat - gcj02_to_bd09(guess))
    return guess
