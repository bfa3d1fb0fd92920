"""The numbers that the script computes in the browser, against pyproj and the package's own plane."""

import numpy as np
import pyproj
import pytest
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.maps.assets import asset

GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)
PLACES = [(112.377, 24.781), (112.4999999, 24.9), (112.5000001, 24.9), (111.0, 25.2), (112.75, 24.5), (113.4, 25.1)]


@pytest.fixture(scope="module")
def ask(chromium):
    page = chromium.new_page()
    source = asset("scripts/ellipsoid.js")
    yield lambda expression: page.evaluate(f"(() => {{ {source}; return {expression}; }})()")
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("place", PLACES)
def test_the_metres_of_the_zone(ask, place):
    zone = 37 if place[0] < 112.5 else 38
    east, north = pyproj.Transformer.from_crs(4490, 4488 + zone, always_xy=True).transform(*place)
    reported = ask(f"gaussKrueger({place[0]!r}, {place[1]!r})")
    assert reported["zone"] == zone
    assert (reported["x"], reported["y"]) == pytest.approx((north, east), abs=1e-4)


@pytest.mark.browser
@pytest.mark.parametrize(("a", "b"), [(PLACES[0], PLACES[3]), (PLACES[0], (112.3771, 24.7811)), (PLACES[4], PLACES[5])])
def test_the_geodesic(ask, a, b):
    assert ask(f"geodesic({a[0]}, {a[1]}, {b[0]}, {b[1]})") == pytest.approx(GEOD.inv(*a, *b)[2], abs=1e-3)


@pytest.mark.browser
def test_a_point_is_nowhere_from_itself(ask):
    assert ask("geodesic(112.4, 24.8, 112.4, 24.8)") == 0


@pytest.mark.browser
@pytest.mark.parametrize("side", [0.0005, 0.02, 0.2])
def test_the_area_is_that_of_the_plane(ask, side):
    ring = [(112.4, 24.8), (112.4 + side, 24.8), (112.4 + side, 24.8 + side * 0.7), (112.4, 24.8 + side)]
    reported = ask(f"ringArea({[list(point) for point in ring]})")
    flat = shapely.area(Plane().project_vertices(np.array([shapely.Polygon(ring)], dtype=object)))[0]
    assert reported == pytest.approx(flat, rel=1e-7)
    assert reported == pytest.approx(abs(GEOD.polygon_area_perimeter(*np.transpose(ring))[0]), rel=1e-4)
