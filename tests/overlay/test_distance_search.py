"""Distances of many pairs at once: equal to those one by one, and to brute force on the ellipsoid."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay import distance_search
from lianzhou_gis.overlay.distance_search import near_pairs, nearest
from lianzhou_gis.overlay.intersecting_pairs import intersecting_pairs
from lianzhou_gis.overlay.shape_index import ShapeIndex

PLANE = Plane()
MIDDLE = shapely.get_coordinates(PLANE.project([shapely.Point(112.5, 24.88)]))[0]


def shapes(random, count, far):
    """Areas, some with holes, corridors, lines and points."""
    found = []
    for number in range(count):
        middle = MIDDLE + random.uniform(-far, far, 2)
        kind = number % 5
        if kind == 4:
            found.append(shapely.Point(middle))
            continue
        corners = int(random.integers(3, 90))
        angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
        ring = middle + 10 ** random.uniform(0.5, 2.8) * (
            random.uniform(0.6, 1.4, corners)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        )
        area = shapely.Polygon(ring)
        if kind == 1:
            area = area.difference(shapely.Point(middle).buffer(1.0))
        if kind == 2:
            area = shapely.LineString(middle + np.cumsum(random.normal(0, 400, (12, 2)), axis=0)).buffer(9.0)
        if kind == 3:
            area = shapely.LineString(ring)
        found.append(area)
    return np.array(found, dtype=object)


@pytest.fixture(scope="module")
def world():
    random = np.random.default_rng(8)
    sites, zones = shapes(random, 40, 4_000.0), shapes(random, 120, 5_000.0)
    index = ShapeIndex.build(zones)
    reach = np.where(np.arange(len(zones)) % 9 == 0, 3_000.0, 1_000.0)
    return sites, zones, index, reach


def rows(found):
    pairs = zip(found.site.tolist(), found.zone.tolist(), strict=True)
    return dict(zip(pairs, zip(found.distance_m.tolist(), found.bearing_deg.tolist(), strict=True), strict=True))


def test_together_is_one_by_one(world, monkeypatch):
    sites, _, index, reach = world
    monkeypatch.setattr(distance_search, "_FEW", 0)
    together = rows(near_pairs(sites, index, intersecting_pairs(sites, index), reach, PLANE))
    far = rows(nearest(sites, index, PLANE))
    monkeypatch.setattr(distance_search, "_FEW", 10**9)
    alone, far_alone = {}, {}
    for number in range(len(sites)):
        one = sites[[number]]
        found = rows(near_pairs(one, index, intersecting_pairs(one, index), reach, PLANE))
        alone |= {(number, zone): value for (_, zone), value in found.items()}
        far_alone |= {(number, zone): value for (_, zone), value in rows(nearest(one, index, PLANE)).items()}
    assert len(together) > 300
    assert together == alone
    # A border that crosses the site has a distance of 0, from which no bearing follows.
    assert {pair: value for pair, value in far.items() if value[0] > 0} == {
        pair: value for pair, value in far_alone.items() if value[0] > 0
    }


def test_agrees_with_brute_force(world):
    """Against the nearest of densified borders, measured on the ellipsoid; no pair is missed."""
    import pyproj

    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    sites, zones, index, reach = world
    found = rows(near_pairs(sites, index, intersecting_pairs(sites, index), reach, PLANE))
    flat = shapely.distance(sites[:, None], zones[None])
    for site, zone in zip(*np.nonzero((flat > 0) & (flat < reach * 1.003)), strict=True):
        if (site, zone) not in found:
            assert flat[site, zone] > reach[zone] * 0.997
            continue
        # The end of the shortest path in the plane stretched at the site lies within the tolerance of the promise.
        k = PLANE.conformal_factor(PLANE.latitude(np.array([shapely.centroid(sites[site]).y])))[0]

        def stretched(shape, k=k):
            return shapely.transform(shape, lambda xy: xy * [k, 1 / k])

        ends = shapely.get_coordinates(shapely.shortest_line(stretched(sites[site]), stretched(zones[zone])))
        lonlat = PLANE.lonlat(ends / [k, 1 / k])
        metres = geod.inv(*lonlat[0], *lonlat[1])[2]
        assert found[site, zone][0] == pytest.approx(metres, rel=1e-5, abs=0.002)


def test_zones_in_holes_and_nothing(world):
    _, _, index, reach = world
    ring = shapely.Point(MIDDLE).buffer(500).difference(shapely.Point(MIDDLE).buffer(100))
    inner = ShapeIndex.build(np.array([shapely.Point(MIDDLE).buffer(50, quad_segs=200)], dtype=object))
    sites = np.array([ring, None, shapely.Polygon()], dtype=object)
    (row,) = rows(near_pairs(sites, inner, intersecting_pairs(sites, inner), np.array([1000.0]), PLANE)).items()
    assert row[0] == (0, 0)
    assert row[1][0] == pytest.approx(49.5, abs=1.0)
    assert not len(near_pairs(sites[1:], index, intersecting_pairs(sites[1:], index), reach, PLANE).site)
