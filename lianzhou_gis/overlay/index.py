"""Shapes in the plane, made ready to be asked: tiled, borders in chains, areas at every scale, all in trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.pyramid import Pyramid
from lianzhou_gis.overlay.stored import StoredShapes
from lianzhou_gis.overlay.tiles import Tiles, chains_of, tiles_of, tree_of

__all__ = ["ShapeIndex"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class ShapeIndex:
    """Shapes in the plane, tiled and in trees.

    Attributes
    ----------
    dimension : ndarray of int, shape (n,)
        Of the shapes; -1 where there is none.
    area_m2 : ndarray of float, shape (n,)
    tiles, chains : Tiles
        The insides in tiles, the borders in chains.
    areas : Pyramid
        The areas at every scale.
    """

    dimension: npt.NDArray[np.int8]
    area_m2: Floats
    tiles: Tiles
    chains: Tiles
    areas: Pyramid

    @classmethod
    def of(cls, shapes: Geometries) -> ShapeIndex:
        """Index shapes; ``None`` and empty ones are never found."""
        area = np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64))
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        dimension = np.where(there, shapely.get_dimensions(shapes), -1).astype(np.int8)
        return cls(dimension, area, tiles_of(shapes), chains_of(shapes), Pyramid.of(shapes))

    @classmethod
    def joined(cls, several: Sequence[ShapeIndex]) -> ShapeIndex:
        """Return the index of the shapes of several, one after the other."""
        if len(several) == 1:
            return several[0]
        starts = [0, *np.cumsum([len(one) for one in several]).tolist()][: len(several)]
        return cls(
            np.concatenate([np.empty(0, dtype=np.int8), *(one.dimension for one in several)]),
            np.concatenate([np.empty(0), *(one.area_m2 for one in several)]),
            Tiles.joined([one.tiles for one in several], starts),
            Tiles.joined([one.chains for one in several], starts),
            Pyramid.joined([one.areas for one in several], starts),
        )

    def only(self, members: Positions) -> ShapeIndex:
        """Return the index of some of the shapes alone, in that order."""
        number = np.full(len(self), -1, dtype=np.intp)
        number[members] = np.arange(len(members))
        return ShapeIndex(
            self.dimension[members],
            self.area_m2[members],
            self.tiles.only(number),
            self.chains.only(number),
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
        tiles, chains = (
            Tiles(
                StoredShapes.from_arrays({name: arrays[f"{kind}_{name}"] for name in ("wkb", "end")}),
                np.asarray(arrays[f"{kind}_owner"], dtype=np.intp),
                np.asarray(arrays[f"{kind}_boxes"], dtype=np.float64),
                np.asarray(arrays[f"{kind}_filled"], dtype=bool),
            )
            for kind in ("tile", "chain")
        )
        return cls(
            np.asarray(arrays["dimension"], np.int8),
            np.asarray(arrays["area_m2"], np.float64),
            tiles,
            chains,
            Pyramid.from_arrays({name[6:]: array for name, array in arrays.items() if name.startswith("areas_")}),
        )

    def arrays(self) -> Arrays:
        """Return everything as plain arrays, for a cache."""
        told: Arrays = {"dimension": self.dimension, "area_m2": self.area_m2}
        for kind, tiles in (("tile", self.tiles), ("chain", self.chains)):
            told |= {f"{kind}_{name}": array for name, array in tiles.shapes.arrays().items()}
            told |= {f"{kind}_owner": tiles.owner, f"{kind}_boxes": tiles.boxes, f"{kind}_filled": tiles.filled}
        return told | {f"areas_{name}": array for name, array in self.areas.arrays().items()}

    def __len__(self) -> int:
        return len(self.dimension)

    @cached_property
    def tile_tree(self) -> shapely.STRtree:
        """Of the boxes of the tiles."""
        return tree_of(self.tiles.boxes)

    @cached_property
    def chain_tree(self) -> shapely.STRtree:
        """Of the boxes of the chains."""
        return tree_of(self.chains.boxes)

    def keys(self, one: Positions, shape: Positions) -> npt.NDArray[np.int64]:
        """Return a number for every pair of something and a shape, ordered by the first, then the second."""
        return one.astype(np.int64) * max(len(self), 1) + shape

    def unkeyed(self, keys: npt.NDArray[np.int64]) -> tuple[Positions, Positions]:
        """Return the pairs that numbers stand for."""
        count = max(len(self), 1)
        return (keys // count).astype(np.intp), (keys % count).astype(np.intp)
