"""A sea with thousands of islands: one polygon as heavy as real ones are, to test and time with. Nothing real in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Sea", "sea"]

Floats = npt.NDArray[np.float64]
Rings = list[Floats]

_MIDDLE = (112.4, 24.9)
_CELL = 0.12
# Of an island ring, for every corner: its share of the cell's half width.
_REACH = (0.45, 0.9)


@dataclass(frozen=True)
class Sea:
    """A polygon with its rings.

    Attributes
    ----------
    polygon : shapely.Polygon
        EPSG:4490; invalid if any ring was broken.
    islands : list of ndarray, each shape (k, 2)
        The holes; they lie apart from one another and from the shore.
    broken : frozenset of int
        Positions of the islands whose ring crosses itself.
    """

    polygon: shapely.Polygon
    islands: Rings
    broken: frozenset[int]


def _shore(corners: int, radius: float, slips: int, random: np.random.Generator) -> Floats:
    """Return a ring around all islands with bays of every size, and some corners out of order."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    waves = sum(
        np.sin(2**power * angle + random.uniform(0, 2 * np.pi)) * 0.5 ** (power / 1.3) for power in range(2, 12)
    )
    reach = radius * (1.25 + 0.04 * np.asarray(waves))
    ring = np.column_stack([_MIDDLE[0] + reach * np.cos(angle), _MIDDLE[1] + reach * np.sin(angle)])
    # Two corners that changed places make a loop, as a hand that slips does.
    for place in random.choice(np.arange(2, corners - 2, 4), slips, replace=False):
        ring[[place, place + 1]] = ring[[place + 1, place]]
    return ring


def sea(vertices: int = 200_000, islands: int = 4_000, *, broken: int = 40, slips: int = 20, seed: int = 1) -> Sea:
    """Return a sea around Lianzhou's place on earth, the same one for the same numbers.

    Parameters
    ----------
    vertices : int
        In all rings together, about.
    islands : int
        How many holes.
    broken : int
        How many islands have a ring that crosses itself.
    slips : int
        How many times the shore crosses itself.
    seed : int

    Examples
    --------
    >>> made = sea(4_000, 100, broken=3, slips=2)
    >>> len(made.islands), len(made.broken), made.polygon.is_valid
    (100, 3, False)
    >>> sea(4_000, 100, broken=0, slips=0).polygon.is_valid
    True
    """
    random = np.random.default_rng(seed)
    across = int(np.ceil(np.sqrt(islands)))
    corners = max(int(vertices * 0.7 / islands), 8)
    cells = np.stack(np.meshgrid(np.arange(across), np.arange(across)), axis=-1).reshape(-1, 2)[:islands]
    middles = np.array(_MIDDLE) + (cells - (across - 1) / 2.0) * _CELL
    angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    reach = random.uniform(*_REACH, (islands, corners)) * _CELL / 2.0
    around = middles[:, None, :] + reach[:, :, None] * np.column_stack([np.cos(angle), np.sin(angle)])[None]
    chosen = random.choice(islands, broken, replace=False)
    for island in chosen:
        # A quarter of the ring runs backwards: the ring crosses itself where the quarter begins and ends.
        around[island, : corners // 4] = around[island, : corners // 4][::-1].copy()
    shore = _shore(max(vertices - islands * corners, 64), across * _CELL / np.sqrt(2.0), slips, random)
    rings = list(around)
    return Sea(shapely.Polygon(shore, rings), rings, frozenset(int(island) for island in chosen))
