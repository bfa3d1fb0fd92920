"""Ways in which a site could be talked clear: odd towns, lines for areas, outfalls far off, layers nobody counted."""

import geopandas as gpd
import pytest
import shapely
import yaml

HERE = (112.438, 24.872)
FACTS = yaml.safe_load(
    """
    {target_use: warehouse, industry_code: G5990, construction_nature: new, wastewater_generated: no, new_outfall: no,
     soil_risk: no, fuel_kind: no_fuel, heavy_metal: no, reduction_source: no, incineration: no,
     landfill: no, solid_waste_disposal: no, hazardous_waste_facility: no, nimby: no, chemical: no, ore_mining: no,
     livestock: no, odour: no, changes_to_sensitive_use: no, approval_suspended: no, waste_gas: no,
     storage_oil_or_toxics: no, wharf: no}
    """
)
DISCHARGING = {**FACTS, "wastewater_generated": True, "wastewater_route": "surface_water", "new_outfall": True}


@pytest.fixture
def site(square):
    return square(*HERE, 80)


@pytest.fixture
def towns(county, square):
    county.add("administrative", square(*HERE, 5000), name="保安镇（示例）", zone_id="DEMO-441882105")
    county.add("administrative", square(112.6, 25.1, 5000), name="星子镇（示例）", zone_id="DEMO-441882101")
    return county


def reasons(result):
    """The gaps by theme, after a look that the site is not clear and that no printed word says so."""
    (row,) = result.sites.itertuples()
    assert row.verdict != "no_conflict_found" and row.worst_possible == "prohibited" and not row.complete
    assert "未发现" not in row.label_zh
    return set(zip(result.gaps["reason"], result.gaps["theme"], strict=True))


@pytest.mark.parametrize(
    "town", ["保安镇", "保安", "441882105", "441882105000", "连州市保安镇水口村", "保按镇", "Bao'an"]
)
def test_a_zone_of_a_table_in_the_town_of_the_site_however_it_is_written(towns, site, town):
    towns.add("contaminated_plot", None, grade="名录", town=town)
    assert ("no_geometry", "contaminated_plot") in reasons(towns.screen(site, FACTS))


@pytest.mark.parametrize("town", ["星子镇", "441882101"])
def test_a_zone_of_a_table_in_another_town(towns, site, town):
    towns.add("contaminated_plot", None, grade="名录", town=town)
    (row,) = towns.screen(site, FACTS).sites.itertuples()
    assert row.verdict == "no_conflict_found"


def test_the_town_that_a_site_names_adds_to_where_it_lies_and_proves_nothing(county, site, towns):
    towns.add("contaminated_plot", None, grade="名录", town="星子镇")
    assert ("no_geometry", "contaminated_plot") in reasons(towns.screen(site, FACTS, town=["星子镇"]))


def test_without_a_layer_of_towns_the_word_of_the_site_counts_for_nothing(county, site):
    county.add("contaminated_plot", None, grade="名录", town="保安镇")
    assert ("no_geometry", "contaminated_plot") in reasons(county.screen(site, FACTS, town=["星子镇"]))


def test_a_layer_of_which_no_zone_is_in_force(county, site, square):
    county.zones["ecological_redline"].clear()
    county.add("ecological_redline", square(*HERE, 500), grade="其他区域", valid_to="2026-11-22")
    assert ("layer_empty", "ecological_redline") in reasons(county.screen(site, FACTS))


def test_zones_out_of_force_do_not_count_as_those_expected(county, site, square):
    county.add("water_source_zone", square(112.3, 25.0, 50), grade="一级", valid_to="2020-12-31")
    county.entries["water_source_zone"]["expected_count"] = 2
    assert ("layer_incomplete", "water_source_zone") in reasons(county.screen(site, FACTS))


def test_a_layer_of_which_nobody_recorded_how_much_there_is(county, site):
    county.write()
    county.entries["permanent_basic_farmland"].pop("expected_count")
    county.zones["permanent_basic_farmland"] = []  # the file is written, its count is not noted again
    assert ("layer_incomplete", "permanent_basic_farmland") in reasons(county.screen(site, FACTS))


def test_a_red_line_that_is_drawn_as_a_line(county, site, square):
    county.add("ecological_redline", square(*HERE, 500).exterior, grade="其他区域")
    assert ("no_geometry", "ecological_redline") in reasons(county.screen(site, FACTS))


def test_the_accuracy_of_a_layer_of_areas_is_not_the_reach_of_a_point_in_it(county, site, moved):
    county.entries["contaminated_plot"]["accuracy_m"] = 1
    county.add("contaminated_plot", shapely.Point(moved(*HERE, 300, 0)), grade="名录")
    assert ("no_geometry", "contaminated_plot") in reasons(county.screen(site, FACTS))


def test_an_outfall_beyond_the_coverage(county, site, moved):
    outfall = shapely.Point(moved(*HERE, 9000, 0))
    county.add("water_function", shapely.Point(outfall).buffer(0.005), grade="Ⅲ类")
    result = county.screen(site, DISCHARGING, outfall=[outfall])
    assert not {("outside_coverage", "water_function")} & reasons_of(result)
    county.entries["water_function"]["coverage"] = site.buffer(0.02).wkt
    result = county.screen(site, DISCHARGING, outfall=[outfall])
    assert ("outside_coverage", "water_function") in reasons(result)
    (detail,) = result.gaps["detail"][result.gaps["reason"] == "outside_coverage"]
    assert detail["zh"].startswith("排污口") and detail["en"].startswith("the outfall")


def reasons_of(result):
    return set(zip(result.gaps["reason"], result.gaps["theme"], strict=True))


def test_the_coverage_of_layers_without_rules_on_outfalls_is_about_the_footprint(county, site, moved):
    county.entries["karst_strong"]["coverage"] = site.buffer(0.02).wkt
    county.add("water_function", shapely.Point(HERE).buffer(0.2), grade="Ⅲ类")
    result = county.screen(site, DISCHARGING, outfall=[shapely.Point(moved(*HERE, 9000, 0))])
    assert "outside_coverage" not in set(result.gaps["reason"])


def test_an_outfall_where_a_source_zone_crosses_itself(county, site, moved):
    lon, lat = moved(*HERE, 3000, 0)
    corners = [moved(lon, lat, east, north) for east, north in ((-300, -300), (300, 300), (300, -300), (-300, 300))]
    county.add("water_source_zone", shapely.Polygon(corners), grade="二级")
    county.add("water_function", shapely.Point(HERE).buffer(0.2), grade="Ⅲ类")
    # Between the wings of the bow-tie.
    result = county.screen(site, DISCHARGING, outfall=[shapely.Point(moved(lon, lat, 0, 200))])
    assert ("invalid_geometry", "water_source_zone") in reasons(result)


def test_an_outfall_into_water_of_no_known_class(county, site, moved):
    outfall = [shapely.Point(moved(*HERE, 900, 0))]
    assert ("unknown_grade", "water_function") in reasons(county.screen(site, DISCHARGING, outfall=outfall))
    # One that is not new and carries no more than before asks for no class.
    quiet = {**DISCHARGING, "new_outfall": False, "outfall_increases_discharge": False}
    (row,) = county.screen(site, quiet, outfall=outfall).sites.itertuples()
    assert row.verdict == "no_conflict_found"


@pytest.mark.parametrize("unit", ["DEMO-U11", "demo-u1"])
def test_an_item_of_the_access_list_for_a_unit_that_is_not_there(county, site, unit):
    county.item("DEMO-9", kind="prohibited", unit_id=unit, industries="G59", text="禁止仓储（示例）")
    result = county.screen(site, FACTS)
    assert ("layer_incomplete", "control_unit") in reasons(result)
    (detail,) = result.gaps["detail"]
    assert unit in detail["zh"]


@pytest.mark.parametrize("theme", ["karst_strong", "administrative"])
def test_a_day_for_which_there_are_no_rules(county, site, theme):
    county.entries[theme]["valid_from"] = "1900-01-01"
    result = county.screen(site, FACTS, as_of="1950-01-01", themes=[theme])
    assert reasons(result) == {("no_rule", theme), ("no_rule", None)}


@pytest.mark.parametrize(
    ("shape", "columns"),
    [
        (shapely.Point(HERE).buffer(1e-12), {}),
        (shapely.box(*HERE, HERE[0] + 0.01, HERE[1] + 1e-8), {}),
        (shapely.LineString([HERE, (HERE[0] + 0.01, HERE[1])]), {"corridor_width_m": [1e-6]}),
    ],
)
def test_a_site_too_thin_to_meet_anything(county, square, shape, columns):
    county.add("ecological_redline", square(*HERE, 5000), grade="核心保护区")
    result = county.screen(shape, FACTS, **columns)
    assert ("no_footprint", None) in reasons(result)


def test_a_layer_in_the_wrong_zone_is_refused(county, site, square):
    # Zone 38 in the drawing, zone 37 in the file: 300 km to the west of where it belongs.
    drawn = gpd.GeoSeries([square(*HERE, 500)], crs="EPSG:4490").to_crs("EPSG:4547")
    frame = gpd.GeoDataFrame({"zone_id": ["A"], "grade": ["核心区"]}, geometry=list(drawn), crs="EPSG:4546")
    frame.to_file(county.folder / "shifted.gpkg")
    county.entries["ecological_redline"]["path"] = "shifted.gpkg"
    assert ("unknown_crs", "ecological_redline") in reasons(county.screen(site, FACTS))


def test_a_site_and_a_zone_far_beyond_the_region(county, square):
    # The layers say that they speak for half of the province: zones that the study area leaves out must not be missed.
    far = (114.5, 26.5)
    for entry in county.entries.values():
        entry["coverage"] = shapely.box(110, 22, 117, 28).wkt
    county.add("ecological_redline", square(*far, 2000), grade="核心保护区")
    reasons(county.screen(square(*far, 80), FACTS))


@pytest.mark.parametrize("use", ["residential", "education", "green", "commercial", "utility", "other"])
@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("C2611", "park.industry_outside"),
        ("N7724", "source.waste_facility"),
        ("C1910", "heavy_metal.reduction"),
        ("C3021", "two_highs.control"),
        ("B1012", "source.mining"),
    ],
)
def test_the_use_of_the_land_spares_nothing_that_the_code_of_a_project_states(county, site, square, use, code, rule):
    county.add("water_source_zone", square(*HERE, 500), grade="secondary")
    facts = {name: FACTS[name] for name in ("construction_nature", "wastewater_generated", "new_outfall")}
    stated = county.screen(site, {**facts, "target_use": use, "industry_code": code})
    assert rule in set(stated.findings["rule_id"])
