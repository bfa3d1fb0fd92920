"""The ground of a rule: the union of all zones on which it applies, on which its findings are decided.

A base of 4 x 4 m on the seam of two zones lies 2 m deep in either, doubtful at an error of 4 m; in both together it is
certain. Depth never decreases with a larger ground, so only sites whose zones are all doubtful alone are looked at.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.intersecting_pairs import intersecting_pairs, union_by_group
from lianzhou_gis.overlay.relations import Subjects, relate_intersecting
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.table import Columns

__all__ = ["CRACK_WIDTH_M", "relate_to_grounds"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# Cracks between zones up to this width are closed: neighbours that were digitised apart.
CRACK_WIDTH_M = 0.01
# The edge of the clipped surroundings is no border: it must lie beyond the search for depths.
_MARGIN = 1.1
_MARGIN_M = 2.0


def relate_to_grounds(
    subjects: Subjects, site: Positions, error_m: Floats, zone: Positions, ground: Positions
) -> Columns:
    """Return how sites lie to the union of several zones.

    Parameters
    ----------
    subjects : Subjects
        The sites and the index of all zones.
    site : ndarray of int, shape (n,)
        Position of the site of each ground.
    error_m : ndarray of float, shape (n,)
        Position error: the largest of the pairs of the site with the zones.
    zone, ground : ndarray of int, shape (m,)
        Positions of the zones, and the ground of each. To the ground of a rule for a milder grade belong the zones of
        the stricter grades of its source, by which the index has cut it.

    Returns
    -------
    Columns
        ``relation`` (``within``, ``overlap``, ``touch``, or ``near`` where the two do not meet), ``doubtful``,
        ``crossing``; a row for each ground.

    Examples
    --------
    >>> from lianzhou_gis.geodesy import Plane
    >>> base, plane = shapely.box(-2, 2751000, 2, 2751004), Plane()
    >>> zones = np.array([shapely.box(-50, 2750900, 0, 2751100), shapely.box(0, 2750900, 50, 2751100)], dtype=object)
    >>> one = Subjects(np.array([base], dtype=object), np.array([0.0]), ShapeIndex.build(zones), np.zeros(2), plane)
    >>> nought = np.zeros(1, dtype=np.intp)
    >>> relate_to_grounds(one, nought, np.array([3.0]), np.array([0]), nought)["doubtful"].tolist()
    [True]
    >>> relate_to_grounds(one, nought, np.array([3.0]), np.array([0, 1]), np.array([0, 0]))["doubtful"].tolist()
    [False]
    """
    count = len(site)
    sites = subjects.sites[site]
    unions = _unions(subjects.index, sites, error_m, zone, ground)
    # Errors of the union are given for the pair: the site has none of its own here.
    around = Subjects(sites, error_m, ShapeIndex.build(unions), np.zeros(count), subjects.plane)
    pairs = intersecting_pairs(sites, around.index)
    pairs = pairs.subset(pairs.site == pairs.zone)
    related = relate_intersecting(around, pairs)
    relation = np.full(count, "near", dtype=object)
    relation[pairs.site] = related["relation"]
    doubtful, crossing = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
    doubtful[pairs.site] = related["doubtful"] | related["within_error"]
    crossing[pairs.site] = related["crossing"]
    return Columns({"relation": relation, "doubtful": doubtful, "crossing": crossing})


def _unions(index: ShapeIndex, sites: Geometries, error_m: Floats, zone: Positions, ground: Positions) -> Geometries:
    """Return the union of the zones of each ground around its site, cracks closed."""
    reach = error_m * _MARGIN + _MARGIN_M
    boxes = np.asarray(shapely.bounds(sites), dtype=np.float64)
    boxes = boxes + reach[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    areal = index.dimension[zone] == 2
    # The connected parts of each zone that come near the site.
    member, root = index.areas.tree.query(np.asarray(shapely.box(*boxes[ground[areal]].T), dtype=object))
    same = index.areas.owner[root] == zone[areal][member]
    member, root = ground[areal][member[same]], root[same]
    parts, owner = index.areas.clip_around(boxes[member], root), member
    if not areal.all():
        member, tile = index.lines.tree.query(np.asarray(shapely.box(*boxes[ground[~areal]].T), dtype=object))
        same = index.lines.owner[tile] == zone[~areal][member]
        parts = np.concatenate([parts, index.lines.shapes.take(tile[same])])
        owner = np.concatenate([owner, ground[~areal][member[same]]])
    unions = union_by_group(parts, owner, len(sites))
    several = np.flatnonzero((np.bincount(owner, minlength=len(sites)) > 1) & (shapely.get_dimensions(unions) == 2))
    if len(several):
        half = CRACK_WIDTH_M / 2.0
        closed = shapely.buffer(shapely.buffer(unions[several], half, join_style="mitre"), -half, join_style="mitre")
        # What closing takes off at sharp corners stays.
        unions[several] = shapely.union(unions[several], closed)
    return unions
