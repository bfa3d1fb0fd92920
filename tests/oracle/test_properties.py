"""However sites and zones are drawn, ordered and cut, verdicts stay; a further fact makes nothing possibly stricter."""

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lianzhou_gis.formats import read_sites
from lianzhou_gis.screening import Screener
from tests.oracle.run import VERDICTS
from tests.oracle.worlds import ORDINARY, transformed

PLANE = "EPSG:4546"
MIDDLE = (641_449.0, 2_749_500.0)
GRADES = {
    "permanent_basic_farmland": [None],
    "water_source_zone": ["primary", "secondary", "quasi"],
    "ecological_redline": ["core", "general"],
}
# Decisions nearer to a limit than this may fall on either side of it.
NEAR_M = 0.02
FEW = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def shapes(far):
    """Rectangles and triangles in whole metres around a place."""
    place = st.integers(-far, far)
    box = st.builds(
        lambda x, y, wide, deep: shapely.box(x, y, x + wide, y + deep),
        place, place, st.integers(1, far), st.integers(1, far),
    )  # fmt: skip
    triangle = st.builds(
        lambda x, y, wide, deep: shapely.Polygon([(x, y), (x + wide, y + deep), (x - deep, y + wide)]),
        place, place, st.integers(1, far), st.integers(1, far),
    )  # fmt: skip
    return st.one_of(box, triangle)


@st.composite
def worlds(draw):
    """A theme, its zones with grades, how well they are known, and a site; all by metres."""
    theme = draw(st.sampled_from(sorted(GRADES)))
    zones = draw(st.lists(st.tuples(shapes(250), st.sampled_from(GRADES[theme])), min_size=1, max_size=3))
    # A zone that is there twice makes a layer incomplete.
    assume(len({shape.wkb for shape, _ in zones}) == len(zones))
    return theme, zones, draw(st.sampled_from([0.5, 5.0, 25.0])), draw(shapes(100))


def placed(shape):
    return shapely.transform(shape, lambda xy: xy + MIDDLE)


def more_vertices(shape, turn=1):
    """The same polygon with the middles of its edges as vertices, begun elsewhere and run the other way."""
    dense = shapely.segmentize(shape, shapely.length(shape) / 9)
    corners = np.roll(np.asarray(dense.exterior.coords)[:-1], turn, axis=0)[::-1]
    return shapely.Polygon(np.vstack([corners, corners[:1]]))


def cut_in_two(shape):
    """Its parts west and east of its middle."""
    west, south, east, north = shape.bounds
    middle = (west + east) / 2
    boxes = ((west, south, middle, north), (middle, south, east, north))
    halves = [shape.intersection(shapely.box(*box)) for box in boxes]
    return [half for half in halves if half.geom_type == "Polygon" and half.area > 1e-6]


def screener(folder, theme, zones, accuracy_m):
    """Prepare a screening of one layer of zones with grades."""
    folder.mkdir()
    table = {"zone_id": [f"Z{number}" for number in range(len(zones))], "grade": [grade for _, grade in zones]}
    frame = gpd.GeoDataFrame(table, geometry=[placed(shape) for shape, _ in zones], crs=PLANE)
    frame = frame.astype({"grade": "string"})
    pyogrio.write_dataframe(frame, folder / "zones.gpkg", driver="GPKG", geometry_type="Unknown")
    entry = {
        "id": "zones", "series": "zones", "theme": theme, "path": "zones.gpkg", "data_date": "2026-01-01",
        "coverage": shapely.box(112.2, 24.6, 112.75, 25.2).wkt, "accuracy_m": accuracy_m, "synthetic": True,
        "expected_count": len(zones),
    }  # fmt: skip
    document = {"region": {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}, "layers": [entry]}
    (folder / "layers.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return Screener.prepare(folder / "layers.yaml", as_of="2026-11-23", themes=[theme])


def answers(screener, sites, crs=PLANE, facts=ORDINARY):
    """Return verdict and worst possible one of each site, in the order given."""
    ids = [f"S{number}" for number in range(len(sites))]
    shapes = [placed(site) for site in sites]
    if crs != PLANE:
        shapes = [transformed(shape, PLANE, crs) for shape in shapes]
    frame = gpd.GeoDataFrame({"site_id": ids, "accuracy_m": 0.1}, geometry=shapes, crs=crs)
    result = screener.screen(read_sites(frame), facts=facts)
    found = result.assessment.answers
    close = result.overlaps["reserve_m"].abs().min() < NEAR_M if len(result.overlaps) else False
    return [(str(found[name].verdict), str(found[name].worst_possible)) for name in ids], bool(close)


@FEW
@given(world=worlds())
def test_how_a_site_is_drawn_changes_no_verdict(tmp_path_factory, world):
    theme, zones, accuracy_m, site = world
    prepared = screener(tmp_path_factory.mktemp("world") / "a", theme, zones, accuracy_m)
    ways = [site, more_vertices(site), more_vertices(site, 3), shapely.MultiPolygon(cut_in_two(site))]
    (first, *others), close = answers(prepared, ways)
    assume(not close)
    assert others == [first] * 3
    # Alone, in another order, and in another system.
    assert answers(prepared, [site])[0] == [first]
    assert answers(prepared, ways[::-1])[0] == [first] * 4
    assert answers(prepared, [site], "EPSG:4547")[0] == answers(prepared, [site], "EPSG:4490")[0] == [first]


@FEW
@given(world=worlds())
def test_how_zones_are_drawn_ordered_and_cut_changes_no_verdict(tmp_path_factory, world):
    theme, zones, accuracy_m, site = world
    folder = tmp_path_factory.mktemp("world")
    [first], close = answers(screener(folder / "a", theme, zones, accuracy_m), [site])
    assume(not close)
    drawn = [(more_vertices(shape), grade) for shape, grade in zones][::-1]
    assert answers(screener(folder / "b", theme, drawn, accuracy_m), [site])[0] == [first]
    halves = [(half, grade) for shape, grade in zones for half in cut_in_two(shape)]
    assert answers(screener(folder / "c", theme, halves, accuracy_m), [site])[0] == [first]


@FEW
@given(world=worlds(), names=st.lists(st.sampled_from(sorted(ORDINARY)), min_size=1, max_size=4, unique=True))
def test_a_further_fact_makes_nothing_possibly_stricter(tmp_path_factory, world, names):
    theme, zones, accuracy_m, site = world
    prepared = screener(tmp_path_factory.mktemp("world") / "a", theme, zones, accuracy_m)
    worst = len(VERDICTS)
    known = {name: value for name, value in ORDINARY.items() if name not in names}
    levels = []
    for name in (None, *names):
        known |= {name: ORDINARY[name]} if name else {}
        levels.append(VERDICTS.index(answers(prepared, [site], facts=dict(known))[0][0][1]))
    assert levels == sorted(levels) and max(levels) < worst


@pytest.mark.parametrize("far", [300.0, 26.0])
def test_the_properties_can_fail(tmp_path, far):
    """The sites that are compared differ where they should."""
    prepared = screener(tmp_path / "a", "permanent_basic_farmland", [(shapely.box(0, 0, 100, 100), None)], 0.5)
    near, away = shapely.box(50, 50, 150, 150), shapely.box(100 + far, 0, 200 + far, 50)
    assert answers(prepared, [near, away])[0] == [("prohibited",) * 2, ("no_conflict_found",) * 2]
