"""Geometries that lie in a cache as bytes, and are built when somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["StoredShapes"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class StoredShapes:
    """Geometries, each built from its WKB when it is first asked for.

    Attributes
    ----------
    built : ndarray of shapely geometries or None, shape (n,)
        None where one was not asked for yet.
    blobs : tuple of ndarray of uint8
        WKB, one after the other; of memory maps, so that what nobody asks for need not be in memory.
    source, start, end : ndarray of int, shape (n,)
        In which blob, and where in it, each stands.
    """

    built: Geometries
    blobs: tuple[Bytes, ...]
    source: Positions
    start: Positions
    end: Positions

    @classmethod
    def of(cls, shapes: Geometries) -> StoredShapes:
        """Hold geometries that are there."""
        nowhere = np.zeros(len(shapes), dtype=np.intp)
        return cls(np.asarray(shapes, dtype=object), (), nowhere, nowhere, nowhere)

    @classmethod
    def joined(cls, several: Sequence[StoredShapes]) -> StoredShapes:
        """Return several as one."""
        if not several:
            return cls.of(np.empty(0, dtype=object))
        offsets = np.cumsum([0, *(len(one.blobs) for one in several)])
        return cls(
            np.concatenate([one.built for one in several]),
            tuple(blob for one in several for blob in one.blobs),
            np.concatenate([one.source + offset for one, offset in zip(several, offsets, strict=False)]),
            np.concatenate([one.start for one in several]),
            np.concatenate([one.end for one in several]),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> StoredShapes:
        """Take up what :meth:`arrays` gave."""
        end = np.asarray(arrays["end"], dtype=np.intp)
        start = np.concatenate([np.zeros(1, dtype=np.intp), end])[:-1]
        blob = np.asarray(arrays["wkb"], dtype=np.uint8)
        return cls(np.full(len(end), None, dtype=object), (blob,), np.zeros(len(end), dtype=np.intp), start, end)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        blobs = shapely.to_wkb(self.all(), byte_order=1)
        end = np.cumsum([len(blob) for blob in blobs], dtype=np.int64)
        return {"wkb": np.frombuffer(b"".join(blobs), dtype=np.uint8), "end": end}

    def only(self, positions: Positions) -> StoredShapes:
        """Return some of them."""
        return StoredShapes(
            self.built[positions], self.blobs, self.source[positions], self.start[positions], self.end[positions]
        )

    def __len__(self) -> int:
        return len(self.built)

    def at(self, positions: Positions) -> Geometries:
        """Return some of the geometries."""
        found: Geometries = self.built[positions]
        if self.blobs:
            lost = shapely.is_missing(found)
            if lost.any():
                self._build(np.unique(positions[lost]))
                found = self.built[positions]
        return found

    def all(self) -> Geometries:
        """Return all geometries."""
        return self.at(np.arange(len(self.built)))

    def _build(self, positions: Positions) -> None:
        # Two threads may build the same one: both are right, and the later stays.
        blobs = np.empty(len(positions), dtype=object)
        places = zip(self.source[positions], self.start[positions], self.end[positions], strict=True)
        blobs[:] = [self.blobs[source][start:end].tobytes() for source, start, end in places]
        self.built[positions] = shapely.from_wkb(blobs)
