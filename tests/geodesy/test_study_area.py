"""The study area: how wide it is, and what becomes of shapes that stick out of it."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.geodesy import Region, StudyArea, gauss_kruger, to_cgcs2000
from lianzhou_gis.geodesy.transformation import from_cgcs2000

REGION = Region("x", (112.0, 24.0, 113.0, 25.0))
UNIT = StudyArea((0.0, 0.0, 1.0, 1.0))


def areas(shape):
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def test_it_is_20_km_wider_than_the_region_on_every_side():
    import pyproj

    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    west, south, east, north = StudyArea.around(REGION).bounds
    for lat in (south, north):
        assert geod.inv(west, lat, 112.0, lat)[2] >= 20_000 and geod.inv(east, lat, 113.0, lat)[2] >= 20_000
    assert geod.inv(112.5, south, 112.5, 24.0)[2] >= 20_000 and geod.inv(112.5, north, 112.5, 25.0)[2] >= 20_000


def test_sites_that_stick_out_of_the_region_and_far_looking_rules_widen_it():
    plain = StudyArea.around(REGION)
    out = StudyArea.around(REGION, [None, shapely.Point(115.0, 24.5)])
    assert out.bounds[2] > 115.18 and out.bounds[0] == plain.bounds[0]
    assert StudyArea.around(REGION, [], 40_000).bounds[3] > plain.bounds[3] + 0.2


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(3, 40))
def test_a_ring_simplified_outside_has_the_same_winding_inside_the_area(seed, count):
    corners = np.random.default_rng(seed).uniform(-2.0, 3.0, (count, 2)).cumsum(axis=0) % 5.0 - 2.0
    ring = shapely.LinearRing(corners)
    thin = UNIT.simplify_outside(ring)
    assert shapely.get_num_coordinates(thin) <= shapely.get_num_coordinates(ring)
    for method in ("linework", "structure"):
        whole, less = (
            shapely.intersection(areas(shapely.make_valid(shape, method=method)), UNIT.box)
            for shape in (shapely.Polygon(ring), thin)
        )
        assert shapely.symmetric_difference(whole, less).area < 1e-12


def test_valid_shapes_are_clipped_exactly_and_what_lies_elsewhere_is_empty():
    shapes = np.array([shapely.Point(0, 0).buffer(3), shapely.box(0.2, 0.2, 0.4, 0.4), shapely.box(5, 5, 6, 6)])
    retained = UNIT.clip(shapes)
    assert retained[0].equals(UNIT.box) and retained[1] is shapes[1] and retained[2].is_empty


@pytest.mark.parametrize("zone", [36, 37, 38, 39])
def test_its_bounds_in_a_plane_hold_all_of_it(zone):
    area, system = StudyArea.around(REGION), gauss_kruger(zone)
    west, south, east, north = area.bounds_in(system)
    dense = from_cgcs2000([shapely.segmentize(area.box, 0.001)], system)[0]
    assert shapely.box(west, south, east, north).contains(dense)
    back = to_cgcs2000([dense], system)[0]
    assert shapely.hausdorff_distance(back, shapely.segmentize(area.box, 0.001)) < 1e-9
