"""The attacker with the published folder and this source code alone; his errors are measured here by other means."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from lianzhou_gis.maps.disclosure.attack_suite import attack_layer, hidden_errors
from lianzhou_gis.maps.disclosure.attacks import BORDER_ATTACKS, border_guesses, regularity
from lianzhou_gis.maps.disclosure.cell_zones import CellZone, draw_zone, draw_zones
from lianzhou_gis.maps.disclosure.lattice import CellSet, lattice_for, sample
from lianzhou_gis.resources import demo_folder
from tests.maps.disclosure.conftest import natural

GRID = lattice_for(500, 24.9)
# Metres on a local plane, from the radii of curvature at 24.9 degrees; the package measures on its own scale.
PLANE = "+proj=aeqd +lat_0=24.9 +lon_0=112.4 +ellps=GRS80"


@pytest.fixture(scope="module")
def sources():
    zones = gpd.read_file(demo_folder() / "demo" / "water_sources.gpkg")
    return zones.dissolve(["source_name", "grade"]).reset_index()


@pytest.fixture(scope="module")
def drawn(sources):
    return draw_zones(sources.geometry.to_numpy(), GRID, 50)


def flat(shapes):
    return gpd.GeoSeries(list(shapes), crs="EPSG:4490").to_crs(PLANE)


def dense(shape, step=10):
    return shapely.get_coordinates(shapely.segmentize(shape.boundary, step))


def error_m(guess, true):
    """The median distance from points of a guess to a border."""
    return float(np.median(cKDTree(dense(true)).query(guess)[0]))


def blurred_contour(cells, width, pixels=8):
    """An attacker's own smoothing: the cells as a picture, blurred, and the line of one half."""
    import contourpy

    field = gaussian_filter(np.kron(cells.mask.astype(float), np.ones((pixels, pixels))), width * pixels)
    lines = contourpy.contour_generator(z=field).lines(0.5)
    if not lines:
        return None
    columns_rows = (np.vstack(lines) + 0.5) / pixels + [cells.column, cells.row]
    lonlat = (columns_rows - 0.5) * cells.lattice.size
    return shapely.get_coordinates(flat(shapely.points(lonlat)).to_numpy())


def test_borders_of_the_source_zones_of_the_demo_stay_beyond_fifty_metres(sources, drawn):
    true = flat(sources.geometry)
    best = []
    for zone, shape in zip(drawn, true, strict=True):
        if zone.cells is None:
            continue
        errors = [error_m(dense(flat([zone.outline]).iloc[0]), shape)]
        for width in (0.3, 0.5, 0.7, 0.9, 1.2):
            guess = blurred_contour(zone.cells, width)
            if guess is not None:
                errors.append(error_m(guess, shape))
        for _, guess in border_guesses(zone.cells, zone.outline):
            if not len(guess):
                continue
            lonlat = guess / GRID.scale
            errors.append(error_m(shapely.get_coordinates(flat(shapely.points(lonlat)).to_numpy()), shape))
        best.append(min(errors))
    assert len(best) >= 12
    assert np.median(best) >= 50 and min(best) >= 25


def test_what_the_package_measures_is_what_is_measured_here(sources, drawn):
    true = flat(sources.geometry)
    for zone, shape in zip(drawn, true, strict=True):
        if zone.cells is not None:
            outline = error_m(dense(flat([zone.outline]).iloc[0]), shape)
            assert zone.errors["outline"] <= outline * 1.15 + 3
            # Not every zone is like a polygon of few corners.
            assert set(BORDER_ATTACKS) - {"polygon"} <= set(zone.errors) <= set(BORDER_ATTACKS)


def test_every_zone_is_drawn_or_has_a_reason(sources, drawn):
    for zone, row in zip(drawn, sources.itertuples(), strict=True):
        assert (zone.cells is None) == (zone.reason is not None)
        if "地下水" in row.source_name or row.grade == "一级保护区":
            assert zone.reason in ("too_small", "regular")
    assert sum(zone.cells is not None for zone in drawn) >= 12


def test_averaging_six_editions_brings_nothing(sources, drawn):
    """Editions with other zones, in another order, and with one neighbour changed."""
    shapes = sources.geometry.to_numpy()
    for edition in range(6):
        order = np.random.default_rng(edition).permutation(len(shapes))[edition:]
        changed = shapes.copy()
        changed[order[0]] = shapely.buffer(changed[order[0]], 0.001)
        for number in order[1:10]:
            again = draw_zone(changed[number], GRID, 50)
            assert shapely.to_wkb(again.outline) == shapely.to_wkb(drawn[number].outline)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (shapely.Point(112.4, 24.9).buffer(0.0005), "too_small"),
        (shapely.Point(112.4, 24.9).buffer(0.02, 64), "regular"),
        (shapely.box(112.4, 24.9, 112.45, 24.93), "regular"),
        (shapely.affinity.rotate(shapely.box(112.4, 24.9, 112.45, 24.93), 33), "regular"),
        (shapely.affinity.scale(shapely.Point(112.4, 24.9).buffer(0.02, 64), 1.8, 1), "regular"),
        (shapely.LineString([(112.3, 24.8), (112.5, 24.95)]).buffer(0.0006), "recoverable|too_small|regular"),
        (shapely.Point(112.4, 24.9), "not_areal"),
        (shapely.LineString([(112.3, 24.8), (112.5, 24.95)]), "not_areal"),
    ],
)
def test_shapes_that_give_themselves_away_are_withheld(shape, reason):
    zone = draw_zone(shape, GRID, 50)
    assert zone.cells is None and zone.reason in reason.split("|")


def test_a_strip_along_a_river_is_withheld():
    step = np.linspace(0, 1, 400)
    river = shapely.LineString(np.stack([112.2 + 0.4 * step, 24.8 + 0.02 * np.sin(30 * step)], axis=1))
    assert draw_zone(river.buffer(0.0004), GRID, 50).reason == "recoverable"


def test_a_gap_shows_no_more_than_a_zone(sources, drawn):
    """The hole of a withheld circle in a zone around it is filled, wherever the circle lies on the grid."""
    shown = [shape for shape, zone in zip(sources.geometry, drawn, strict=True) if zone.cells is not None]
    largest = [shapely.Polygon(max(shapely.get_parts(shape), key=shapely.area).exterior) for shape in shown]
    ground = shapely.affinity.scale(min(largest, key=lambda shape: regularity(shape, GRID.scale)), 4, 4)
    for shift in np.linspace(0, 0.004, 7):
        well = shapely.Point(ground.representative_point().x + shift, ground.representative_point().y + shift)
        for radius in (0.0004, 0.004, 0.008):
            ring = ground - well.buffer(radius, 32)
            zone = draw_zone(ring, GRID, 50)
            assert zone.cells is not None and shapely.contains(zone.outline, well)


def test_a_small_polygon_beside_a_zone_is_no_part_of_the_drawing(sources):
    zone = sources[sources.grade == "二级保护区"].geometry.iloc[0]
    largest = max(shapely.get_parts(zone), key=shapely.area)
    for column in range(3):
        centre = GRID.centres(22650 + column, 5540)
        intake = shapely.Point(*centre).buffer(3e-5)
        cells = draw_zone(shapely.MultiPolygon([largest, intake]), GRID, 50).cells
        assert cells is not None and (22650 + column, 5540) not in {tuple(cell) for cell in cells.numbers().tolist()}


def report(shapes, hidden=(), lines=(), protect=50):
    shapes = np.asarray([*shapes, None], dtype=object)[:-1]
    return attack_layer(
        "layer",
        shapes,
        draw_zones(shapes, GRID, 50),
        np.asarray([*hidden, None], dtype=object)[:-1],
        GRID,
        protect_m=protect,
        accuracy_m=380,
        exact_lines=lines,
    )


def test_the_report_of_the_demo(sources):
    found = report(sources.geometry)
    assert found.median_m >= 50 and found.least_m >= 25 and found.cells_differing == 0 and found.coarser_implied
    assert found.hidden_places == 24 and found.hidden_least_m == 100
    assert abs(found.near_share - found.near_by_chance) < 0.06


def test_what_an_attack_recovers_is_refused(sources):
    with pytest.raises(ValueError, match="borders are recovered"):
        report(sources.geometry, protect=80)
    shown = sources[sources.grade == "二级保护区"].geometry.iloc[0]
    outline = draw_zone(shown, GRID, 50).outline
    well = outline.centroid.buffer(0.0001)
    with pytest.raises(ValueError, match="from an object that is withheld"):
        report(sources.geometry, hidden=[well])


def test_the_gap_of_an_omitted_piece_is_an_attack():
    """A gap of one cell among drawn zones stands in the middle of the piece that was left out there."""
    cells = CellSet(GRID, 22600, 5500, np.ones((7, 7), dtype=bool))
    cells.mask[3, 3] = False
    middle = GRID.centres(np.array([22603]), np.array([5503]))
    zone = CellZone(cells, cells.polygon(), None, omitted=1, omitted_at=middle + 0.0001)
    assert hidden_errors([zone], [], None, GRID).max() < 25
    whole = CellSet(GRID, 22600, 5500, np.ones((7, 7), dtype=bool))
    zone = CellZone(whole, whole.polygon(), None, omitted=1, omitted_at=middle)
    assert not len(hidden_errors([zone], [], None, GRID))


def test_omitted_pieces_are_known():
    """The centroids of pieces too small to be drawn go with the zone."""
    piece = shapely.Point(112.6, 24.9).buffer(0.002)
    zone = draw_zone(shapely.MultiPolygon([natural(112.4, 24.9, 3000, 4), piece]), GRID, 50)
    assert zone.omitted == 1 and np.abs(zone.omitted_at - [112.6, 24.9]).max() < 1e-9


def test_hidden_places_of_the_whole_catalog_are_compared(sources):
    shown = max(shapely.get_parts(sources[sources.grade == "二级保护区"].geometry.to_numpy()), key=shapely.area)
    zones = draw_zones(np.array([shown], dtype=object), GRID, 50)
    centre = shapely.get_coordinates(zones[0].outline.centroid)
    assert hidden_errors(zones, [], centre, GRID).min() < 1
    assert hidden_errors(zones, [], centre + 0.01, GRID).min() > 500


def test_exact_borders_beside_generalised_ones_are_refused(sources):
    zone = max(sources.geometry, key=shapely.area)
    lines = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(zone))]
    with pytest.raises(ValueError, match="exact borders published beside it"):
        report([zone], lines=lines)
    far = [shapely.get_coordinates(shapely.LineString([(111.7, 24.2), (111.8, 24.3)]))]
    assert report([zone], lines=far).shared_border_m is None


def test_regularity():
    lobed = shapely.union_all([shapely.box(0, 0, 1, 3), shapely.box(0, 0, 3, 1)])
    assert regularity(shapely.box(0, 0, 2, 1), np.ones(2)) > 0.99 and regularity(lobed, np.ones(2)) < 0.7
    assert regularity(shapely.Polygon(), np.ones(2)) == 0


def test_drawing_is_linear_in_vertices():
    """Twice the vertices take about twice the time, never four times."""
    from time import process_time

    zone = shapely.Point(112.4, 24.9).buffer(0.08)
    times = []
    for step in (2e-6, 1e-6):
        shape = shapely.segmentize(zone, step)
        start = process_time()
        sample(shape, GRID)
        times.append(process_time() - start)
    assert times[1] < 3.5 * times[0] + 0.05
