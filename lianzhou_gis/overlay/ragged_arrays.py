"""Geometries that lie in a cache as plain coordinates, and are built when somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Packed", "StoredShapes"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[np.generic]]

# Building holds the interpreter all the while: two threads at it at once would only build the same twice.
_BUILDING = Lock()
_POINT, _LINE, _RING, _AREA, _AREAS = 0, 1, 2, 3, 6


def _ranges(start: Positions, size: Positions) -> Positions:
    """Return the numbers of several ranges, one after the other."""
    return np.repeat(start - (np.cumsum(size) - size), size) + np.arange(size.sum())


@dataclass(frozen=True)
class Packed:
    """Points, lines and areas as flat arrays; of memory maps, so that what nobody asks for need not be in memory.

    Attributes
    ----------
    kind : ndarray of int, shape (n,)
        As shapely numbers them: 0 point, 1 line, 3 polygon, 6 multipolygon.
    parts, rings, corners : ndarray of int, shape (n + 1,), (parts + 1,), (rings + 1,)
        Where the parts of each begin, the rings of each part, and the corners of each ring; a line and a point is a
        ring. Last, how many there are.
    xy : ndarray of float, shape (corners, 2)
    """

    kind: npt.NDArray[np.int8]
    parts: Positions
    rings: Positions
    corners: Positions
    xy: Floats

    @classmethod
    def of(cls, shapes: Geometries) -> Packed:
        """Pack shapes, none of them empty; rings become lines.

        Raises
        ------
        ValueError
            If there are collections among them.

        Examples
        --------
        >>> packed = Packed.of(np.array([shapely.box(0, 0, 1, 1), shapely.Point(3, 4)], dtype=object))
        >>> [shape.wkt for shape in packed.at(np.array([1]))], len(packed.xy)
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
            _begins(np.bincount(whole, minlength=len(shapes))),
            _begins(np.bincount(part, minlength=len(parts))),
            _begins(np.asarray(shapely.get_num_coordinates(rings))),
            np.asarray(shapely.get_coordinates(rings), dtype=np.float64),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Packed:
        """Take up what :meth:`arrays` gave."""
        parts, rings, corners = (np.asarray(arrays[name], dtype=np.intp) for name in ("parts", "rings", "corners"))
        return cls(
            np.asarray(arrays["kind"], dtype=np.int8), parts, rings, corners, np.asarray(arrays["xy"], dtype=np.float64)
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return {"kind": self.kind, "parts": self.parts, "rings": self.rings, "corners": self.corners, "xy": self.xy}

    def __len__(self) -> int:
        return len(self.kind)

    def at(self, positions: Positions) -> Geometries:
        """Build some of the shapes."""
        result = np.empty(len(positions), dtype=object)
        kind = self.kind[positions]
        for one in np.unique(kind):
            asked = kind == one
            result[asked] = self._built(positions[asked], int(one))
        return result

    def _built(self, positions: Positions, kind: int) -> Geometries:
        first, size = self.parts[positions], np.diff(self.parts)[positions]
        # What belongs to one shape stands together.
        begins, ends = self.corners[self.rings[first]], self.corners[self.rings[first + size]]
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


def _begins(size: npt.NDArray[np.int_]) -> Positions:
    return np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(size, dtype=np.intp)])


@dataclass(frozen=True)
class StoredShapes:
    """Geometries, each built when it is first asked for.

    Attributes
    ----------
    built : ndarray of shapely geometries or None, shape (n,)
        None where one was not asked for yet.
    stores : tuple of Packed
    store, place : ndarray of int, shape (n,)
        In which store, and at which position in it, each stands.
    """

    built: Geometries
    stores: tuple[Packed, ...]
    store: Positions
    place: Positions

    @classmethod
    def of(cls, shapes: Geometries) -> StoredShapes:
        """Hold geometries that are there."""
        nowhere = np.zeros(len(shapes), dtype=np.intp)
        return cls(np.asarray(shapes, dtype=object), (), nowhere, nowhere)

    @classmethod
    def joined(cls, several: Sequence[StoredShapes]) -> StoredShapes:
        """Return several as one."""
        if not several:
            return cls.of(np.empty(0, dtype=object))
        first = np.cumsum([0, *(len(one.stores) for one in several)])
        return cls(
            np.concatenate([one.built for one in several]),
            tuple(store for one in several for store in one.stores),
            np.concatenate([one.store + number for one, number in zip(several, first, strict=False)]),
            np.concatenate([one.place for one in several]),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> StoredShapes:
        """Take up what :meth:`arrays` gave."""
        packed = Packed.from_arrays(arrays)
        count = len(packed)
        return cls(np.full(count, None, dtype=object), (packed,), np.zeros(count, dtype=np.intp), np.arange(count))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return Packed.of(self.all()).arrays()

    def only(self, positions: Positions) -> StoredShapes:
        """Return some of them."""
        return StoredShapes(self.built[positions], self.stores, self.store[positions], self.place[positions])

    def __len__(self) -> int:
        return len(self.built)

    def at(self, positions: Positions) -> Geometries:
        """Return some of the geometries."""
        found: Geometries = self.built[positions]
        if self.stores:
            lost = shapely.is_missing(found)
            if lost.any():
                self._build(np.unique(positions[lost]))
                found[lost] = self.built[positions[lost]]
        return found

    def all(self) -> Geometries:
        """Return all geometries."""
        return self.at(np.arange(len(self.built)))

    def _build(self, positions: Positions) -> None:
        with _BUILDING:
            # Another thread may have built them meanwhile.
            positions = positions[shapely.is_missing(self.built[positions])]
            store = self.store[positions]
            for number in np.unique(store):
                asked = positions[store == number]
                self.built[asked] = self.stores[number].at(self.place[asked])
