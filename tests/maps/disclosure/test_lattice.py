"""Cells of the fixed grid: what is in them is asked of shapely, not of what drew them."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.maps.disclosure.lattice import CellSet, lattice_for, sample

GRID = lattice_for(500, 24.9)


def parts_of(seed, count=12):
    """A square cut into pieces by random lines."""
    random = np.random.default_rng(seed)
    square = shapely.box(112.3, 24.8, 112.5, 24.95)
    ends = random.uniform([112.25, 24.75], [112.55, 25.0], (count, 2, 2))
    lines = shapely.node(shapely.union_all([square.boundary, *shapely.linestrings(ends)]))
    pieces = [
        piece for piece in shapely.get_parts(shapely.polygonize(list(shapely.get_parts(lines)))) if piece.area > 0
    ]
    return [piece for piece in pieces if square.contains(piece.representative_point())]


@pytest.mark.parametrize("width", [62.5, 125, 250, 500, 1000])
def test_a_cell_is_of_a_zone_whose_area_holds_its_centre(width):
    grid = lattice_for(width, 24.9)
    zone = shapely.Point(112.4, 24.9).buffer(0.02) - shapely.Point(112.41, 24.9).buffer(0.005)
    cells = sample(zone, grid)
    rows, columns = np.indices(cells.mask.shape)
    centres = grid.centres(columns.ravel() + cells.column, rows.ravel() + cells.row)
    assert (shapely.contains_xy(zone, *centres.T) == cells.mask.ravel()).all()
    assert cells.count == pytest.approx(zone.area / np.prod(grid.size), rel=0.2)
    outline = cells.polygon()
    assert outline.is_valid and outline.area == pytest.approx(cells.count * np.prod(grid.size))
    assert grid.holds_corners(shapely.get_coordinates(outline))
    assert not grid.holds_corners(shapely.get_coordinates(outline) + 1e-4)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_neighbours_leave_no_gap_and_share_no_cell(seed):
    pieces = parts_of(seed)
    sets = [sample(piece, lattice_for(125, 24.9)) for piece in pieces]
    cells = [tuple(cell) for item in sets for cell in item.numbers().tolist()]
    whole = sample(shapely.union_all(pieces), lattice_for(125, 24.9))
    assert len(cells) == len(set(cells))
    # A union may move a vertex of its pieces by rounding: no cell centre lies that near.
    assert set(cells) == {tuple(cell) for cell in whole.numbers().tolist()}
    outlines = np.array([item.polygon() for item in sets if item.count], dtype=object)
    assert shapely.coverage_is_valid(outlines)


def test_grids_nest_so_that_the_coarser_shows_nothing_more():
    zone = shapely.Point(112.4, 24.9).buffer(0.03)
    finer, coarser = (
        {tuple(cell) for cell in sample(zone, grid).numbers().tolist()} for grid in (GRID, GRID.coarser())
    )
    assert {(column // 2, row // 2) for column, row in finer if column % 2 == row % 2 == 0} == coarser


def test_the_grid_does_not_move_with_the_bounds_of_the_region():
    assert {lattice_for(500, latitude) for latitude in (24.1, 24.9, 26.2)} == {GRID}
    with pytest.raises(ValueError, match="too large"):
        lattice_for(1e6, 24.9)


def test_cells_that_meet_in_a_corner_are_parts_of_their_own():
    cells = CellSet(GRID, 5, 7, np.array([[True, False], [False, True]]))
    outline = cells.polygon()
    assert outline.geom_type == "MultiPolygon" and outline.is_valid and len(outline.geoms) == 2
    assert len(cells.corners()) == 7
    assert cells.border().sum() == 2
    assert CellSet(GRID, 0, 0, np.zeros((2, 2), dtype=bool)).polygon().is_empty
