"""The borders of corridors, by geodesics to the line."""

import numpy as np
import pyproj
import pytest
import shapely

from lianzhou_gis.geodesy import Plane, footprints

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
PLANE = Plane()
# Where a metre of the plane is a metre in every direction.
TRUE = np.array(PLANE.project([shapely.Point(112.5, 24.9)])[0].coords[0])


def distance_to_line(point, line):
    """Geodesic distance of a point to a line of many vertices, refined between the vertices around the nearest."""
    for _ in range(7):
        metres = np.asarray(GEOD.inv(np.full(len(line), point[0]), np.full(len(line), point[1]), *line.T)[2])
        nearest = int(metres.argmin())
        ends = line[max(nearest - 1, 0)], line[nearest], line[min(nearest + 1, len(line) - 1)]
        line = np.vstack([np.linspace(ends[0], ends[1], 20), np.linspace(ends[1], ends[2], 20)[1:]])
    return float(metres.min())


@pytest.mark.parametrize("width", [20.0, 200.0, 1000.0])
@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.9), (0.98, 0.0), (0.7, 0.64), (0.05, 0.04)])
def test_every_place_of_the_border_is_half_the_width_away(width, dx, dy):
    lon, lat = 112.5 - dx / 2, 24.9 - dy / 2
    # Straight in degrees, with a bend in the middle.
    corners = np.array([(lon, lat), (lon + 0.55 * dx, lat + 0.45 * dy), (lon + dx, lat + dy)])
    line = shapely.LineString(corners)
    (corridor,) = PLANE.unproject(footprints([line], PLANE, None, [width]))
    dense = shapely.get_coordinates(shapely.segmentize(line, 0.0005))
    border = shapely.get_coordinates(corridor.exterior)
    checked = border[:: max(len(border) // 25, 1)]
    away = np.array([distance_to_line(point, dense) for point in checked])
    # The ends are flat: places of these lie nearer to the line.
    sides = away > 0.3 * width
    assert sides.sum() > 10 or len(checked) < 30
    assert np.abs(away[sides] - width / 2).max() < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_corridors_are_the_places_within_half_the_width(seed):
    """Against a buffer without its simplification: of every edge alone, and a disc at every bend."""
    random = np.random.default_rng(seed)
    lines = []
    for kind in range(12):
        turns = random.uniform(-1, 1, 25) * (0.02, 0.3, 1.5, 3.0)[kind % 4]
        steps = random.uniform(5, 60, 25)[:, None] * np.column_stack([np.cos(turns.cumsum()), np.sin(turns.cumsum())])
        lines.append(shapely.LineString(TRUE + steps.cumsum(axis=0)))
    width = 10 ** random.uniform(0.3, 2.3)
    found = footprints(PLANE.unproject(lines), PLANE, None, [width] * len(lines))
    for line, corridor in zip(lines, found, strict=True):
        assert corridor.is_valid
        segments = [shapely.LineString(pair) for pair in zip(line.coords[:-1], line.coords[1:], strict=True)]
        flat = shapely.union_all([segment.buffer(width / 2, cap_style="flat") for segment in segments])
        bends = shapely.union_all([shapely.Point(xy).buffer(width / 2, quad_segs=400) for xy in line.coords[1:-1]])
        # A disc at the first or last bend may reach beyond the flat end: only what is missing counts there.
        assert flat.difference(corridor.buffer(0.01)).area < 1e-6
        assert corridor.difference(shapely.union(flat, bends).buffer(0.02)).area < 1e-6
        inner = shapely.union_all([bends, flat]).intersection(
            shapely.LineString(line.coords[1:-1]).buffer(width / 2, cap_style="flat", quad_segs=400)
        )
        assert inner.difference(corridor.buffer(0.02)).area < 1e-6 * inner.area


def test_a_closed_line_has_no_ends():
    ring = shapely.LineString(shapely.box(*TRUE, *(TRUE + 100.0)).exterior.coords)
    (corridor,) = footprints(PLANE.unproject([ring]), PLANE, None, [10.0])
    assert len(corridor.interiors) == 1 and corridor.area == pytest.approx(110**2 - 90**2 - 100 + 25 * np.pi, rel=1e-3)
