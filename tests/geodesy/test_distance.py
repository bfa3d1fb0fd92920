import numpy as np
import pyproj
import pytest
import shapely

from lianzhou_gis.geodesy import Plane, distances

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)


def brute_force(one, two):
    """Geodesic distance between two outlines by points every few metres, refined around the best pair."""
    a, b = (
        shapely.get_coordinates(shapely.segmentize(one, 2e-4)),
        shapely.get_coordinates(shapely.segmentize(two, 2e-4)),
    )
    for _ in range(6):
        pairs = np.array(np.meshgrid(np.arange(len(a)), np.arange(len(b)))).reshape(2, -1)
        metres = np.asarray(GEOD.inv(*a[pairs[0]].T, *b[pairs[1]].T)[2])
        i, j = pairs[:, metres.argmin()]
        best = metres.min()
        a, b = _around(a, i), _around(b, j)
    return best


def _around(points, index):
    lower, upper = max(index - 1, 0), min(index + 1, len(points) - 1)
    first = np.linspace(points[lower], points[index], 12)
    return np.vstack([first, np.linspace(points[index], points[upper], 12)[1:]])


@pytest.mark.parametrize("seed", range(12))
def test_distances_against_brute_force(seed):
    random = np.random.default_rng(seed)
    plane = Plane()
    shapes = []
    for _ in range(2):
        lon, lat = random.uniform((112.15, 24.65), (112.75, 25.15))
        ring = random.uniform(-0.01, 0.01, (7, 2)) + np.array([lon, lat])
        shapes.append(shapely.LineString(ring))
    measured = distances(plane, *[plane.project([shape]) for shape in shapes])
    expected = brute_force(*shapes)
    if expected > 20_000:
        lon, lat = 0.05, 0.0
        shapes[1] = shapely.affinity.translate(shapes[0], lon, lat)
        measured = distances(plane, *[plane.project([shape]) for shape in shapes])
        expected = brute_force(*shapes)
    assert measured.distance_m[0] == pytest.approx(expected, rel=1e-5, abs=0.01)


@pytest.mark.parametrize(("dx", "dy", "bearing"), [(0.1, 0, 90), (0, 0.1, 0), (-0.1, 0, 270), (0, -0.1, 180)])
def test_bearings(dx, dy, bearing):
    plane = Plane()
    here, there = plane.project(shapely.points([[112.4, 24.8], [112.4 + dx, 24.8 + dy]]))
    measured = distances(plane, [here], [there]).bearing_deg[0]
    assert min(abs(measured - bearing), 360 - abs(measured - bearing)) < 0.05


def test_meeting_shapes_have_no_bearing():
    plane = Plane()
    one, two = plane.project([shapely.box(112.4, 24.8, 112.41, 24.81), shapely.box(112.405, 24.8, 112.42, 24.81)])
    measured = distances(plane, [one], [two])
    assert measured.distance_m[0] == 0.0
    assert np.isnan(measured.bearing_deg[0])


def test_no_pairs():
    assert distances(Plane(), [], []).distance_m.shape == (0,)
