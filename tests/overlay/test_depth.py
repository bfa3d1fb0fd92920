"""Depth and width against an oracle (grid, then local search, plain shapely), and cases that a mean width misses."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay import overlay_layers
from lianzhou_gis.overlay.crossing import run_through
from lianzhou_gis.overlay.depth import SharedGround, border_segments, maximum_depth, triangulate
from lianzhou_gis.overlay.width import disc_diameter_bound, parts_wider_than

PLANE = Plane()
NEAR = {"karst_strong": 1000.0, "control_unit": 1000.0}
# A place near the standard parallel, so that a metre of the plane is a metre.
EAST, NORTH = PLANE.project([shapely.Point(112.5, 24.9)])[0].coords[0]


def place(shape):
    """A shape in metres around the origin, as longitude and latitude."""
    moved = shapely.transform(shape, lambda xy: xy + np.array([EAST, NORTH]))
    return PLANE.unproject([moved])[0]


def star(random, radius, corners, x=0.0, y=0.0, hole=False):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius * (1 + 0.5 * random.uniform(-1, 1, corners))
    shell = shapely.Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]))
    return shell.difference(shapely.Point(x, y).buffer(0.3 * radius, quad_segs=3)) if hole else shell


def searched(first, second, goal=50.0, decide=False):
    """The depth by the package."""
    pieces = shapely.get_parts(shapely.intersection(first, second))
    lower = min(shapely.get_dimensions(first), shapely.get_dimensions(second))
    pieces = pieces[shapely.get_dimensions(pieces) == lower]
    triangles, owner = triangulate(pieces, np.zeros(len(pieces), dtype=np.intp))
    borders = [border_segments(np.array([shape], dtype=object)) for shape in (first, second)]
    areal = [np.array([shapely.get_dimensions(shape) == 2]) for shape in (first, second)]
    ground = SharedGround(triangles, owner, *borders[0], areal[0], *borders[1], areal[1])
    return float(maximum_depth(ground, np.array([goal]), decide=decide)[0])


def oracle(first, second, cells=60):
    """The depth by brute force: a lower bound, close to exact."""
    shared = shapely.intersection(first, second)
    borders = [shapely.boundary(shape) for shape in (first, second) if shapely.get_dimensions(shape) == 2]

    def total(points):
        return sum(shapely.distance(border, points) for border in borders)

    west, south, east, north = shared.bounds
    if shapely.get_dimensions(shared) == 2:
        x, y = (
            values.ravel() for values in np.meshgrid(np.linspace(west, east, cells), np.linspace(south, north, cells))
        )
        points = shapely.points(x, y)
        points = points[shapely.intersects(points, shared)]
        points = np.append(points, shared.representative_point())
    else:
        step = max(shared.length, 1e-3) / 5_000
        points = shapely.points(shapely.get_coordinates(shapely.segmentize(shared, step)))
        top = points[np.argsort(-total(points))[:10]]
        around = shapely.intersection(shared, shapely.union_all(shapely.buffer(top, 2 * step)))
        return float(total(shapely.points(shapely.get_coordinates(shapely.segmentize(around, 2e-4)))).max())
    value = total(points)
    best = 0.0
    circle = np.column_stack([np.cos(np.arange(16) * np.pi / 8), np.sin(np.arange(16) * np.pi / 8)])
    for number in np.argsort(-value)[:12]:
        here, at, step = shapely.get_coordinates(points[number])[0], value[number], max(east - west, north - south) / 30
        while step > 1e-6:
            around = here + step * circle
            tried = shapely.points(around)
            found = np.where(shapely.intersects(tried, shared), total(tried), -1.0)
            if found.max() > at + 1e-12:
                at, here = found.max(), around[found.argmax()]
            else:
                step /= 2
        best = max(best, at)
    return best


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["area", "hole", "line", "point"]))
def test_depth_against_the_oracle(seed, kind):
    random = np.random.default_rng(seed)
    zone = star(random, random.uniform(4, 40), int(random.integers(5, 60)), hole=kind == "hole")
    x, y = random.uniform(-20, 20, 2)
    if kind == "line":
        site = shapely.LineString(random.uniform(-50, 50, (6, 2)))
    elif kind == "point":
        site = shapely.Point(x / 4, y / 4)
    else:
        site = star(random, random.uniform(2, 30), int(random.integers(4, 40)), x, y)
    shared = shapely.intersection(site, zone)
    if shared.is_empty or shapely.get_dimensions(shared) < shapely.get_dimensions(site):
        return
    expected, found = oracle(site, zone), searched(site, zone)
    if expected < 50.0:
        assert found == pytest.approx(expected, abs=1.1e-3)
    else:
        assert found > 49.9
    goal = random.uniform(0.5, 1.5) * expected
    if abs(goal - expected) > 5e-3:
        assert (searched(site, zone, goal, decide=True) > goal) == (expected > goal)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_more_vertices_and_another_start_change_no_depth(seed):
    random = np.random.default_rng(seed)
    site, zone = star(random, 20, 12), star(random, 25, 30, 10, 5)
    turned = shapely.reverse(shapely.Polygon(np.roll(shapely.get_coordinates(zone)[:-1], 7, axis=0)))
    assert searched(site, shapely.segmentize(turned, 1.0)) == pytest.approx(searched(site, zone), abs=1.1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 2 * np.pi))
def test_no_shift_below_the_depth_ends_an_overlap(seed, direction):
    random = np.random.default_rng(seed)
    site, zone = star(random, 10, 9), star(random, 15, 20, 12, 0)
    if site.intersection(zone).area < 1e-6:
        return
    step = 0.999 * searched(site, zone) * np.array([np.cos(direction), np.sin(direction)])
    assert shapely.transform(site, lambda xy: xy + step).intersects(zone)


@pytest.mark.parametrize(
    ("first", "second", "depth"),
    [
        pytest.param(shapely.box(0, 0, 4, 4), shapely.box(2, -50, 100, 50), 2.0, id="4 x 4 m base on a seam"),
        pytest.param(shapely.box(-100, 0, 100, 4), shapely.box(-1.5, -100, 1.5, 100), 3.5, id="road across a ditch"),
        pytest.param(shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 10), 10.0, id="the site is the zone"),
        pytest.param(shapely.box(-5, 0, 20, 0.1), shapely.box(0, -90, 90, 90), 20.0, id="needle of 10 cm into a zone"),
        pytest.param(
            shapely.box(0, 0, 100, 0.4), shapely.box(0, 0, 100, 0.4), 0.4, id="one strip, both borders common"
        ),
    ],
)
def test_depths_of_known_shapes(first, second, depth):
    assert searched(first, second) == pytest.approx(depth, abs=1.1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 4))
def test_the_bound_of_the_disc_is_one(seed, holes):
    random = np.random.default_rng(seed)
    shape = star(random, 20, 30)
    for _ in range(holes):
        shape = shape.difference(star(random, 2, 6, *random.uniform(-8, 8, 2)))
    parts = shapely.get_parts(shape)
    radius = shapely.length(shapely.maximum_inscribed_circle(parts, tolerance=1e-4))
    assert (disc_diameter_bound(parts) <= 2 * radius + 1e-3).all()
    assert parts_wider_than(parts, 0.9 * 2 * radius.min())[radius.argmin()]
    assert not parts_wider_than(parts, 1.03 * 2 * radius.max() + 2e-3).any()


def related(make_sites, make_layer, site, zones, *, site_error=0.1, zone_error=0.1, theme="karst_strong"):
    sites = make_sites([place(site)], accuracy_m=[site_error])
    layer = make_layer(theme, [place(zone) for zone in zones], accuracy_m=[zone_error] * len(zones))
    return overlay_layers(sites, [layer], PLANE, near_m=NEAR)


def one_row(overlay):
    (row,) = overlay.overlaps.itertuples()
    return row


def test_30_m2_behind_a_hair_of_20_km_overlap(make_sites, make_layer):
    site = shapely.box(0, 0, 20_000, 100)
    zone = shapely.union(shapely.box(0, -50, 20_000, 0.0004), shapely.box(9_000, -50, 9_006, 5))
    row = one_row(related(make_sites, make_layer, site, [zone]))
    assert (row.relation, row.doubtful) == ("overlap", False)
    hair = one_row(related(make_sites, make_layer, site, [shapely.box(0, -50, 20_000, 0.0004)]))
    assert (hair.relation, hair.area_m2) == ("touch", 0.0)


def test_a_strip_across_a_site_is_certain_whatever_its_vertices(make_sites, make_layer):
    site = shapely.box(0, 0, 100, 100)
    strip = shapely.box(48, -50, 52, 150)
    for zone in (strip, shapely.segmentize(strip, 100.0), shapely.segmentize(strip, 30.0)):
        row = one_row(related(make_sites, make_layer, site, [zone], site_error=4.0, zone_error=4.0))
        assert (row.relation, row.doubtful) == ("overlap", False)


def test_a_road_across_a_ditch_is_certain_and_has_no_reserve(make_sites, make_layer):
    row = one_row(
        related(
            make_sites,
            make_layer,
            shapely.box(-100, 0, 100, 4),
            [shapely.box(-1.5, -100, 1.5, 100)],
            site_error=4.0,
            zone_error=4.0,
        )
    )
    assert (row.relation, row.doubtful) == ("overlap", False)
    assert row.flip_m == pytest.approx(3.5, abs=2e-3) and np.isnan(row.reserve_m)


def test_a_site_that_is_the_zone_is_certain(make_sites, make_layer):
    site = shapely.box(0, 0, 10, 10)
    row = one_row(related(make_sites, make_layer, site, [site], site_error=4.0, zone_error=25.0))
    assert (row.relation, row.doubtful) == ("within", False)
    assert row.depth_m == pytest.approx(10.0, abs=2e-3) and np.isnan(row.reserve_m)


def test_a_zone_within_the_error_is_doubtful_and_one_beyond_it_is_not(make_sites, make_layer):
    site = shapely.box(0, 0, 100, 100)
    for gap, doubtful in ((1.0, True), (24.0, True), (25.5, False)):
        row = one_row(
            related(make_sites, make_layer, site, [shapely.box(100 + gap, 0, 300, 100)], site_error=0.1, zone_error=25)
        )
        assert (row.relation, row.doubtful) == ("near", doubtful)
        assert row.depth_m == pytest.approx(-gap, abs=2e-3) and row.flip_m == pytest.approx(gap, abs=2e-3)
        assert row.reserve_m == pytest.approx(gap - np.hypot(0.1, 25), abs=2e-3)


def test_a_common_border_has_depth_0_and_is_doubtful(make_sites, make_layer):
    site = shapely.box(0, 0, 100, 100)
    for offset in (0.0, 0.0015, -0.0015):
        row = one_row(related(make_sites, make_layer, site, [shapely.box(100 + offset, 0, 300, 100)]))
        assert (row.relation, row.doubtful, row.flip_m) == ("touch", True, pytest.approx(0.0, abs=2e-3))


def test_an_overlap_as_deep_as_the_error_only_is_doubtful(make_sites, make_layer):
    site = shapely.box(0, 0, 100, 100)
    for deep, doubtful in ((5.5, True), (5.8, False)):
        row = one_row(
            related(make_sites, make_layer, site, [shapely.box(100 - deep, -50, 300, 150)], site_error=4, zone_error=4)
        )
        assert (row.relation, row.doubtful) == ("overlap", doubtful)
        assert row.depth_m == pytest.approx(deep, abs=2e-3)


def test_deep_overlaps_are_at_least_50_m(make_sites, make_layer):
    row = one_row(related(make_sites, make_layer, shapely.box(0, 0, 500, 500), [shapely.box(-500, -500, 900, 900)]))
    assert (row.depth_m, row.depth_at_least, row.flip_m) == (50.0, True, 50.0)


def test_lines_and_points_by_what_lies_inside(make_sites, make_layer):
    zone = shapely.box(0, 0, 100, 100)
    deep = one_row(related(make_sites, make_layer, shapely.LineString([(-50, 60), (150, 60)]), [zone]))
    assert (deep.relation, deep.depth_m) == ("overlap", pytest.approx(40.0, abs=2e-3))
    along = one_row(related(make_sites, make_layer, shapely.LineString([(-50, 100.001), (150, 100.001)]), [zone]))
    assert along.relation == "touch"
    point = one_row(related(make_sites, make_layer, shapely.Point(30, 50), [zone]))
    assert (point.relation, point.depth_m) == ("within", pytest.approx(30.0, abs=2e-3))
    border = one_row(related(make_sites, make_layer, shapely.Point(0.001, 50), [zone]))
    assert (border.relation, border.doubtful) == ("touch", True)


def test_a_hole_cut_for_the_site_1_m_too_small_is_doubtful(make_sites, make_layer):
    site = shapely.box(0, 0, 100, 100)
    zone = shapely.box(-500, -500, 600, 600).difference(shapely.box(1, 1, 99, 99))
    row = one_row(related(make_sites, make_layer, site, [zone], site_error=4, zone_error=4))
    assert (row.relation, row.doubtful, row.depth_m) == ("overlap", True, pytest.approx(np.sqrt(2), abs=2e-3))


def test_a_crack_between_units_is_no_gap_and_a_wider_one_is(make_sites, make_layer):
    site = shapely.box(-50, -50, 50, 50)
    coverage = place(shapely.box(-500, -500, 500, 500))
    for crack, gaps in ((0.0003, 0), (0.02, 1)):
        units = [
            shapely.Polygon([(-500, 0), (500, crack), (500, 500), (-500, 500)]),
            shapely.box(-500, -500, 10, 0),
            shapely.box(10, -500, 500, 0),
        ]
        layer = make_layer("control_unit", [place(unit) for unit in units], coverage, grade=["general"] * 3)
        overlay = overlay_layers(make_sites([place(site)]), [layer], PLANE, near_m=NEAR)
        assert len(overlay.remainder) == gaps, crack
        assert ("S0000", "control_unit") in overlay.within_themes if not gaps else True


def test_49_m2_outside_the_coverage_behind_a_hair_are_a_gap(make_sites, make_layer):
    site = shapely.box(0, 0, 20_000, 100)
    coverage = shapely.box(-500, -500, 20_500, 99.9996).difference(shapely.box(9_000, 93, 9_007, 100))
    layer = make_layer("karst_strong", [place(shapely.box(0, 5000, 10, 5010))], place(coverage))
    overlay = overlay_layers(make_sites([place(site)]), [layer], PLANE, near_m=NEAR)
    (row,) = overlay.remainder.itertuples()
    assert row.reason == "outside_coverage" and row.area_m2 == pytest.approx(49.0, abs=9.0)


def test_two_bands_in_a_row_do_not_run_through_each_other():
    one, other = np.array([shapely.box(-100, 0, 100, 4)]), np.array([shapely.box(0, 3, 200, 8)])
    assert not run_through(one, other, shapely.intersection(one, other), np.array([4.0])).any()
