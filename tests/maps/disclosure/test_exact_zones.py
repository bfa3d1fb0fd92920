"""Exact borders keep no place that could be found: hairs, slits, strips, small parts and holes."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.maps.disclosure.exact_zones import without_places
from tests.maps.disclosure.conftest import M, natural

FIELD = natural(112.4, 24.9, 800, 1)
WELL = shapely.Point(112.42, 24.91)


def cleaned(shape, least_m2=900, width_m=3):
    return without_places(shape, least_m2, width_m, M)


def metres(shape):
    return shapely.transform(shape, lambda xy: xy * M)


def test_a_sound_border_stays_as_it_is():
    retained, left = cleaned(FIELD)
    assert left == 0 and shapely.area(shapely.symmetric_difference(metres(retained), metres(FIELD))) < 1


@pytest.mark.parametrize("width_m", [0.2, 1, 2])
def test_a_hair_to_the_well_is_cut_off_with_what_hangs_on_it(width_m):
    hair = shapely.LineString([FIELD.centroid, WELL]).buffer(width_m / 2 / 110_000)
    knob = WELL.buffer(4 / 110_000)
    retained, left = cleaned(shapely.union_all([FIELD, hair, knob]))
    assert left and shapely.distance(metres(retained), metres(WELL)) > 300
    assert shapely.area(shapely.symmetric_difference(metres(retained), metres(FIELD))) < 200


def test_a_spike_that_narrows_to_the_well_is_cut_where_it_is_narrow():
    lon, lat = shapely.get_coordinates(FIELD.centroid)[0]
    spike = shapely.Polygon([(lon, lat), (lon + 0.0002, lat), (WELL.x, WELL.y)])
    retained, _ = cleaned(shapely.union(FIELD, spike))
    assert shapely.distance(metres(retained), metres(WELL)) > 50


def test_a_slit_to_the_well_is_closed():
    inside = FIELD.centroid
    slit = shapely.LineString([inside, (112.43, 24.9)]).buffer(0.5 / 110_000)
    retained, left = cleaned(FIELD - slit - inside.buffer(3 / 110_000))
    assert left and shapely.contains(metres(retained), metres(inside))


def test_strips_and_small_parts_are_left_out():
    strip = shapely.LineString([(112.45, 24.9), (112.55, 24.93)]).buffer(0.5 / 110_000)
    assert cleaned(strip) == (None, 1)
    assert metres(strip).area > 9000
    assert cleaned(WELL.buffer(10 / 110_000))[0] is None
    retained, left = cleaned(shapely.MultiPolygon([FIELD, WELL.buffer(10 / 110_000), strip]))
    assert left == 2 and retained.geom_type == "Polygon"


def test_a_small_hole_is_filled():
    retained, left = cleaned(FIELD - FIELD.centroid.buffer(5 / 110_000))
    assert left == 1 and not retained.interiors


def test_the_width_follows_from_the_accuracy():
    arm = shapely.LineString([FIELD.centroid, (112.43, 24.9)]).buffer(15 / 110_000)
    whole = shapely.union(FIELD, arm)
    assert metres(cleaned(whole, 900, 3)[0]).area == pytest.approx(metres(whole).area, rel=1e-3)
    assert metres(cleaned(whole, (3 * 50) ** 2, 50)[0]).area < metres(whole).area - 10_000


def test_what_is_no_area():
    assert cleaned(WELL) == (None, 1)
    bow = shapely.Polygon(np.array([(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)]) * 0.01 + [112.4, 24.9])
    assert cleaned(bow)[0].is_valid
