"""Index of shapes in the plane: borders as chains, areas as quadtrees, lines as tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.disjoint import every_pair, sharing_pairs
from lianzhou_gis.overlay.quadtree import Quadtree
from lianzhou_gis.overlay.segment_runs import SegmentRuns
from lianzhou_gis.overlay.subdivide import Tiles, border_chains, box_tree, tile_geometries

__all__ = ["ShapeIndex"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]

# Selections of shapes of which the tree is held.
_TREES = 8


@dataclass(frozen=True)
class ShapeIndex:
    """Shapes in the plane, subdivided and in trees.

    Attributes
    ----------
    dimension : ndarray of int, shape (n,)
        Dimension of each shape; -1 for None and empty.
    area_m2 : ndarray of float, shape (n,)
    chains : Tiles
        The borders in chains; the border of a line or a point is itself.
    lines : Tiles
        The lines and points.
    areas : Quadtree
        The areas.
    group : ndarray of int, shape (n,)
        Shapes of different groups may share area.
    sharing : ndarray of int, shape (k, 2)
        Pairs of one group that do, the first lower.
    """

    dimension: npt.NDArray[np.int8]
    area_m2: Floats
    chains: Tiles
    lines: Tiles
    areas: Quadtree
    group: Positions
    sharing: Positions

    @classmethod
    def build(cls, shapes: Geometries, *, compare: bool = False) -> ShapeIndex:
        """Index shapes; None and empty ones are never found.

        Parameters
        ----------
        shapes : ndarray of shapely geometries or None, shape (n,)
        compare : bool
            Whether to find out which of them share area: worth it for many sites.
        """
        area = np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64))
        present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        dimension = np.where(present, shapely.get_dimensions(shapes), -1).astype(np.int8)
        lines = shapes.copy()
        lines[dimension == 2] = None
        areas = Quadtree.build(shapes)
        pairs = sharing_pairs(shapes, areas) if compare else every_pair(len(shapes))
        return cls(dimension, area, border_chains(shapes), tile_geometries(lines), areas, *pairs)

    @classmethod
    def concatenate(cls, several: Sequence[ShapeIndex]) -> ShapeIndex:
        """Concatenate indexes."""
        if len(several) == 1:
            return several[0]
        starts = [0, *np.cumsum([len(one) for one in several]).tolist()][: len(several)]
        return cls(
            np.concatenate([np.empty(0, dtype=np.int8), *(one.dimension for one in several)]),
            np.concatenate([np.empty(0), *(one.area_m2 for one in several)]),
            Tiles.concatenate([one.chains for one in several], starts),
            Tiles.concatenate([one.lines for one in several], starts),
            Quadtree.concatenate([one.areas for one in several], starts),
            # Groups are below the number of shapes.
            np.concatenate(
                [np.empty(0, dtype=np.intp), *(one.group + start for one, start in zip(several, starts, strict=True))]
            ),
            np.concatenate(
                [
                    np.empty((0, 2), dtype=np.intp),
                    *(one.sharing + start for one, start in zip(several, starts, strict=True)),
                ]
            ),
        )

    def subset(self, members: Positions) -> ShapeIndex:
        """Return the index of some of the shapes, in that order."""
        number = np.full(len(self), -1, dtype=np.intp)
        number[members] = np.arange(len(members))
        return ShapeIndex(
            self.dimension[members],
            self.area_m2[members],
            self.chains.subset(number),
            self.lines.subset(number),
            self.areas.subset(number),
            self.group[members],
            number[self.sharing[(number[self.sharing] >= 0).all(axis=1)]],
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> ShapeIndex:
        """Restore from :meth:`arrays`.

        Raises
        ------
        KeyError, ValueError
            If the arrays are not those of an index.
        """
        chains, lines = (Tiles.from_arrays(_under(f"{kind}_", arrays)) for kind in ("chain", "line"))
        return cls(
            np.asarray(arrays["dimension"], np.int8),
            np.asarray(arrays["area_m2"], np.float64),
            chains,
            lines,
            Quadtree.from_arrays(_under("area_", arrays)),
            np.asarray(arrays["group"], dtype=np.intp),
            np.asarray(arrays["sharing"], dtype=np.intp).reshape(-1, 2),
        )

    def arrays(self) -> Arrays:
        """Return the arrays by name, for a cache."""
        arrays: Arrays = {"dimension": self.dimension, "area_m2": self.area_m2}
        arrays |= {"group": self.group, "sharing": self.sharing}
        for kind, parts in (("chain", self.chains), ("line", self.lines), ("area", self.areas)):
            arrays |= {f"{kind}_{name}": array for name, array in parts.arrays().items()}
        return arrays

    def __len__(self) -> int:
        return len(self.dimension)

    def may_share(self, one: Positions, other: Positions) -> npt.NDArray[np.bool_]:
        """Return which pairs of shapes may share area."""
        keys = self.keys(np.minimum(one, other), np.maximum(one, other))
        same = self.group[one] == self.group[other]
        return np.asarray(~same | np.isin(keys, self._sharing_keys) | (one == other), dtype=bool)

    @cached_property
    def _sharing_keys(self) -> npt.NDArray[np.int64]:
        pairs = np.sort(self.sharing, axis=1)
        return self.keys(pairs[:, 0], pairs[:, 1])

    @property
    def chain_tree(self) -> shapely.STRtree:
        """Tree of the boxes of the chains."""
        return self.chains.tree

    def chains_of(self, chosen: npt.NDArray[np.bool_]) -> tuple[Positions, shapely.STRtree]:
        """Return the chains of the chosen shapes and the tree of their boxes.

        Parameters
        ----------
        chosen : ndarray of bool, shape (n,)
        """
        key = np.packbits(chosen).tobytes()
        found = self._trees.get(key)
        if found is None:
            if len(self._trees) >= _TREES:
                self._trees.clear()
            chains = np.flatnonzero(chosen[self.chains.owner])
            found = self._trees[key] = chains, box_tree(self.chains.boxes[chains])
        return found

    @cached_property
    def _trees(self) -> dict[bytes, tuple[Positions, shapely.STRtree]]:
        """Trees of the chains of some shapes, by a bit for each shape."""
        return {}

    @cached_property
    def runs(self) -> SegmentRuns:
        """The chains in runs of segments, owned by the positions of the chains."""
        return SegmentRuns.from_coordinates(*self.chains.shapes.coordinates(), np.arange(len(self.chains)))

    @cached_property
    def first_run(self) -> Positions:
        """The first run of every chain, and the number of runs at the end."""
        return self.runs.first_of(len(self.chains))

    def keys(self, one: Positions, shape: Positions) -> npt.NDArray[np.int64]:
        """Encode pairs of a position and a shape as integers that sort by the first, then the second."""
        return one.astype(np.int64) * max(len(self), 1) + shape

    def unkeyed(self, keys: npt.NDArray[np.int64]) -> tuple[Positions, Positions]:
        """Decode :meth:`keys`."""
        count = max(len(self), 1)
        return (keys // count).astype(np.intp), (keys % count).astype(np.intp)


def _under(prefix: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
