"""Attacks that know the kind of a shape: they find it, and so such shapes are withheld."""

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from lianzhou_gis.maps.disclosure.cell_zones import draw_zone
from lianzhou_gis.maps.disclosure.lattice import lattice_for, sample
from lianzhou_gis.maps.disclosure.shape_fits import piece_guess, polygon_guess
from tests.maps.disclosure.conftest import natural

GRID = lattice_for(500, 24.9)
HALF = np.linspace(0, np.pi, 60)
ARC = np.stack([np.cos(HALF), np.sin(HALF)], axis=1)
SHAPES = {
    "triangle": [(0, 0), (6000, 0), (2000, 4500)],
    "trapezium": [(0, 0), (6000, 0), (4500, 3500), (1200, 3500)],
    "L": [(0, 0), (6000, 0), (6000, 2200), (2200, 2200), (2200, 6000), (0, 6000)],
    "T": [(0, 0), (6000, 0), (6000, 2000), (4000, 2000), (4000, 5000), (2000, 5000), (2000, 2000), (0, 2000)],
    "pentagon": [(3000 * np.cos(angle), 3000 * np.sin(angle)) for angle in np.arange(5) * 2 * np.pi / 5],
    "half circle": 3000 * ARC,
    "sector": np.vstack([[(0, 0)], 4000 * ARC[:25]]),
    "ring sector": np.vstack([4000 * ARC[:30], 2000 * ARC[:30][::-1]]),
    "circle": 2500 * np.vstack([ARC, -ARC]),
    "rectangle": [(0, 0), (5000, 0), (5000, 3000), (0, 3000)],
    "stadium": shapely.get_coordinates(shapely.LineString([(0, 0), (4000, 0)]).buffer(1500, 32)),
}
STRAIGHT = ("triangle", "trapezium", "L", "rectangle")
ROUND = ("half circle", "sector")


def placed(name, turn=0, shift=0.0):
    """A shape in the county, turned by degrees."""
    flat = shapely.affinity.rotate(shapely.Polygon(SHAPES[name]), turn, origin=(0, 0))
    return shapely.transform(flat, lambda xy: xy / GRID.scale + [112.4 + shift, 24.9 + shift / 2])


def error_m(guess, shape):
    border = shapely.get_coordinates(shapely.segmentize(shape.boundary, 0.0001)) * GRID.scale
    return float(np.median(cKDTree(border).query(guess)[0]))


def errors(attack, name):
    found = []
    for turn, shift in zip((0, 11, 23, 37, 52, 71), (0, 0.0013, 0.0021, 0.0034, 0.0042, 0.0009), strict=True):
        shape = placed(name, turn, shift)
        cells = sample(shape, GRID)
        guess = attack(cells, cells.polygon())
        if len(guess):
            found.append(error_m(guess, shape))
    return found


@pytest.mark.parametrize("name", STRAIGHT)
def test_polygons_of_few_corners_are_recovered(name):
    """The attack must be good enough to be worth running: a tenth of a cell."""
    found = errors(polygon_guess, name)
    assert len(found) >= 4 and np.median(found) < 50 and min(found) < 35


@pytest.mark.parametrize("name", ROUND)
def test_arcs_are_recovered(name):
    assert np.median(errors(piece_guess, name)) < 60


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("turn", [0, 29])
def test_shapes_of_few_numbers_are_withheld(name, turn):
    zone = draw_zone(placed(name, turn), GRID, 50)
    assert zone.cells is None and zone.reason == "regular"


def test_a_town_line_across_a_circle_hides_no_centre():
    """A circle around a well that is cut by a ragged border keeps an arc, and its centre with it."""
    ragged = natural(112.42, 24.9, 4000, 5)
    cut = placed("circle") & ragged
    assert draw_zone(cut, GRID, 50).reason == "regular"


@pytest.mark.parametrize("width", [1, 30, 200])
def test_strips_are_withheld_however_long(width):
    strip = shapely.LineString([(0, 0), (90_000, 7000)]).buffer(width / 2)
    zone = draw_zone(shapely.transform(strip, lambda xy: xy / GRID.scale + [112.0, 24.6]), GRID, 50)
    assert zone.cells is None


def test_natural_zones_are_drawn():
    drawn = [draw_zone(natural(112.3 + seed / 20, 24.8, 2500, seed), GRID, 50) for seed in range(8)]
    assert sum(zone.cells is not None for zone in drawn) >= 5
    assert all(zone.error_m >= 35 for zone in drawn if zone.cells is not None)


def test_no_polygon_is_guessed_where_none_fits():
    cells = sample(natural(112.4, 24.9, 9000, 2, points=900), GRID)
    assert not len(polygon_guess(cells, cells.polygon()))
