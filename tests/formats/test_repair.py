"""Broken polygons: what is repaired, and where nobody can tell what was meant."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.formats.repair import repair_geometries
from lianzhou_gis.geodesy import Plane, Region, StudyArea, statutory_area
from tools.county.heavy import sea

WEST, SOUTH, STEP = 112.4, 24.8, 0.01


def at(*corners):
    return [(WEST + x * STEP, SOUTH + y * STEP) for x, y in corners]


def repair_of(shape):
    return repair_geometries(np.array([shape], dtype=object))[0]


def test_valid_shapes_lines_and_points_are_left_alone():
    shapes = [shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1), (0, 1), (1, 0)]), shapely.Point(0, 0), None]
    assert repair_geometries(np.array(shapes, dtype=object)) == {}


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


def test_a_part_inside_another_may_be_a_hole():
    """A growth boundary read so would hold what it leaves out, and a site there would lie within it."""
    parts = [shapely.Polygon(at((0, 0), (6, 0), (6, 6), (0, 6))), shapely.Polygon(at((2, 2), (4, 2), (4, 4), (2, 4)))]
    repair = repair_of(shapely.MultiPolygon(parts))
    assert repair.geometry.area == pytest.approx(36 * STEP**2, rel=1e-9)
    assert repair.doubtful.equals(parts[1])
    assert repair_of(shapely.MultiPolygon([parts[0], parts[0]])).doubtful is None


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


REGION = Region("x", (112.2, 24.6, 112.75, 25.2))


def even_odd(ring):
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapely.Polygon(ring), method="linework")))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


@pytest.fixture(scope="module")
def heavy():
    return sea(200_000, 4_000, broken=400, slips=20)


def test_of_a_heavy_broken_polygon_the_area_under_a_county_is_that_of_its_rings_one_by_one(heavy):
    """An island at a time in the plane: the sea under the county is the county without its islands."""
    study, plane = StudyArea.around(REGION), Plane()
    assert not heavy.polygon.is_valid
    repair = repair_geometries(np.array([heavy.polygon], dtype=object), study=study)[0]
    county = shapely.box(*REGION.bounds)
    near = [n for n, ring in enumerate(heavy.islands) if shapely.box(*study.bounds).intersects(shapely.Polygon(ring))]
    crossed = [n for n in near if n in heavy.broken]
    assert repair.rings == len(crossed) + 1 and len(crossed) > 1
    assert repair.geometry.is_valid and repair.cut
    islands = shapely.union_all([even_odd(heavy.islands[n]) for n in near])
    sure = plane.project_vertices([county.difference(islands)])[0].area
    found = plane.project_vertices([repair.geometry.intersection(county)])[0].area
    # What the readings of an island leave open counts as sea: never less, and no more than that.
    assert sure <= found * (1 + 1e-9)
    assert found - sure <= repair.changed_m2
    middle = next(n for n in near if n not in heavy.broken and county.covers(shapely.Polygon(heavy.islands[n])))
    calm = shapely.box(*heavy.islands[middle].min(axis=0), *heavy.islands[middle].max(axis=0))
    assert repair.geometry.intersection(calm).area == pytest.approx(calm.difference(islands).area, rel=1e-9)


def test_only_places_of_broken_rings_are_in_doubt(heavy):
    study = StudyArea.around(REGION)
    repair = repair_geometries(np.array([heavy.polygon], dtype=object), study=study)[0]
    hulls = [shapely.convex_hull(shapely.Polygon(heavy.islands[n])) for n in heavy.broken]
    assert repair.doubtful.area > 0
    assert repair.doubtful.difference(shapely.union_all(hulls)).area < 1e-15


def test_what_lies_beyond_the_study_area_is_empty_and_not_lost():
    study = StudyArea((112.0, 24.0, 113.0, 25.0))
    around = [(111.0, 23.0), (114.0, 23.0), (114.0, 26.0), (114.1, 26.1), (114.0, 26.1), (114.1, 26.0), (111.0, 26.0)]
    hole = [(111.5, 23.5), (113.5, 23.5), (113.5, 25.5), (111.5, 25.5)]
    repair = repair_geometries(np.array([shapely.Polygon(around, [hole])], dtype=object), study=study)[0]
    assert repair.geometry is not None and repair.geometry.is_empty and repair.doubtful is None
    line = shapely.Polygon([(111.0, 24.5), (114.0, 24.5), (112.0, 24.5)])
    assert repair_geometries(np.array([line], dtype=object), study=study)[0].geometry is None


def test_where_holes_overlap_or_leave_their_shell_it_is_open_what_was_meant():
    shell = at((0, 0), (10, 0), (10, 10), (0, 10))
    holes = [
        at((1, 1), (4, 1), (4, 4), (1, 4)),
        at((3, 3), (6, 3), (6, 6), (3, 6)),
        at((8, 8), (12, 8), (12, 9), (8, 9)),
    ]
    repair = repair_of(shapely.Polygon(shell, holes))
    open_places = [
        shapely.Polygon(at((3, 3), (4, 3), (4, 4), (3, 4))),
        shapely.Polygon(at((10, 8), (12, 8), (12, 9), (10, 9))),
    ]
    assert repair.doubtful.symmetric_difference(shapely.union_all(open_places)).area < 1e-15
    assert repair.geometry.covers(shapely.union_all(open_places).buffer(-1e-9))
    assert not repair.geometry.intersects(shapely.Point(at((2, 2))[0]))


def test_readings_that_lie_apart_by_less_than_the_accuracy_are_no_doubt():
    # A loop of some 11 by 10 metres at the corner.
    corners = at((0, 0), (10, 0), (10, 10), (5, 10), (5.01, 10.01), (5, 10.01), (5.01, 10), (0, 10))
    broken = np.array([shapely.Polygon(corners)], dtype=object)
    assert repair_geometries(broken, accuracy_m=np.array([5.0]))[0].doubtful is not None
    assert repair_geometries(broken, accuracy_m=np.array([50.0]))[0].doubtful is None
    assert repair_geometries(broken, accuracy_m=np.array([50.0]))[0].changed_m2 > 10.0


def test_a_repair_states_the_area_before_and_after():
    repair = repair_of(shapely.Polygon(at((0, 0), (1, 1), (1, 0), (0, 1))))
    half = statutory_area([shapely.box(WEST, SOUTH, WEST + STEP, SOUTH + STEP)])[0] / 2
    assert repair.before_m2 == pytest.approx(0.0, abs=20.0) and repair.after_m2 == pytest.approx(half, rel=1e-4)
    issue = repair.issue("layer x, zone Z")
    assert f"{repair.after_m2:.2f}" in issue.zh and f"{repair.after_m2:.2f}" in issue.en and "linework" in issue.zh
