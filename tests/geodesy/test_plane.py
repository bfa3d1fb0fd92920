import importlib.util
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.geodesy import Plane, from_cgcs2000, gauss_kruger, length, statutory_area, to_cgcs2000

spec = importlib.util.spec_from_file_location("series", Path(__file__).with_name("series.py"))
series = importlib.util.module_from_spec(spec)
spec.loader.exec_module(series)

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
OUTER = [(37650500, 2746900), (37650500, 2747100), (37650700, 2747100), (37650700, 2746900)]
HOLE = [(37650575, 2746975), (37650625, 2746975), (37650625, 2747025), (37650575, 2747025)]


def test_golden_areas_of_the_square_with_a_hole():
    plot, outer = to_cgcs2000([shapely.Polygon(OUTER, [HOLE]), shapely.Polygon(OUTER)], gauss_kruger(37))
    assert statutory_area([plot, outer]) == pytest.approx([37479.009, 39977.61], abs=0.005)


def test_first_corner_in_the_other_zone():
    corner = to_cgcs2000([shapely.Point(37650500, 2746900)], gauss_kruger(37))
    other = from_cgcs2000(corner, gauss_kruger(38))[0]
    assert (other.y, other.x) == pytest.approx((2746925.429, 38347186.612), abs=6e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(112.1, 112.8),
    st.floats(24.6, 25.2),
    st.lists(st.tuples(st.floats(0.001, 0.15), st.floats(0, 0.99)), min_size=3, max_size=40),
)
def test_plane_area_equals_the_series(lon, lat, spokes):
    angles = np.linspace(0, 2 * np.pi, len(spokes), endpoint=False)
    radius = np.array([spoke[0] for spoke in spokes])
    ring = np.column_stack([lon + radius * np.cos(angles), lat + radius * np.sin(angles)])
    polygon = shapely.Polygon(ring)
    if polygon.is_valid and polygon.area > 1e-8:
        assert statutory_area([polygon])[0] == pytest.approx(series.series_area(polygon), rel=1e-9)


def test_short_edges_agree_with_geodesic_area():
    circle = shapely.Point(112.5, 24.9).buffer(0.02, quad_segs=64)
    geodesic = abs(GEOD.geometry_area_perimeter(circle)[0])
    assert Plane().project([circle])[0].area == pytest.approx(geodesic, rel=1e-6)


def test_back_from_the_plane():
    points = shapely.points(np.random.default_rng(1).uniform((112.1, 24.6), (112.8, 25.2), (500, 2)))
    plane = Plane()
    back = plane.unproject(plane.project_vertices(points))
    # 1e-5 mm on the ground.
    assert np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(points)).max() * 111_000 < 1e-8


def test_a_survey_line_stays_within_a_millimetre():
    line = shapely.LineString([(37600000, 2720000), (37620000, 2735000)])
    system = gauss_kruger(37)
    (lonlat,) = to_cgcs2000([line], system)
    plane = Plane()
    (cut,) = plane.project([lonlat], "EPSG:4525")
    dense = to_cgcs2000([shapely.segmentize(line, 5.0)], system)
    offset = shapely.distance(shapely.points(shapely.get_coordinates(plane.project_vertices(dense))), cut).max()
    assert offset < 1e-3
    assert (
        shapely.distance(
            shapely.points(shapely.get_coordinates(plane.project_vertices(dense))), plane.project_vertices([lonlat])[0]
        ).max()
        > 1.0
    )


def test_neighbours_get_the_same_points():
    left = shapely.Polygon([(0, 0), (0, 3000), (1111, 2999.5), (1000, 1)])
    right = shapely.Polygon([(1000, 1), (1111, 2999.5), (2000, 3000), (2000, 0)])
    shift = [shapely.affinity.translate(shape, 37640000, 2740000) for shape in (left, right)]
    plane = Plane()
    one, two = plane.project(to_cgcs2000(shift, gauss_kruger(37)), "EPSG:4525")
    shared = {tuple(xy) for xy in shapely.get_coordinates(one)} & {tuple(xy) for xy in shapely.get_coordinates(two)}
    assert len(shared) == 14
    assert one.intersection(two).area == 0


def test_every_kind_of_geometry_survives_cutting():
    hole = shapely.box(112.42, 24.82, 112.44, 24.84)
    shapes = [
        shapely.Point(112.4, 24.8),
        shapely.LineString([(112.4, 24.8), (112.5, 24.9)]),
        shapely.MultiPolygon(
            [shapely.box(112.4, 24.8, 112.5, 24.9) - hole, shapely.box(112.6, 24.8, 112.6001, 24.8001)]
        ),
        shapely.MultiLineString([[(112.4, 24.8), (112.5, 24.8)], [(112.4, 24.9), (112.4001, 24.9)]]),
        shapely.Polygon(),
        None,
        shapely.box(112.4, 24.8, 112.4001, 24.8001),
    ]
    projected = Plane().project(shapes)
    assert [None if s is None else s.geom_type for s in projected] == [
        None if s is None else s.geom_type for s in shapes
    ]
    assert shapely.get_num_interior_rings(shapely.get_parts(projected[2])).tolist() == [1, 0]
    assert shapely.get_num_coordinates(projected[2]) > 100
    assert shapely.get_num_coordinates(projected[6]) == 5
    assert projected[2].is_valid


def test_survey_systems_by_row():
    polygon = to_cgcs2000([shapely.box(37600000, 2720000, 37610000, 2730000)], gauss_kruger(37))[0]
    plane = Plane()
    mixed = plane.project([polygon, polygon], ["EPSG:4525", None])
    alone = [plane.project([polygon], "EPSG:4525")[0], plane.project([polygon])[0]]
    assert [shape.equals(other) for shape, other in zip(mixed, alone, strict=True)] == [True, True]
    assert abs(mixed[0].area - mixed[1].area) > 1.0


def test_lengths_are_geodesic():
    line = shapely.LineString([(112.40, 24.80), (112.41, 24.81), (112.43, 24.80)])
    multi = shapely.MultiLineString([line.coords, [(112.5, 24.8), (112.5, 24.81)]])
    expected = GEOD.geometry_length(line)
    assert length([line, multi], Plane())[0] == pytest.approx(expected, abs=1e-2)
    assert length([line, multi], Plane())[1] == pytest.approx(expected + GEOD.geometry_length(multi.geoms[1]), abs=1e-2)


def test_parameters_of_the_series_are_the_published_ones():
    assert pytest.approx(1.0033640898341927, rel=1e-15) == series.A
    assert pytest.approx(0.0011241893819271072, rel=1e-13) == series.B
