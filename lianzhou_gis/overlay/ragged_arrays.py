"""Geometries stored as ragged coordinate arrays and built lazily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["LazyGeometries", "RaggedGeometries"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[np.generic]]

# Construction holds the interpreter lock: two threads would only build the same geometries twice.
_BUILDING = Lock()
_POINT, _LINE, _RING, _AREA, _AREAS = 0, 1, 2, 3, 6


def _ranges(start: Positions, size: Positions) -> Positions:
    """Return the concatenated ranges ``start ... start + size - 1``."""
    return np.repeat(start - (np.cumsum(size) - size), size) + np.arange(size.sum())


@dataclass(frozen=True)
class RaggedGeometries:
    """Points, lines and areas as flat arrays, possibly memory-mapped.

    Attributes
    ----------
    kind : ndarray of int, shape (n,)
        Type ids of shapely: 0 point, 1 line, 3 polygon, 6 multipolygon.
    parts, rings, corners : ndarray of int, shape (n + 1,), (parts + 1,), (rings + 1,)
        Offsets of the parts of each geometry, the rings of each part and the coordinates of each ring; a line or a
        point is one ring.
    xy : ndarray of float, shape (corners, 2)
    """

    kind: npt.NDArray[np.int8]
    parts: Positions
    rings: Positions
    corners: Positions
    xy: Floats

    @classmethod
    def from_geometries(cls, shapes: Geometries) -> RaggedGeometries:
        """Flatten geometries, none of them empty; rings become lines.

        Raises
        ------
        ValueError
            If there is a collection among them.

        Examples
        --------
        >>> shapes = np.array([shapely.box(0, 0, 1, 1), shapely.Point(3, 4)], dtype=object)
        >>> packed = RaggedGeometries.from_geometries(shapes)
        >>> [shape.wkt for shape in packed.take(np.array([1]))], len(packed.xy)
        (['POINT (3 4)'], 6)
        """
        kind = np.asarray(shapely.get_type_id(shapes), dtype=np.int8)
        kind[kind == _RING] = _LINE
        if not np.isin(kind, (_POINT, _LINE, _AREA, _AREAS)).all():
            raise ValueError("only points, lines and areas can be packed")
        parts, whole = shapely.get_parts(shapes, return_index=True)
        areal = shapely.get_type_id(parts) == _AREA
        rings, part = shapely.get_rings(parts[areal], return_index=True)
        part = np.concatenate([np.flatnonzero(areal)[part], np.flatnonzero(~areal)])
        order = np.argsort(part, kind="stable")
        rings = np.concatenate([rings, parts[~areal]])[order]
        return cls(
            kind,
            _offsets(np.bincount(whole, minlength=len(shapes))),
            _offsets(np.bincount(part, minlength=len(parts))),
            _offsets(np.asarray(shapely.get_num_coordinates(rings))),
            np.asarray(shapely.get_coordinates(rings), dtype=np.float64),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> RaggedGeometries:
        """Restore from :meth:`arrays`."""
        parts, rings, corners = (np.asarray(arrays[name], dtype=np.intp) for name in ("parts", "rings", "corners"))
        return cls(
            np.asarray(arrays["kind"], dtype=np.int8), parts, rings, corners, np.asarray(arrays["xy"], dtype=np.float64)
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays by name."""
        return {"kind": self.kind, "parts": self.parts, "rings": self.rings, "corners": self.corners, "xy": self.xy}

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, positions: Positions) -> Geometries:
        """Build the geometries at some positions."""
        result = np.empty(len(positions), dtype=object)
        kind = self.kind[positions]
        for one in np.unique(kind):
            asked = kind == one
            result[asked] = self._built(positions[asked], int(one))
        return result

    def extents(self, positions: Positions) -> tuple[Positions, Positions]:
        """Return where in ``xy`` the coordinates of geometries begin and end: those of one are contiguous."""
        return tuple(self.corners[self.rings[self.parts[positions + step]]] for step in (0, 1))  # type: ignore[return-value]

    def _built(self, positions: Positions, kind: int) -> Geometries:
        first, size = self.parts[positions], np.diff(self.parts)[positions]
        begins, ends = self.extents(positions)
        places = zip(begins.tolist(), ends.tolist(), strict=True)
        xy = np.concatenate([self.xy[begin:end] for begin, end in places])
        if kind == _POINT:
            return np.asarray(shapely.points(xy), dtype=object)
        part = _ranges(first, size)
        of_part = np.diff(self.rings)[part]
        of_ring = np.diff(self.corners)[_ranges(self.rings[part], of_part)]
        ring = np.repeat(np.arange(len(of_ring)), of_ring)
        if kind == _LINE:
            return np.asarray(shapely.linestrings(xy, indices=ring), dtype=object)
        rings = np.asarray(shapely.linearrings(xy, indices=ring), dtype=object)
        areas = np.asarray(shapely.polygons(rings, indices=np.repeat(np.arange(len(part)), of_part)), dtype=object)
        if kind == _AREA:
            return areas
        return np.asarray(shapely.multipolygons(areas, indices=np.repeat(np.arange(len(size)), size)), dtype=object)


def _offsets(size: npt.NDArray[np.int_]) -> Positions:
    return np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(size, dtype=np.intp)])


@dataclass(frozen=True)
class LazyGeometries:
    """Geometries, each built at first access.

    Attributes
    ----------
    built : ndarray of shapely geometries or None, shape (n,)
        None where one has not been built yet.
    stores : tuple of RaggedGeometries
    store, place : ndarray of int, shape (n,)
        The store of each geometry and its position in it.
    """

    built: Geometries
    stores: tuple[RaggedGeometries, ...]
    store: Positions
    place: Positions

    @classmethod
    def from_geometries(cls, shapes: Geometries) -> LazyGeometries:
        """Wrap geometries that exist already."""
        nowhere = np.zeros(len(shapes), dtype=np.intp)
        return cls(np.asarray(shapes, dtype=object), (), nowhere, nowhere)

    @classmethod
    def concatenate(cls, several: Sequence[LazyGeometries]) -> LazyGeometries:
        """Concatenate."""
        if not several:
            return cls.from_geometries(np.empty(0, dtype=object))
        first = np.cumsum([0, *(len(one.stores) for one in several)])
        return cls(
            np.concatenate([one.built for one in several]),
            tuple(store for one in several for store in one.stores),
            np.concatenate([one.store + number for one, number in zip(several, first, strict=False)]),
            np.concatenate([one.place for one in several]),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> LazyGeometries:
        """Restore from :meth:`arrays`."""
        packed = RaggedGeometries.from_arrays(arrays)
        count = len(packed)
        return cls(np.full(count, None, dtype=object), (packed,), np.zeros(count, dtype=np.intp), np.arange(count))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays by name."""
        return RaggedGeometries.from_geometries(self.all()).arrays()

    def subset(self, positions: Positions) -> LazyGeometries:
        """Return the geometries at some positions, still unbuilt where they are."""
        return LazyGeometries(self.built[positions], self.stores, self.store[positions], self.place[positions])

    def __len__(self) -> int:
        return len(self.built)

    def take(self, positions: Positions) -> Geometries:
        """Build and return the geometries at some positions."""
        found: Geometries = self.built[positions]
        if self.stores:
            lost = shapely.is_missing(found)
            if lost.any():
                self._build(np.unique(positions[lost]))
                found[lost] = self.built[positions[lost]]
        return found

    def coordinates(self) -> tuple[Floats, Positions]:
        """Return the coordinates of all geometries, shape (m, 2), and how many each has, without building them."""
        built = np.flatnonzero(~shapely.is_missing(self.built))
        size = np.zeros(len(self.built), dtype=np.intp)
        size[built] = shapely.get_num_coordinates(self.built[built])
        lazy = np.flatnonzero(shapely.is_missing(self.built)) if self.stores else built[:0]
        begin = np.zeros(len(size), dtype=np.intp)
        for number in np.unique(self.store[lazy]):
            own = lazy[self.store[lazy] == number]
            begin[own], end = self.stores[number].extents(self.place[own])
            size[own] = end - begin[own]
        first = np.cumsum(size) - size
        xy = np.empty((int(size.sum()), 2))
        xy[_ranges(first[built], size[built])] = shapely.get_coordinates(self.built[built])
        for number in np.unique(self.store[lazy]):
            own = lazy[self.store[lazy] == number]
            xy[_ranges(first[own], size[own])] = self.stores[number].xy[_ranges(begin[own], size[own])]
        return xy, size

    def all(self) -> Geometries:
        """Build and return all geometries."""
        return self.take(np.arange(len(self.built)))

    def _build(self, positions: Positions) -> None:
        with _BUILDING:
            # Another thread may have built them in the meantime.
            positions = positions[shapely.is_missing(self.built[positions])]
            store = self.store[positions]
            for number in np.unique(store):
                asked = positions[store == number]
                self.built[asked] = self.stores[number].take(self.place[asked])
