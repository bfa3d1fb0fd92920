"""Cutting shapes into tiles loses and adds nothing."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.overlay.tiles import pieces_of


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
    tiles, _ = pieces_of(np.array([shape], dtype=object), max_vertices=most)
    assert shapely.is_valid(tiles).all()
    assert (shapely.get_type_id(tiles) == 3).all()
    assert abs(shapely.area(tiles).sum() - shape.area) <= 1e-12 * shape.area
    assert (shapely.get_num_coordinates(tiles) <= most + 4).all()
    assert shapely.union_all(tiles).symmetric_difference(shape).area <= 1e-9 * shape.area


def test_long_lines_are_cut_and_their_length_kept():
    line = shapely.LineString([(0, 0), (9000, 4000), (20_000, 0)])
    tiles, owner = pieces_of(np.array([line, None, shapely.Polygon()], dtype=object), longest=3000, part=1000)
    bounds = shapely.bounds(tiles)
    assert (np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) <= 1000.001).all()
    assert abs(shapely.length(tiles).sum() - line.length) < 1e-6
    assert set(owner) == {0}


def test_points_are_left_as_they_are():
    tiles, _ = pieces_of(
        np.array([shapely.Point(1, 2), shapely.MultiPoint([(0, 0), (9e5, 9e5)])], dtype=object), longest=10, part=5
    )
    assert len(tiles) == 3
