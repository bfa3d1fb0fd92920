"""Holes of Shapefile polygons whose ring directions violate the format."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Issue
from lianzhou_gis.formats.raw_features import Geometries

__all__ = ["holes_by_containment"]

_AREAL = (3, 6)


def _by_containment(shape: BaseGeometry) -> BaseGeometry | None:
    """Return the area of rings by even-odd containment; ``None`` where they cross."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    areas = np.asarray(shapely.polygons(rings), dtype=object)
    if len(rings) < 2 or not shapely.is_valid(areas).all():
        return None
    tree = shapely.STRtree(areas)
    crossing, _ = tree.query(areas, predicate="overlaps")
    # Each ring covers itself; duplicates cover one another.
    one, other = tree.query(areas, predicate="covers")
    duplicates = set(zip(one.tolist(), other.tolist(), strict=True)) & set(
        zip(other.tolist(), one.tolist(), strict=True)
    )
    if len(crossing) or len(duplicates) > len(areas):
        return None
    built = shapely.build_area(shapely.GeometryCollection(list(rings)))
    return built if shapely.is_valid(built) and not shapely.is_empty(built) else None


def holes_by_containment(geometries: Geometries, name: str, issues: list[Issue]) -> Geometries:
    """Return areas in which a ring inside another is a hole, where directions made something invalid of them.

    Parameters
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
    name : str
        File, for issues.
    issues : list of Issue
        Added to.

    Examples
    --------
    >>> inside = shapely.MultiPolygon([shapely.box(0, 0, 9, 9), shapely.box(3, 3, 6, 6)])
    >>> found = holes_by_containment(np.array([inside], dtype=object), "a.shp", issues := [])
    >>> found[0].area, [issue.code for issue in issues]
    (72.0, ['ring_direction'])
    """
    broken = np.flatnonzero(np.isin(shapely.get_type_id(geometries), _AREAL) & ~shapely.is_valid(geometries))
    result, rows = geometries.copy(), []
    for row in broken:
        if (built := _by_containment(geometries[row])) is not None:
            result[row] = built
            rows.append(int(row) + 1)
    if rows:
        shown = ", ".join(map(str, rows[:8])) + (" ..." if len(rows) > 8 else "")
        issues.append(Issue.from_code("warning", "ring_direction", name, count=len(rows), shown=shown))
    return result
