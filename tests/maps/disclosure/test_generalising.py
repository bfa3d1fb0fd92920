"""Published borders keep their word: measured here with the geodesic, not with what drew them."""

import json

import numpy as np
import pyproj
import pytest
import shapely

from lianzhou_gis.maps.disclosure.generalising import decimals_for, generalised, on_grid

GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)


def wavy(start, end, points, amplitude, seed):
    """A line with many corners between two places."""
    random = np.random.default_rng(seed)
    steps = np.linspace(0, 1, points)
    aside = sum(random.normal(0, 1) / wave * np.sin(np.pi * wave * steps) for wave in range(1, 30))
    along = np.array(end) - start
    return np.outer(1 - steps, start) + np.outer(steps, end) + np.outer(aside * amplitude, [-along[1], along[0]])


def county_of_units(points=300):
    """Nine neighbours with wavy common borders, as control units have."""
    xs, ys = np.linspace(112.3, 112.36, 4), np.linspace(24.8, 24.86, 4)
    lines = []
    for i in range(4):
        for j in range(3):
            edge = 0 if i in (0, 3) else 0.15
            lines.append(wavy((xs[i], ys[j]), (xs[i], ys[j + 1]), points, edge, 10 * i + j))
            lines.append(wavy((xs[j], ys[i]), (xs[j + 1], ys[i]), points, edge, 100 + 10 * i + j))
    network = shapely.union_all([shapely.LineString(line) for line in lines])
    return shapely.get_parts(shapely.polygonize(list(shapely.get_parts(network))))


def densified(shape, step=2e-5):
    edge = shape if "Line" in shape.geom_type else shape.boundary
    return shapely.get_coordinates(shapely.segmentize(edge, step))


def farthest_m(one, other):
    """The directed Hausdorff distance of two borders, metres on the ellipsoid."""
    here, there = densified(one), densified(other)
    tree = shapely.STRtree(shapely.points(there * [np.cos(np.radians(24.83)), 1]))
    near = tree.nearest(shapely.points(here * [np.cos(np.radians(24.83)), 1]))
    return float(np.max(GEOD.inv(*here.T, *there[near].T)[2]))


def nearest_vertex_m(drawn, own):
    vertices = np.unique(shapely.get_coordinates(np.array(drawn, dtype=object)), axis=0)
    return min(float(GEOD.inv(*np.broadcast_to(point, own.shape).T, *own.T)[2].min()) for point in vertices)


@pytest.mark.parametrize("accuracy", [20, 50, 100])
def test_neighbours_stay_neighbours_within_the_accuracy(accuracy):
    units = county_of_units()
    own = np.unique(shapely.get_coordinates(units), axis=0)
    drawn = generalised(units, own, own, accuracy)
    kept = [number for number, shape in enumerate(drawn) if shape is not None]
    assert len(kept) >= len(units) - 1
    for number in kept:
        assert drawn[number].is_valid
        assert farthest_m(drawn[number], units[number]) <= accuracy + 1.2
        assert farthest_m(units[number], drawn[number]) <= accuracy + 1.2
    assert nearest_vertex_m(drawn[kept], own) >= accuracy / 2
    # No slit and no overlap: the whole has one outline, and the areas add up to it.
    assert shapely.coverage_is_valid(drawn[kept])
    whole = shapely.union_all(drawn[kept])
    assert sum(shape.area for shape in drawn[kept]) == pytest.approx(whole.area, rel=1e-9)
    if len(kept) == len(units):
        assert not [hole for part in shapely.get_parts(whole) for hole in part.interiors]
    decimals = decimals_for(accuracy)
    corners = shapely.get_coordinates(drawn[kept])
    assert np.allclose(corners, corners.round(decimals), atol=1e-12)
    assert not set(on_grid(corners, decimals)) & set(on_grid(own, decimals))


def test_a_narrow_strip_is_widened_within_the_accuracy():
    strip = shapely.LineString([(112.3, 24.8), (112.32, 24.81)]).buffer(0.0002)
    own = shapely.get_coordinates(strip)
    (drawn,) = generalised([strip], own, own, 100)
    assert drawn is not None and drawn.is_valid and drawn.area > strip.area
    assert farthest_m(drawn, strip) <= 101.2 and farthest_m(strip, drawn) <= 101.2
    assert nearest_vertex_m([drawn], own) >= 50


def test_what_cannot_be_drawn_truly_is_left_out():
    """A comb with teeth narrower than the accuracy: any coarser outline would stand too far from their grounds."""
    teeth = [shapely.box(112.3 + k * 0.0008, 24.8, 112.3 + k * 0.0008 + 0.0003, 24.82) for k in range(20)]
    comb = shapely.union_all([*teeth, shapely.box(112.3, 24.799, 112.316, 24.8005)])
    comb = shapely.segmentize(comb, 0.0002)
    own = shapely.get_coordinates(comb)
    (drawn,) = generalised([comb], own, own, 200)
    assert drawn is None or farthest_m(comb, drawn) <= 201.2


def test_layers_lying_over_each_other_and_points():
    one, two = shapely.box(112.3, 24.8, 112.33, 24.83), shapely.box(112.31, 24.81, 112.34, 24.84)
    point = shapely.Point(112.35, 24.85)
    own = shapely.get_coordinates([one, two, point])
    drawn = generalised([one, two, point], own, own, 50)
    assert all(shape is not None for shape in drawn)
    assert drawn[0].intersects(drawn[1]) and drawn[2].geom_type == "Point"
    assert 25 <= nearest_vertex_m(drawn, own)
    assert GEOD.inv(drawn[2].x, drawn[2].y, point.x, point.y)[2] <= 50


def test_the_same_again_and_nothing_from_nothing():
    units = county_of_units(60)
    own = shapely.get_coordinates(units)
    first, second = (generalised(units, own, own, 50) for _ in range(2))
    assert [shapely.to_wkb(shape) for shape in first] == [shapely.to_wkb(shape) for shape in second]
    assert len(generalised([], own, own, 50)) == 0
    assert json.dumps(decimals_for(50)) == "4"
