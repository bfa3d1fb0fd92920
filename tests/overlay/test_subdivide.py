"""Cutting shapes into tiles and quarters loses and adds nothing."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.geodesy import StudyArea
from lianzhou_gis.overlay import quadtree
from lianzhou_gis.overlay import subdivide as subdivide_module
from lianzhou_gis.overlay.quadtree import Quadtree
from lianzhou_gis.overlay.subdivide import clip_by_boxes, split_geometries


def star(count, seed):
    random = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = 5000 * (1 + 0.4 * random.random(count))
    shell = np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
    hole = shapely.Point(300, 200).buffer(1500, quad_segs=max(count // 8, 4))
    return shapely.Polygon(shell).difference(hole)


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 4000), st.integers(0, 10_000), st.sampled_from([64, 256]))
def test_tiles_make_up_the_shape(count, seed, most):
    shape = star(count, seed)
    tiles, _ = split_geometries(np.array([shape], dtype=object), max_vertices=most)
    assert shapely.is_valid(tiles).all()
    assert (shapely.get_type_id(tiles) == 3).all()
    assert abs(shapely.area(tiles).sum() - shape.area) <= 1e-12 * shape.area
    assert (shapely.get_num_coordinates(tiles) <= most + 4).all()
    assert shapely.union_all(tiles).symmetric_difference(shape).area <= 1e-9 * shape.area


def test_long_lines_are_cut_and_their_length_retained():
    line = shapely.LineString([(0, 0), (9000, 4000), (20_000, 0)])
    tiles, owner = split_geometries(np.array([line, None, shapely.Polygon()], dtype=object), longest=3000, part=1000)
    bounds = shapely.bounds(tiles)
    assert (np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) <= 1000.001).all()
    assert abs(shapely.length(tiles).sum() - line.length) < 1e-6
    assert set(owner) == {0}


def test_points_are_left_as_they_are():
    tiles, _ = split_geometries(
        np.array([shapely.Point(1, 2), shapely.MultiPoint([(0, 0), (9e5, 9e5)])], dtype=object), longest=10, part=5
    )
    assert len(tiles) == 3


def test_a_corner_a_hair_from_the_edge_of_the_box_is_cut_all_the_same():
    """GEOS raises over it, and a layer with such a corner could not be used."""
    corner = shapely.Polygon(
        [(11024.999959917492, 2940925.000175166), (10874.999962295524, 2940974.9999892158), (12450, 2940674.999974316)]
    )
    box = np.array([8998.999958344877, 2938067.750017832, 10874.999962295526, 2941388.500005608])
    with pytest.raises(shapely.errors.GEOSException):
        shapely.clip_by_rect(corner, *box)
    other = shapely.box(9000, 2938100, 12000, 2938200)
    found = clip_by_boxes(np.array([other, corner, other], dtype=object), np.array([box, box, box]))
    assert found[1].area < 1e-6 and found[0].equals(found[2])
    assert found[0].area == pytest.approx((box[2] - 9000) * 100)
    study = StudyArea(tuple(float(value) for value in box))
    assert study.clip(np.array([corner], dtype=object))[0].area < 1e-6


def test_where_the_fast_cut_loses_ground_the_exact_one_is_taken(monkeypatch):
    shape = star(1000, 3)
    monkeypatch.setattr(
        subdivide_module, "clip_by_boxes", lambda shapes, boxes: np.full(len(shapes), shapely.Polygon())
    )
    tiles, _ = split_geometries(np.array([shape], dtype=object), max_vertices=64)
    assert abs(shapely.area(tiles).sum() - shape.area) <= 1e-12 * shape.area


@pytest.fixture
def areas():
    whole = [star(4000, 1), shapely.MultiPolygon([shapely.box(0, 0, 9, 9), star(3000, 2)]), None, shapely.Point(1, 1)]
    return np.array(whole, dtype=object)


def test_a_point_lies_in_the_quarters_as_in_the_whole(areas):
    points = shapely.points(np.random.default_rng(4).uniform(-8000, 8000, (4000, 2)))
    point, owner = Quadtree.build(areas).containing(points)
    inside = [set(np.flatnonzero(shapely.contains(area, points)).tolist()) for area in areas[:2]]
    assert [set(point[owner == number].tolist()) for number in (0, 1)] == inside
    assert len(point) == sum(map(len, inside)) and min(map(len, inside)) > 500


def test_where_a_fast_quarter_loses_ground_the_exact_one_is_taken(areas, monkeypatch):
    monkeypatch.setattr(quadtree, "clip_by_boxes", lambda shapes, boxes: np.full(len(shapes), shapely.Polygon()))
    made = Quadtree.build(areas)
    leaves = made.shapes.take(np.flatnonzero(made.children[:, 0] == -1))
    assert shapely.area(leaves).sum() == pytest.approx(np.nansum(shapely.area(areas)), rel=1e-12)
    assert len(leaves) > 10
