import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.maps.drawing import ALPHABET, DEGREES, encoded, simplified


def read(text):
    """The text of a ring back as degrees: the script's reading, written again here."""
    numbers, value, shift = [], 0, 0
    for letter in text:
        digit = ALPHABET.index(letter)
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
        else:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) / DEGREES


degrees = st.floats(-179, 179, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(degrees, st.floats(-80, 80)), min_size=2, max_size=30))
def test_what_is_written_is_read_again(points):
    line = shapely.LineString(points)
    reported = read(encoded([line])[0][0][1])
    assert reported[0] == pytest.approx(np.array(points[0]), abs=6e-7)
    assert reported[-1] == pytest.approx(np.array(points[-1]), abs=6e-7)
    assert shapely.hausdorff_distance(shapely.LineString(reported), line) < 2e-6


def test_every_kind_of_geometry():
    hole = shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2)
    mixed = shapely.GeometryCollection([shapely.MultiPolygon([hole, shapely.box(5, 5, 6, 6)]), shapely.Point(1, 2)])
    kinds = [
        [(part[0], len(part) - 1) for part in reported or []] for reported in encoded([mixed, None, shapely.Polygon()])
    ]
    assert kinds == [[("a", 2), ("a", 1), ("p", 1)], [], []]
    assert encoded([]) == []


def wavy(x, side):
    """A square whose left or right edge is a fine wave that its neighbour has as well."""
    wave = [(x + 0.0001 * np.sin(k), k * 0.001) for k in range(101)]
    return shapely.Polygon([(x + side, 0.0), *wave, (x + side, 0.1)])


def test_neighbours_retain_one_border():
    left, right = wavy(1.0, -0.1), wavy(1.0, 0.1)
    a, b = simplified([[left, right]]).shapes[0]
    assert shapely.get_num_coordinates(a) < shapely.get_num_coordinates(left)
    assert shapely.coverage_is_valid([a, b])
    assert shapely.union(a, b).area == pytest.approx(a.area + b.area, rel=1e-12)


def test_a_budget_is_retained_and_the_coarseness_reported():
    rough = shapely.Polygon([(np.cos(t) * (1 + 0.01 * np.sin(90 * t)), np.sin(t)) for t in np.linspace(0, 6.28, 20000)])
    fine, coarse = simplified([[rough]]), simplified([[rough]], most=500)
    assert (
        shapely.get_num_coordinates(coarse.shapes[0]).sum() <= 500 < shapely.get_num_coordinates(fine.shapes[0]).sum()
    )
    assert coarse.tolerance_m > fine.tolerance_m == pytest.approx(4.4)


def test_what_would_vanish_is_retained():
    crumb = shapely.box(0, 0, 1e-6, 1e-6)
    shapes = simplified([[crumb, shapely.box(1, 1, 2, 2)]]).shapes[0]
    assert not shapely.is_empty(shapes).any()
