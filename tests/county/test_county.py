"""The committed county: synthetic, but such that a planner would believe it."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.geodesy import Plane, statutory_area
from lianzhou_gis.layers import load_layers
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.vocabulary import themes

LAYERS = Path(__file__).parents[2] / "layers"
PLANE = Plane()


@pytest.fixture(scope="module")
def loaded():
    catalog = Catalog.open(LAYERS / "layers.yaml")
    held = [theme for theme in themes() if theme not in {item.theme for item in catalog.elsewhere}]
    return load_layers(catalog, held, date(2026, 11, 23), facts=Rulebook.load().facts)


@pytest.fixture(scope="module")
def zones(loaded):
    return {
        layer.entry.id: gpd.GeoDataFrame(layer.zones, geometry="geometry", crs="EPSG:4490") for layer in loaded.layers
    }


@pytest.fixture(scope="module")
def outline(zones):
    places = zones["demo_administrative"]
    return places.geometry[places["zone_id"] == "DEMO-441882"].iloc[0]


def square_kilometres(shapes):
    return statutory_area(np.asarray(list(shapes), dtype=object)).sum() / 1e6


def whole(frame):
    return shapely.union_all(PLANE.project(frame.geometry.to_numpy()))


def test_every_layer_loads_and_only_the_two_plots_have_no_shape(loaded):
    assert {layer.status for layer in loaded.layers} == {"loaded"}
    assert {(gap.reason.value, gap.zone_id) for gap in loaded.gaps} == {
        ("no_geometry", "DEMO-WR-09"),
        ("no_geometry", "DEMO-WR-10"),
    }


def test_extent_and_area(outline):
    west, south, east, north = outline.bounds
    assert (west, south, east, north) == pytest.approx(
        (112 + 7 / 60, 24 + 37 / 60, 112 + 47 / 60, 25 + 12 / 60), abs=0.02
    )
    assert west < 112.5 < east
    assert square_kilometres([outline]) == pytest.approx(2668, rel=0.005)


@pytest.mark.parametrize(
    ("town", "area"),
    [
        ("星子镇", 462.5),
        ("西岸镇", 219.4),
        ("西江镇", 210.3),
        ("保安镇", 181.1),
        ("三水瑶族乡", 139.1),
        ("丰阳镇", 131.5),
    ],
)
def test_towns_of_very_unequal_size(zones, town, area):
    places = zones["demo_administrative"]
    found = places[places["name"].str.startswith(town)]
    assert square_kilometres(found.geometry) == pytest.approx(area, rel=0.1)


def test_twelve_towns_make_up_the_county(zones, outline):
    towns = zones["demo_administrative"]
    towns = towns[towns["zone_id"] != "DEMO-441882"]
    assert len(towns) == 12
    assert square_kilometres(towns.geometry) == pytest.approx(square_kilometres([outline]), abs=1e-5)


def test_the_red_line(zones, outline):
    red = zones["demo_redline"]
    assert shapely.get_num_coordinates(red.geometry.to_numpy()).sum() >= 100_000
    assert square_kilometres(red.geometry) / square_kilometres([outline]) == pytest.approx(0.2030, abs=0.0005)
    assert shapely.get_num_interior_rings(shapely.get_parts(red.geometry.to_numpy())).sum() > 20
    assert len(red) > 50
    cores = zones["demo_reserves"][zones["demo_reserves"]["grade"] == "core"]
    line = whole(red)
    assert shapely.difference(whole(cores), line).area < 1.0
    for other in ("demo_farmland", "demo_park"):
        assert shapely.intersection(whole(zones[other]), line).area < 1.0, other
    assert shapely.difference(line, PLANE.project([outline])[0]).area < 50.0


def test_seventeen_sources(zones, outline):
    sources = zones["demo_water_sources"]
    kinds = sources.groupby("source_name")["source_type"].first().value_counts().to_dict()
    assert kinds == {"river": 9, "groundwater": 5, "reservoir": 3}
    assert 2 <= sources[sources["grade"] == "quasi"]["source_name"].nunique() <= 4
    assert set(sources["part"]) == {"water", "land"}
    share = whole(sources).area / 1e6 / square_kilometres([outline])
    assert 0.01 < share < 0.03
    towns = sources.groupby("source_name")["town"].first()
    assert len(set(towns)) == 12
    assert set(zones["demo_backup_source"]["grade"]) == {"proposed"}


def test_the_intake_is_upstream_of_the_town_and_the_park_downstream(zones):
    sources = zones["demo_water_sources"]
    city = sources[sources["source_name"].str.contains("连州镇东陂河")]
    intake = city[city["grade"] == "primary"].union_all().centroid
    park = zones["demo_park"].geometry.iloc[0].centroid
    seat = shapely.Point(112.377, 24.781)
    # The river runs from the north-west to the town and on to the south-east.
    assert intake.x < seat.x and intake.y > seat.y
    assert park.y < seat.y - 0.03
    assert statutory_area(zones["demo_park"].geometry.to_numpy())[0] / 1e4 == pytest.approx(433.33, abs=0.005)


def test_twenty_eight_units_without_gap_or_overlap(zones, outline):
    units = zones["demo_units"]
    shapes = units.geometry.to_numpy()
    assert len(units) == 28 and shapely.coverage_is_valid(shapes)
    area = {grade: square_kilometres(part.geometry) for grade, part in units.groupby("grade")}
    total = sum(area.values())
    assert total == pytest.approx(square_kilometres([outline]), abs=1e-6)
    assert units["grade"].value_counts().to_dict() == {"priority": 11, "general": 9, "key": 8}
    shares = {grade: value / total for grade, value in area.items()}
    assert shares == pytest.approx({"priority": 0.49, "key": 0.14, "general": 0.37}, abs=0.03)


def test_the_park_lies_in_a_key_unit(zones):
    units = zones["demo_units"]
    within = units[units.contains(zones["demo_park"].geometry.iloc[0])]
    assert list(within["grade"]) == ["key"]


def test_every_unit_has_its_list(loaded, zones):
    listed = {item.unit_id for item in loaded.access_items}
    assert listed >= set(zones["demo_units"]["zone_id"])
    assert {item.kind for item in loaded.access_items} == {"prohibited", "restricted", "required", "encouraged"}
    assert all("示例" in item.text for item in loaded.access_items)


def test_it_states_that_it_is_synthetic(loaded, zones):
    for layer in loaded.layers:
        assert layer.entry.synthetic and "合成演示" in layer.entry.title["zh"]
        assert layer.zones["zone_id"].str.startswith("DEMO").all(), layer.entry.id
        named = layer.zones["name"].dropna()
        assert named.str.contains("示例").all(), layer.entry.id


def test_files_come_as_in_life():
    catalog = yaml.safe_load((LAYERS / "layers.yaml").read_text(encoding="utf-8"))
    paths = [LAYERS / entry["path"] for entry in catalog["layers"]]
    assert {path.suffix for path in paths} == {".gpkg", ".shp", ".geojson"}
    assert not list((LAYERS / "demo").glob("*.cpg"))
    raw = (LAYERS / "demo" / "jinyangqu.dbf").read_bytes()
    assert "禁养区".encode("gbk") in raw and raw[29] in (0x4D, 0x00)
    assert all(path.stat().st_size <= 3_000_000 for path in (LAYERS / "demo").rglob("*") if path.is_file())


def test_layers_in_both_zones(zones):
    systems = {name: set(frame["survey_crs"].dropna()) for name, frame in zones.items()}
    assert systems["demo_livestock"] == {"EPSG:4525"} and systems["demo_karst"] == {"EPSG:4526"}


def test_grades_of_plots_and_waters(zones):
    plots = set(zones["demo_plots"]["grade"])
    assert plots == {"listed", "assessment_pending", "suspected", "linked_supervision", "key_unit", "delisted"}
    assert set(zones["demo_water_functions"]["grade"]) == {"I", "II", "III"}
