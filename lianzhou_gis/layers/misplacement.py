"""Zones far beyond the coverage of their own layer: a sign of a wrong reference system or zone number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Message
from lianzhou_gis.layers.layer import LayerGap
from lianzhou_gis.vocabulary import GapReason

__all__ = ["misplaced_gaps"]

# Zones further than this beyond the coverage of their layer are misplaced.
_MISPLACED_M = 20_000.0
_METRES_IN_A_DEGREE = 111_000.0


def misplaced_gaps(shapes: npt.NDArray[np.object_], coverage: BaseGeometry, entry: LayerEntry) -> list[LayerGap]:
    """Return the gap of a layer whose zones lie far beyond its own coverage: their coordinates cannot be right.

    Parameters
    ----------
    shapes : ndarray of shapely geometries, shape (n,)
        EPSG:4490, as read, of all zones in force.
    coverage : shapely geometry
        EPSG:4490.
    entry : LayerEntry

    Returns
    -------
    list of LayerGap
        ``unknown_crs`` where all zones lie more than 20 km beyond the coverage, ``layer_incomplete`` where some do: the
        places where these really lie are not known.
    """
    boxes = shapely.bounds(shapes)
    boxes = boxes[~np.isnan(boxes[:, 0])]
    if not len(boxes):
        return []
    # Longitudes are shrunk to the scale of latitudes at the coverage; within 1 % over a province, as is the limit.
    scale = np.array([np.cos(np.radians(shapely.centroid(coverage).y)), 1.0])
    west, south, east, north = (boxes * np.tile(scale, 2)).T
    area = shapely.transform(coverage, lambda xy: xy * scale)
    shapely.prepare(area)
    near = shapely.dwithin(area, shapely.box(west, south, east, north), _MISPLACED_M / _METRES_IN_A_DEGREE)
    far = int((~near).sum())
    if not far:
        return []
    every = far == len(boxes)
    reason = GapReason.UNKNOWN_CRS if every else GapReason.LAYER_INCOMPLETE
    message = Message.from_code("zones_misplaced.all" if every else "zones_misplaced", count=far)
    return [LayerGap(reason, entry.theme, entry.id, message)]
