"""Shapes in the plane, made ready to be asked: borders in chains, areas at every scale, lines in tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.quadtree import Pyramid
from lianzhou_gis.overlay.subdivide import Tiles, chains_of, tiles_of

__all__ = ["ShapeIndex"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class ShapeIndex:
    """Shapes in the plane, in small parts and in trees.

    Attributes
    ----------
    dimension : ndarray of int, shape (n,)
        Of the shapes; -1 where there is none.
    area_m2 : ndarray of float, shape (n,)
    chains : Tiles
        The borders; lines and points are their own.
    lines : Tiles
        The lines and points.
    areas : Pyramid
        The areas at every scale.
    """

    dimension: npt.NDArray[np.int8]
    area_m2: Floats
    chains: Tiles
    lines: Tiles
    areas: Pyramid

    @classmethod
    def of(cls, shapes: Geometries) -> ShapeIndex:
        """Index shapes; ``None`` and empty ones are never found."""
        area = np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64))
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        dimension = np.where(there, shapely.get_dimensions(shapes), -1).astype(np.int8)
        lines = shapes.copy()
        lines[dimension == 2] = None
        return cls(dimension, area, chains_of(shapes), tiles_of(lines), Pyramid.of(shapes))

    @classmethod
    def joined(cls, several: Sequence[ShapeIndex]) -> ShapeIndex:
        """Return the index of the shapes of several, one after the other."""
        if len(several) == 1:
            return several[0]
        starts = [0, *np.cumsum([len(one) for one in several]).tolist()][: len(several)]
        return cls(
            np.concatenate([np.empty(0, dtype=np.int8), *(one.dimension for one in several)]),
            np.concatenate([np.empty(0), *(one.area_m2 for one in several)]),
            Tiles.joined([one.chains for one in several], starts),
            Tiles.joined([one.lines for one in several], starts),
            Pyramid.joined([one.areas for one in several], starts),
        )

    def only(self, members: Positions) -> ShapeIndex:
        """Return the index of some of the shapes alone, in that order."""
        number = np.full(len(self), -1, dtype=np.intp)
        number[members] = np.arange(len(members))
        return ShapeIndex(
            self.dimension[members],
            self.area_m2[members],
            self.chains.only(number),
            self.lines.only(number),
            self.areas.only(number),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> ShapeIndex:
        """Take up what :meth:`arrays` gave.

        Raises
        ------
        KeyError, ValueError
            If they are not of an index.
        """
        chains, lines = (Tiles.from_arrays(_under(f"{kind}_", arrays)) for kind in ("chain", "line"))
        return cls(
            np.asarray(arrays["dimension"], np.int8),
            np.asarray(arrays["area_m2"], np.float64),
            chains,
            lines,
            Pyramid.from_arrays(_under("area_", arrays)),
        )

    def arrays(self) -> Arrays:
        """Return everything as plain arrays, for a cache."""
        told: Arrays = {"dimension": self.dimension, "area_m2": self.area_m2}
        for kind, held in (("chain", self.chains), ("line", self.lines), ("area", self.areas)):
            told |= {f"{kind}_{name}": array for name, array in held.arrays().items()}
        return told

    def __len__(self) -> int:
        return len(self.dimension)

    @property
    def chain_tree(self) -> shapely.STRtree:
        """Of the boxes of the chains."""
        return self.chains.tree

    def keys(self, one: Positions, shape: Positions) -> npt.NDArray[np.int64]:
        """Return a number for every pair of something and a shape, ordered by the first, then the second."""
        return one.astype(np.int64) * max(len(self), 1) + shape

    def unkeyed(self, keys: npt.NDArray[np.int64]) -> tuple[Positions, Positions]:
        """Return the pairs that numbers stand for."""
        count = max(len(self), 1)
        return (keys // count).astype(np.intp), (keys % count).astype(np.intp)


def _under(prefix: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
