"""Ways in which a site in a zone, or on ground that nobody knows, could read clear: none of them may."""

import json
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
import yaml
from shapely import LineString, MultiPolygon, Point, Polygon, box

from lianzhou_gis.formats import read_sites
from lianzhou_gis.screening import screen

ORDINARY = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))
FARMLAND = "permanent_basic_farmland"
TO_PLANE = pyproj.Transformer.from_crs(4490, 4546, always_xy=True)
TO_DEGREES = pyproj.Transformer.from_crs(4546, 4490, always_xy=True)
MIDDLE = TO_PLANE.transform(112.40, 24.85)
COUNTY = box(112.2, 24.6, 112.75, 25.2).wkt


def metres(shape):
    """A shape by metres from the middle of the site, in the numbers of zone 37 without prefix."""
    return shapely.transform(shape, lambda xy: xy + MIDDLE)


def degrees(shape):
    return shapely.transform(metres(shape), lambda xy: np.column_stack(TO_DEGREES.transform(xy[:, 0], xy[:, 1])))


def numbers(shape, system):
    """The numbers of a shape in another system, written as if they were of zone 37."""
    other = pyproj.Transformer.from_crs(4546, system, always_xy=True)
    return shapely.transform(metres(shape), lambda xy: np.column_stack(other.transform(xy[:, 0], xy[:, 1])))


SITE = box(-50, -50, 50, 50)
HERE, FAR = box(0, 0, 100, 100), box(3000, 3000, 3100, 3100)
RING = [(112.3995, 24.8495), (112.4005, 24.8495), (112.4005, 24.8505), (112.3995, 24.8505)]


class Ground:
    """A catalog of a few layers in a folder."""

    def __init__(self, folder):
        self.folder, self.entries = folder, []

    def layer(self, shapes, theme=FARMLAND, name=None, crs="EPSG:4546", columns=None, **entry):
        """Write a layer: shapes by metres from the middle, or as they are where ``crs`` is another."""
        name = name or f"{theme}{len(self.entries)}"
        table = {"zone_id": [f"Z{number}" for number in range(len(shapes))], **(columns or {})}
        path = self.folder / f"{name}.gpkg"
        placed = [shape if crs != "EPSG:4546" else metres(shape) for shape in shapes]
        frame = gpd.GeoDataFrame(table, geometry=placed, crs=crs)
        pyogrio.write_dataframe(frame, path, driver="GPKG", geometry_type="Unknown")
        self.entry(name, path.name, theme, **{"expected_count": len(shapes), **entry})
        return path

    def entry(self, name, path, theme=FARMLAND, **entry):
        known = {
            "id": name, "series": name, "theme": theme, "path": path, "data_date": "2026-01-01", "synthetic": True,
            "coverage": COUNTY, "accuracy_m": 1.0, "valid_from": "2000-01-01", **entry,
        }  # fmt: skip
        self.entries.append({key: value for key, value in known.items() if value is not None})

    def screen(self, site=SITE, accuracy_m=0.1, crs=None, **facts):
        """Return verdict and reasons of gaps of one site, or of the sites of a file."""
        document = {"region": {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}, "layers": self.entries}
        catalog = self.folder / "layers.yaml"
        catalog.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        if isinstance(site, shapely.Geometry):
            table = {"site_id": ["DEMO-S"], "accuracy_m": [accuracy_m]}
            site = gpd.GeoDataFrame(table, geometry=[metres(site)], crs="EPSG:4546")
        themes = sorted({entry["theme"] for entry in self.entries} - {"administrative"})
        result = screen(read_sites(site, crs=crs), catalog, facts={**ORDINARY, **facts}, as_of="2026-11-23",
                        themes=themes)  # fmt: skip
        return set(result.sites["verdict"]), set(result.gaps["reason"])


@pytest.fixture
def ground(tmp_path):
    return Ground(tmp_path)


def test_a_site_far_from_every_zone_is_clear(ground):
    ground.layer([FAR])
    assert ground.screen() == ({"no_conflict_found"}, set())


@pytest.mark.parametrize(
    ("cell", "gaps"),
    [("40m", set()), ("±40 米", set()), ("1:10000", {"layer_incomplete"}), (-40.0, {"layer_incomplete"}),
     (float("inf"), {"layer_incomplete"})],
)  # fmt: skip
def test_an_accuracy_that_is_no_plain_number_is_not_the_small_one_of_the_catalog(ground, cell, gaps):
    ground.layer([box(60, -50, 100, 50)], columns={"accuracy_m": [cell]})
    verdicts, reasons = ground.screen()
    assert verdicts != {"no_conflict_found"} and reasons == gaps


def test_an_accuracy_of_nought_is_an_empty_cell(ground):
    ground.layer([box(51, -50, 100, 50)], columns={"accuracy_m": [0.0]}, accuracy_m=None)
    assert ground.screen()[0] == {"needs_judgement"}


@pytest.mark.parametrize(
    ("shapes", "columns", "entry"),
    [
        ([FAR, FAR], {"zone_id": ["Z1", "Z2"]}, {}),
        ([FAR, FAR.reverse()], {"zone_id": ["Z1", "z1"]}, {}),
        ([FAR, FAR], {"zone_id": ["Z1", "Z1"], "OBJECTID": [1, 2]}, {"count_by": "source_row"}),
        ([FAR, FAR], {"zone_id": ["Z1", "Z2"], "OBJECTID": [1, 2]}, {"count_by": "OBJECTID"}),
    ],
)
def test_a_zone_that_is_there_twice_stands_for_no_other(ground, shapes, columns, entry):
    ground.layer(shapes, columns=columns, **entry)
    assert ground.screen() == ({"not_assessed"}, {"layer_incomplete"})


def test_zones_of_one_shape_and_two_names_are_two_zones(ground):
    ground.layer([FAR, FAR], columns={"name": ["甲（示例）", "乙（示例）"]})
    assert ground.screen() == ({"no_conflict_found"}, set())


@pytest.mark.parametrize("of_the_layer", [True, False])
def test_a_zone_far_smaller_than_approved_lacks_a_part(ground, of_the_layer):
    approved = {"official_area_m2": 1e6}
    ground.layer([FAR], **({**approved} if of_the_layer else {"columns": {"official_area_m2": [1e6]}}))
    assert ground.screen() == ({"not_assessed"}, {"layer_incomplete"})


def test_a_school_known_as_a_point_may_reach_into_the_setback(ground):
    ground.layer([Point(1100, 0)], theme="receptor", columns={"grade": ["school"]}, accuracy_m=None)
    verdicts, reasons = ground.screen(target_use="industrial", soil_risk=True)
    assert verdicts == {"not_assessed"} and "outside_coverage" in reasons


def test_ground_of_which_nothing_is_known_counts_with_the_errors_of_borders(ground):
    ground.layer([Point(1051, 0)], accuracy_m=None)
    assert ground.screen(accuracy_m=5.0)[0] == {"not_assessed"}
    assert ground.screen(site=box(-90, -50, 0, 50), accuracy_m=5.0) == ({"no_conflict_found"}, set())


@pytest.mark.parametrize(("accuracy_m", "clear"), [(500.0, False), (5.0, True)])
def test_the_border_of_an_administrative_coverage_has_an_error_too(ground, accuracy_m, clear):
    place = {"theme": "administrative", "name": "places", "accuracy_m": accuracy_m}
    ground.layer([box(-8000, -8000, 350, 8000)], columns={"zone_id": ["441882"], "name": ["连州市（示例）"]}, **place)
    ground.layer([box(-3000, 0, -2900, 100)], coverage="administrative:441882")
    assert (ground.screen()[0] == {"no_conflict_found"}) is clear


def test_a_coverage_of_unstated_datum_counts_where_both_readings_agree(ground):
    wide, close = box(-5000, -5000, 5000, 5000), box(-5000, -5000, 80, 5000)
    for area, clear in ((wide, True), (close, False)):
        (ground.folder / "coverage.geojson").write_text(json.dumps(shapely.geometry.mapping(degrees(area))))
        ground.entries.clear()
        ground.layer([FAR], coverage="coverage.geojson")
        assert (ground.screen()[0] == {"no_conflict_found"}) is clear


def test_a_layer_of_unstated_datum_is_read_in_both_datums(ground):
    features = [
        {"type": "Feature", "properties": {"zone_id": "Z"}, "geometry": shapely.geometry.mapping(degrees(zone))}
        # A web map draws things some 500 m away: read as such, this zone lies on the site.
        for zone in [box(350, -350, 750, -50)]
    ]
    (ground.folder / "red.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    ground.entry("red", "red.geojson", expected_count=1)
    verdicts, reasons = ground.screen()
    assert verdicts == {"not_assessed"} and reasons == {"unreliable_datum"}
    ground.entries[0]["datum"] = "cgcs2000"
    assert ground.screen() == ({"no_conflict_found"}, set())


def test_a_layer_in_web_map_coordinates_is_known_less_well(ground):
    ground.layer([FAR], accuracy_m=0.1)
    path = ground.layer([degrees(box(52, -50, 100, 50))], crs="EPSG:4490", datum="cgcs2000", accuracy_m=0.1)
    assert ground.screen() == ({"no_conflict_found"}, set())
    from lianzhou_gis.catalog import Catalog

    ground.entries[1]["datum"] = "gcj02"
    ground.screen()
    (layer,) = [one for one in Catalog.open(ground.folder / "layers.yaml").load().layers if one.entry.path == path.name]
    assert layer.columns["accuracy_m"].min() > 0.5


@pytest.mark.parametrize("system", [4547, 4548, 4502])
def test_numbers_of_another_zone_in_one_row(ground, system):
    fars = [metres(box(3000 + 200 * n, 3000, 3100 + 200 * n, 3100)) for n in range(5)]
    shapes = [*fars, MultiPolygon([fars[0], numbers(HERE, system)])]
    path = ground.layer([FAR] * 6, columns={"name": list("abcdef")})
    path.unlink()
    frame = gpd.GeoDataFrame({"zone_id": list("abcdef")}, geometry=shapes, crs="EPSG:4546")
    pyogrio.write_dataframe(frame, path, driver="GPKG", geometry_type="Unknown")
    verdicts, reasons = ground.screen()
    assert verdicts == {"not_assessed"} and reasons <= {"unknown_crs", "layer_incomplete"} and reasons


@pytest.mark.parametrize("key", ["Next", "NEXT "])
def test_a_page_with_a_next_one_is_not_whole(ground, key):
    feature = {"type": "Feature", "properties": {"zone_id": "Z"}, "geometry": shapely.geometry.mapping(degrees(FAR))}
    document = {"type": "FeatureCollection", "features": [feature], "links": [{"rel": key, "href": "?page=2"}]}
    (ground.folder / "red.geojson").write_text(json.dumps(document))
    ground.entry("red", "red.geojson", expected_count=1, datum="cgcs2000")
    assert ground.screen() == ({"not_assessed"}, {"layer_incomplete"})


@pytest.mark.parametrize("word", ["中心点", "平均", "形心坐标", "centroid"])
def test_the_middle_of_a_plot_is_no_corner_of_it(ground, word):
    ground.layer([box(20, -50, 100, 50)])
    corners = [(112.40, 24.8495), (112.4005, 24.8495), (112.4005, 24.8505), (112.40, 24.8505)]
    rows = [*((f"J{number}", *corner) for number, corner in enumerate(corners)), (word, 112.4001, 24.85)]
    path = ground.folder / "拐点.csv"
    path.write_text("点号,经度,纬度\n" + "".join(f"{name},{x},{y}\n" for name, x, y in rows), encoding="utf-8")
    (site,) = read_sites(path, crs="EPSG:4490").table["geometry"]
    assert len(site.exterior.coords) == 5
    assert ground.screen(str(path), crs="EPSG:4490")[0] == {"prohibited"}


def test_a_part_of_a_site_that_encloses_nothing_is_not_dropped(ground):
    ground.layer([box(-100, -100, 100, 100)])
    away = [[x + 0.1, y] for x, y in [*RING, RING[0]]]
    flat = [[112.4, 24.85], [112.4001, 24.85], [112.4002, 24.85], [112.4, 24.85]]
    path = ground.folder / "site.geojson"
    path.write_text(json.dumps({"type": "MultiPolygon", "coordinates": [[away], [flat]]}))
    verdicts, reasons = ground.screen(str(path))
    assert verdicts == {"not_assessed"} and "invalid_geometry" in reasons


@pytest.mark.parametrize(
    "zone",
    [
        MultiPolygon([box(-50 + n * 0.0038, -60, -50 + n * 0.0038 + 0.0019, 60) for n in range(50)]),
        shapely.union(box(200, -50, 300, 50), box(0, 0, 250, 0.001)),
        shapely.GeometryCollection([FAR, Point(0, 0)]),
        shapely.GeometryCollection([FAR, LineString([(-100, 0), (100, 0)])]),
        shapely.GeometryCollection([FAR, shapely.GeometryCollection([box(-1, -1, 1, 1)])]),
        Polygon(box(-500, -500, 500, 500).exterior, [box(-51, -51, 51, 51).exterior.coords]),
        LineString([(-100, -100), (100, -100), (100, 100), (-100, 100), (-100, -100)]),
    ],
)
def test_hairs_collections_holes_and_lines(ground, zone):
    ground.layer([zone], accuracy_m=5.0)
    assert ground.screen()[0] != {"no_conflict_found"}


def test_strips_that_cover_a_site_together(ground):
    ground.layer([box(-50 + n * 0.05, -60, -50 + (n + 1) * 0.05, 60) for n in range(2000)])
    assert ground.screen()[0] == {"prohibited"}


def test_a_geopackage_that_is_being_written_says_so(ground):
    path = ground.layer([FAR])
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        assert ground.screen() == ({"not_assessed"}, {"read_error"})
    finally:
        writer.close()


def test_a_border_that_all_but_meets_itself_stays_an_area_in_the_plane():
    from lianzhou_gis.geodesy import Plane
    from tests.oracle.worlds import make_world

    for seed in (739950000410, 739950000750, 739950001825):
        for edition in make_world(seed).editions:
            shapes = np.array([zone.shape for zone in edition.zones], dtype=object)
            if edition.system == "EPSG:4490":
                assert shapely.is_valid(Plane().project(shapes)).all()


@pytest.mark.parametrize(("east_m", "gap"), [(11_900, True), (5_000, False)])
def test_a_layer_that_ends_near_an_outfall_does_not_clear_it(ground, east_m, gap):
    ends = {"coverage": degrees(box(-20_000, -15_000, 12_000, 15_000)).wkt}
    ground.layer([box(-9000, -200, -8900, 200)], theme="water_source_zone", columns={"grade": ["一级"]}, **ends)
    table = {"site_id": ["DEMO-S"], "accuracy_m": [0.1], "outfall": [metres(Point(east_m, 0))]}
    site = gpd.GeoDataFrame(table, geometry=[metres(SITE)], crs="EPSG:4546")
    given = {"new_outfall": True, "wastewater_generated": True, "wastewater_route": "sewer_out_of_zone"}
    verdicts, reasons = ground.screen(site, **given)
    assert ("outside_coverage" in reasons) is gap and not (gap and verdicts == {"no_conflict_found"})


@pytest.mark.parametrize(("east_m", "gaps"), [(50.5, {"coverage_gap"}), (55.0, set())])
def test_a_gap_between_units_beside_a_site(ground, east_m, gaps):
    units = [box(-8000, -8000, east_m, 8000), box(east_m + 3, -8000, 8000, 8000)]
    columns = {"zone_id": ["U0", "U1"], "name": ["U0", "U1"], "grade": ["general", "general"]}
    rows = "".join(f"I{n},U{n},unit,spatial,encouraged,示例\n" for n in range(2))
    (ground.folder / "access.csv").write_text("item_id,unit_id,level,dimension,kind,text\n" + rows, encoding="utf-8")
    ground.layer(units, theme="control_unit", columns=columns, access_list="access.csv")
    assert ground.screen()[1] == gaps
