"""The promise: break exactly one thing, and it is said by name and never reads as no conflict."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml

from lianzhou_gis.errors import Message
from lianzhou_gis.vocabulary import GapReason

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


@pytest.fixture
def site(square):
    return square(*HERE, 80)


def only(result):
    (row,) = result.sites.itertuples()
    return row


def assert_never_clear(result, reason, theme=None):
    """The gap is there by name, and neither verdict nor label nor the check of its theme reads as no conflict."""
    row = only(result)
    gaps = result.gaps[result.gaps["reason"] == reason]
    assert len(gaps), sorted(set(result.gaps["reason"]))
    assert row.verdict != "no_conflict_found"
    assert row.worst_possible == "prohibited"
    assert not row.complete
    assert "未发现" not in row.label_zh and "No conflict" not in row.label_en
    if theme is not None:
        assert theme in set(gaps["theme"])
        checks = result.checks.set_index("theme")["status"]
        assert checks[theme] in ("not_assessed", "hit")
    assert all(text["zh"] and text["en"] for text in gaps["detail"])


def test_without_a_break_the_site_is_clear(county, site):
    row = only(county.screen(site, FACTS))
    assert (row.verdict, row.worst_possible, row.complete) == ("no_conflict_found", "no_conflict_found", True)
    assert row.label_zh == "在已核查图层内未发现冲突"


def test_layer_file_gone(county, site):
    county.entries["ecological_redline"]["path"] = "gone.gpkg"
    assert_never_clear(county.screen(site, FACTS), "layer_missing", "ecological_redline")


def test_theme_without_a_layer(county, site):
    del county.entries["karst_strong"]
    assert_never_clear(county.screen(site, FACTS), "layer_missing", "karst_strong")


def test_edition_not_yet_in_force(county, site):
    county.entries["karst_strong"]["valid_from"] = "2027-01-01"
    assert_never_clear(county.screen(site, FACTS), "layer_missing", "karst_strong")


def test_empty_layer(county, site):
    county.zones["water_source_zone"] = []
    assert_never_clear(county.screen(site, FACTS), "layer_empty", "water_source_zone")


def test_sixteen_of_seventeen_sources(county, site, square):
    for number in range(16):
        county.add("water_source_zone", square(112.25 + number / 100, 25.1, 50), grade="一级", source_name=f"S{number}")
    county.entries["water_source_zone"] |= {"expected_count": 17, "count_by": "source_name"}
    result = county.screen(site, FACTS)
    assert_never_clear(result, "layer_incomplete", "water_source_zone")
    (detail,) = result.gaps["detail"][result.gaps["reason"] == "layer_incomplete"]
    assert "17" in detail["zh"] and "16" in detail["zh"]


def test_rows_missing_against_the_recorded_count(county, site):
    county.entries["contaminated_plot"]["row_count"] = 5
    assert_never_clear(county.screen(site, FACTS), "layer_incomplete", "contaminated_plot")


def test_content_other_than_recorded(county, site):
    county.entries["contaminated_plot"]["sha256"] = "0" * 64
    assert_never_clear(county.screen(site, FACTS), "layer_incomplete", "contaminated_plot")


def test_control_unit_without_an_access_list(county, site):
    county.items.clear()
    assert_never_clear(county.screen(site, FACTS), "layer_incomplete", "control_unit")


def test_access_list_with_an_unreadable_row(county, site):
    county.item("DEMO-8", kind="perhaps")
    assert_never_clear(county.screen(site, FACTS), "layer_incomplete", "control_unit")


def test_expired_layer(county, site):
    county.entries["ecological_redline"]["valid_to"] = "2026-11-22"
    assert_never_clear(county.screen(site, FACTS), "layer_expired", "ecological_redline")
    # The last day itself still counts.
    assert only(county.screen(site, FACTS, as_of="2026-11-22")).verdict == "no_conflict_found"


def test_site_beyond_coverage(county, site, square):
    county.entries["ecological_redline"]["coverage"] = square(HERE[0] - 0.01, HERE[1], 2000).wkt
    result = county.screen(square(HERE[0], HERE[1], 80), FACTS)
    assert_never_clear(result, "outside_coverage", "ecological_redline")


def test_coverage_not_declared(county, site):
    del county.entries["ecological_redline"]["coverage"]
    assert_never_clear(county.screen(site, FACTS), "outside_coverage", "ecological_redline")


def test_the_part_beyond_coverage_is_measured(county, rectangle):
    lon, lat = HERE
    county.entries["ecological_redline"]["coverage"] = rectangle(lon, lat, -5000, -5000, 0, 5000).wkt
    result = county.screen(rectangle(lon, lat, -40, -40, 60, 40), FACTS)
    assert_never_clear(result, "outside_coverage", "ecological_redline")
    (gap,) = result.gaps[result.gaps["reason"] == "outside_coverage"].itertuples()
    assert gap.area_m2 == pytest.approx(60 * 80, rel=1e-4)
    assert gap.geometry.bounds[0] == pytest.approx(lon, abs=1e-7)


def test_gap_between_control_units(county, rectangle):
    lon, lat = HERE
    county.zones["control_unit"] = []
    west, east = rectangle(lon, lat, -9000, -9000, -1, 9000), rectangle(lon, lat, 1, -9000, 9000, 9000)
    county.add("control_unit", west, grade="general", zone_id="DEMO-U1")
    county.add("control_unit", east, grade="general", zone_id="DEMO-U2")
    county.item("DEMO-3", kind="encouraged", unit_id="DEMO-U2")
    result = county.screen(rectangle(lon, lat, -40, -40, 40, 40), FACTS)
    assert_never_clear(result, "coverage_gap", "control_unit")
    (gap,) = result.gaps[result.gaps["reason"] == "coverage_gap"].itertuples()
    assert gap.area_m2 == pytest.approx(2 * 80, rel=1e-3)


def test_unknown_reference_system_of_a_layer(county, site):
    path = county.folder / "park.gpkg"
    frame = gpd.GeoDataFrame(
        {"zone_id": ["DEMO-P"]}, geometry=[shapely.box(4e5, 2.7e6, 4.1e5, 2.8e6)], crs="EPSG:27700"
    )
    frame.to_file(path, driver="GPKG")
    county.entries["industrial_park"]["path"] = "park.gpkg"
    assert_never_clear(county.screen(site, FACTS), "unknown_crs", "industrial_park")


def test_unknown_datum_of_a_layer(county, site):
    path = county.folder / "park.gpkg"
    frame = gpd.GeoDataFrame(
        {"zone_id": ["DEMO-P"]}, geometry=[shapely.box(112.7, 25.1, 112.71, 25.11)], crs="EPSG:4490"
    )
    frame.to_crs("EPSG:4490").set_crs("EPSG:4610", allow_override=True).to_file(path, driver="GPKG")
    county.entries["industrial_park"]["path"] = "park.gpkg"
    assert_never_clear(county.screen(site, FACTS), "unreliable_datum", "industrial_park")


def test_unknown_datum_of_a_site(county, site):
    frame = gpd.GeoDataFrame({"site_id": ["A"], "accuracy_m": [0.5]}, geometry=[site], crs="EPSG:4610")
    assert_never_clear(county.screen(frame, FACTS), "unreliable_datum")


def test_broken_file(county, site):
    (county.folder / "broken.gpkg").write_bytes(b"SQLite format 3\x00" + b"\x00" * 4000)
    county.entries["no_burn_zone"]["path"] = "broken.gpkg"
    assert_never_clear(county.screen(site, FACTS), "read_error", "no_burn_zone")


def test_self_crossing_zone_under_the_site(county, site, moved):
    # A bow-tie drawn around the site: the site lies between its wings.
    corners = [moved(*HERE, east, north) for east, north in ((-300, -300), (300, 300), (300, -300), (-300, 300))]
    county.add("ecological_redline", shapely.Polygon(corners), grade="核心保护区")
    assert_never_clear(county.screen(site, FACTS), "invalid_geometry", "ecological_redline")


def test_self_crossing_zone_elsewhere_is_no_gap_here(county, site, moved):
    corners = [moved(112.3, 24.7, east, north) for east, north in ((-300, -300), (300, 300), (300, -300), (-300, 300))]
    county.add("ecological_redline", shapely.Polygon(corners), grade="核心保护区")
    result = county.screen(site, FACTS)
    assert only(result).verdict == "no_conflict_found"
    assert "geometry_repaired" in {issue.code for issue in result.issues}


def test_self_crossing_site(county, moved):
    corners = [moved(*HERE, east, north) for east, north in ((-40, -40), (40, 40), (40, -40), (-40, 40))]
    assert_never_clear(county.screen(shapely.Polygon(corners), FACTS), "invalid_geometry")


def test_unknown_grade(county, site, square):
    county.add("water_source_zone", square(*HERE, 300), grade="限制区")
    assert_never_clear(county.screen(site, FACTS), "unknown_grade", "water_source_zone")


def test_unknown_grade_of_a_receptor_nearby(county, site, square):
    county.add("receptor", square(HERE[0] + 0.002, HERE[1], 50), grade="某某设施")
    assert_never_clear(county.screen(site, FACTS), "unknown_grade", "receptor")


def test_zone_without_geometry_in_the_town_of_the_site(county, site, square):
    county.add("administrative", square(*HERE, 5000), name="保安镇")
    county.add("contaminated_plot", None, grade="名录", town="保安镇")
    assert_never_clear(county.screen(site, FACTS), "no_geometry", "contaminated_plot")


def test_zone_without_geometry_in_another_town(county, site, square):
    county.add("administrative", square(*HERE, 5000), name="保安镇")
    county.add("administrative", square(112.6, 25.1, 5000), name="星子镇")
    county.add("contaminated_plot", None, grade="名录", town="星子镇")
    assert only(county.screen(site, FACTS)).verdict == "no_conflict_found"


def test_zone_without_geometry_and_town(county, site, square):
    county.add("administrative", square(*HERE, 5000), name="保安镇")
    county.add("contaminated_plot", None, grade="名录")
    assert_never_clear(county.screen(site, FACTS), "no_geometry", "contaminated_plot")


def test_site_of_which_the_town_is_unknown(county, site):
    county.add("contaminated_plot", None, grade="名录", town="星子镇")
    assert_never_clear(county.screen(site, FACTS), "no_geometry", "contaminated_plot")


@pytest.mark.parametrize(("metres", "clear"), [(900, False), (1100, True)])
def test_plot_known_as_a_point_nearby(county, site, moved, metres, clear):
    county.add("contaminated_plot", shapely.Point(moved(*HERE, metres + 40, 0)), grade="疑似")
    # Nothing is said of how good the point is: it may be anywhere within a kilometre.
    county.entries["contaminated_plot"].pop("accuracy_m")
    result = county.screen(site, FACTS)
    if clear:
        assert only(result).verdict == "no_conflict_found"
    else:
        assert_never_clear(result, "no_geometry", "contaminated_plot")


def test_point_site(county):
    assert_never_clear(county.screen(shapely.Point(HERE), FACTS), "no_footprint")


def test_line_site_without_width(county, moved):
    line = shapely.LineString([HERE, moved(*HERE, 200, 0)])
    assert_never_clear(county.screen(line, FACTS), "no_footprint")
    assert only(county.screen(line, FACTS, corridor_width_m=[20.0])).verdict == "no_conflict_found"


def test_site_without_geometry(county, site):
    frame = gpd.GeoDataFrame({"site_id": ["A", "B"]}, geometry=[site, None], crs="EPSG:4490")
    result = county.screen(frame, FACTS)
    rows = result.sites.set_index("site_id")
    assert rows.loc["B", "verdict"] == "not_assessed"
    assert rows.loc["B", "worst_possible"] == "prohibited"


def test_missing_fact(county, site, square):
    county.add("karst_strong", square(*HERE, 300))
    result = county.screen(site, {key: value for key, value in FACTS.items() if key != "groundwater_risk"})
    assert_never_clear(result, "missing_fact", "karst_strong")
    (question,) = result.questions
    assert (question.fact, question.rules) == ("groundwater_risk", ("karst.groundwater_risk",))


def test_undecided_access_item(county, site):
    county.item("DEMO-7", kind="prohibited", text="禁止新建高污染项目（示例）")
    result = county.screen(site, FACTS)
    assert_never_clear(result, "access_undecided", "control_unit")
    assert only(result).verdict == "needs_information"
    settled = county.screen(site, {**FACTS, "access_item.DEMO-7": "no"})
    assert only(settled).verdict == "no_conflict_found"


def test_no_rule(county, site, square):
    county.add("nature_reserve", square(*HERE, 300), grade="实验区")
    assert_never_clear(county.screen(site, FACTS), "no_rule", "nature_reserve")


def test_a_clear_that_the_checker_of_sources_does_not_confirm(county, site, monkeypatch):
    refuse = Message.from_code("certificate_rule", rule="示例")
    monkeypatch.setattr("lianzhou_gis.screening.disagreements_of", lambda result, checker: {"DEMO-S": refuse})
    result = county.screen(site, FACTS)
    assert only(result).verdict == "not_assessed" and result.gaps["reason"].tolist() == ["check_disagrees"]


def test_every_reason_has_a_test():
    files = (Path(__file__), Path(__file__).parents[1] / "test_faults.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [reason.value for reason in GapReason if f'"{reason.value}"' not in text] == []


def test_scope_is_part_of_the_result(county, site):
    county.entries["ecological_redline"]["path"] = "gone.gpkg"
    result = county.screen(site, FACTS, themes=["karst_strong"])
    assert result.scope == ("karst_strong",)
    checks = result.checks.set_index("theme")["status"]
    assert checks["ecological_redline"] == "not_in_scope"
    assert checks["karst_strong"] == "none"


def test_a_setback_that_reaches_beyond_the_coverage(county, site, rectangle):
    # The layer of receptors ends 100 m east of the site: a school at 300 m would not be known.
    county.entries["receptor"]["coverage"] = rectangle(*HERE, -5000, -5000, 140, 5000).wkt
    county.zones["receptor"][0]["geometry"] = rectangle(*HERE, -4500, -4500, -4400, -4400)
    result = county.screen(site, {**FACTS, "soil_risk": "yes"})
    assert_never_clear(result, "outside_coverage", "receptor")
    (gap,) = result.gaps[result.gaps["rule_id"] == "receptor.soil_risk_nearby"].itertuples()
    assert "100" in gap.detail["zh"]
    assert only(county.screen(site, FACTS)).verdict == "no_conflict_found"
