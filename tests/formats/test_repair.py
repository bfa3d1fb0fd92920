"""Broken polygons: what is repaired, and where nobody can tell what was meant."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.formats.repair import repaired

WEST, SOUTH, STEP = 112.4, 24.8, 0.01


def at(*corners):
    return [(WEST + x * STEP, SOUTH + y * STEP) for x, y in corners]


def repair_of(shape):
    return repaired(np.array([shape], dtype=object))[0]


def test_valid_shapes_lines_and_points_are_left_alone():
    shapes = [shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1), (0, 1), (1, 0)]), shapely.Point(0, 0), None]
    assert repaired(np.array(shapes, dtype=object)) == {}


def test_a_bow_tie_is_open_all_over_its_hull():
    repair = repair_of(shapely.Polygon(at((0, 0), (1, 1), (1, 0), (0, 1))))
    assert repair.geometry.is_valid
    assert repair.doubtful.equals(shapely.box(WEST, SOUTH, WEST + STEP, SOUTH + STEP))


def test_a_slip_at_one_corner_leaves_the_rest_of_a_zone_certain():
    corners = at((0, 0), (10, 0), (10, 10), (5, 10), (5.02, 10.02), (5, 10.02), (5.02, 10), (0, 10))
    repair = repair_of(shapely.Polygon(corners))
    assert repair.geometry.is_valid
    assert repair.doubtful is not None
    assert repair.doubtful.area < 0.01 * repair.geometry.area
    assert repair.geometry.contains(shapely.Point(at((5, 5))[0]))


@pytest.mark.parametrize(
    "shape",
    [
        # A spike, a ring that touches itself, a point twice, parts that share an edge.
        shapely.Polygon(at((0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 1.5), (0.5, 1), (0, 1))),
        shapely.Polygon(at((0, 0), (2, 0), (2, 2), (1, 2), (1.5, 1), (0.5, 1), (1, 2), (0, 2))),
        shapely.MultiPolygon(
            [shapely.Polygon(at((0, 0), (1, 0), (1, 1), (0, 1))), shapely.Polygon(at((1, 0), (2, 0), (2, 1), (1, 1)))]
        ),
    ],
)
def test_what_can_only_be_read_one_way_is_repaired_without_doubt(shape):
    assert not shape.is_valid
    repair = repair_of(shape)
    assert repair.geometry.is_valid and repair.doubtful is None


def test_parts_that_overlap_are_taken_together():
    parts = [shapely.Polygon(at((0, 0), (2, 0), (2, 2), (0, 2))), shapely.Polygon(at((1, 0), (3, 0), (3, 2), (1, 2)))]
    repair = repair_of(shapely.MultiPolygon(parts))
    assert repair.geometry.area == pytest.approx(6 * STEP**2, rel=1e-9)
    assert repair.doubtful is None


def test_a_shape_without_any_area_has_no_geometry():
    assert repair_of(shapely.Polygon(at((0, 0), (1, 0), (2, 0)))).geometry is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=10))
def test_whatever_the_corners_nothing_that_any_reading_holds_is_lost(corners):
    shape = shapely.Polygon(at(*corners))
    if shape.is_valid:
        return
    repair = repair_of(shape)
    for method in ("linework", "structure"):
        reading = shapely.make_valid(shape, method=method)
        areal = [part for part in shapely.get_parts(shapely.get_parts(reading)) if part.geom_type == "Polygon"]
        whole = shapely.union_all(areal)
        if not whole.is_empty:
            assert whole.difference(repair.geometry).area < 1e-12
