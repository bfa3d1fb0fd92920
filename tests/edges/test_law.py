"""The edge cases that a planner tests, by their numbers: what the law and the data make of a site."""

import re
from pathlib import Path

import pytest
import shapely

DOCUMENT = "示例函〔2026〕1号，示例机关，2026-01-05"


def test_edge_07_a_quasi_zone_alone_is_no_source_zone_and_states_what_else_is_checked(place):
    place.zone("water_source_zone", grade="准", zone_id="DEMO-Q")
    place.zone("water_function", grade="Ⅱ", zone_id="DEMO-F")
    farm = {"target_use": "agriculture", "industry_code": "A0313", "livestock": True, "livestock_head": 600}
    stated = place.screen(**farm, wastewater_generated=True, wastewater_route="reuse")
    assert not {"source.livestock", "source.secondary_discharging", "source.hazardous_stores"} & set(stated.found)
    assert stated.found["source.quasi_other_checks"] == "notice"
    assert stated.found["source.quasi_judgement"] == "needs_judgement"
    outfall = shapely.Point(place.at)
    stated = place.screen(
        columns={"outfall": [outfall]},
        new_outfall=True,
        wastewater_generated=True,
        wastewater_route="surface_water",
    )
    assert "source.outfall" not in stated.found
    assert stated.found["function.outfall_high_class"] == "prohibited"


def test_edge_08_without_discharge_a_secondary_zone_is_argued_and_with_it_ruled_out(place):
    place.zone("water_source_zone", grade="二级")
    quiet = place.screen()
    assert quiet.found["source.secondary_not_discharging"] == "procedure_required"
    assert quiet.verdict == "procedure_required"
    smoke = place.screen(waste_gas=True)
    assert smoke.found["source.secondary_other_pollutants"] == "needs_judgement"
    assert (smoke.verdict, smoke.worst) == ("needs_judgement", "prohibited")
    loud = place.screen(wastewater_generated=True, wastewater_route="sewer_out_of_zone")
    assert loud.found["source.secondary_discharging"] == "prohibited"
    assert loud.verdict == "prohibited"


@pytest.mark.parametrize(
    ("surface_kind", "related", "verdict"),
    [
        ("surface", False, "prohibited"),
        ("overhead", False, "needs_judgement"),
        ("bridge", False, "prohibited"),
        ("surface", True, "no_conflict_found"),
    ],
)
def test_edge_09_a_line_across_a_primary_zone(place, surface_kind, related, verdict):
    place.zone("water_source_zone", grade="一级", zone_id="DEMO-P")
    line = shapely.LineString([place.moved(*place.at, -50, 0), place.moved(*place.at, 50, 0)])
    stated = place.screen(
        shape=line,
        columns={"corridor_width_m": [30.0]},
        industry_code="E4812",
        is_linear=True,
        surface_kind=surface_kind,
        related_to_water_supply=related,
    )
    assert stated.verdict == verdict
    assert stated.of("DEMO-P").area_m2 == pytest.approx(stated.row.area_m2, rel=1e-9)


@pytest.mark.parametrize(
    ("theme", "grade", "rule"),
    [("ecological_redline", "其他区域", "redline.underground"), ("water_source_zone", "一级", "source.primary_span")],
)
def test_edge_10_a_tunnel_without_footprint_is_no_pass(place, theme, grade, rule):
    place.zone(theme, grade=grade)
    line = shapely.LineString([place.moved(*place.at, -50, 0), place.moved(*place.at, 50, 0)])
    facts = {"industry_code": "E4812", "is_linear": True, "surface_kind": "underground"}
    stated = place.screen(shape=line, columns={"corridor_width_m": [10.0]}, **facts)
    assert stated.found[rule] == "needs_judgement"
    assert (stated.verdict, stated.worst) == ("needs_judgement", "prohibited")
    bare = place.screen(shape=line, **facts)
    assert bare.verdict == "needs_judgement" and "no_footprint" in bare.gaps


def test_edge_11_pumped_storage_needs_the_route_of_national_major_projects(place):
    place.zone("ecological_redline", grade="其他区域")
    plant = {"target_use": "utility", "industry_code": "D4413", "energy_project": True, "hydraulic_works": True}
    assert place.screen(**plant).found["redline.other_activity"] == "prohibited"
    claimed = place.screen(**plant, national_major_project=True)
    assert claimed.verdict == "needs_information", "a claim without a document proves nothing"
    argued = place.screen(**plant, national_major_project=True, national_major_project_document=DOCUMENT)
    assert argued.found["redline.national_major"] == "procedure_required"
    assert "redline.other_activity" not in argued.found
    planned = place.screen("2025-06-01", **plant, national_major_project=True, national_major_project_document=DOCUMENT)
    assert planned.found["redline.energy_plan"] == "needs_judgement"


@pytest.mark.parametrize(
    ("nature", "severe", "more", "rule"),
    [
        ("rebuild", True, False, None),
        ("rebuild", False, True, "source.quasi_rebuilding"),
        ("extension", True, False, "source.quasi_severe"),
        ("extension", False, True, None),
        ("new", True, False, "source.quasi_severe"),
    ],
)
def test_edge_12_rebuilding_and_extension_in_a_quasi_zone(place, nature, severe, more, rule):
    place.zone("water_source_zone", grade="准")
    stated = place.screen(
        industry_code="C2221", construction_nature=nature, water_pollution_severe=severe, increases_discharge=more
    )
    banned = {name for name, effect in stated.found.items() if effect == "prohibited"}
    assert banned == ({rule} if rule else set())


def test_edge_13_what_was_before_the_zone(place):
    place.zone("water_source_zone", grade="一级", zone_id="DEMO-P")
    primary = place.screen(construction_nature="existing")
    assert "source.primary_unrelated" not in primary.found
    assert (primary.verdict, primary.worst) == ("needs_judgement", "prohibited")
    reported = primary.result.findings.set_index("rule_id")["paraphrase"]["source.existing_unrelated"]["zh"]
    assert "责令拆除或者关闭" in reported


def test_edge_13_what_was_before_the_red_line_leaves_in_order(place):
    place.zone("ecological_redline", grade="其他区域")
    stated = place.screen(construction_nature="existing")
    assert stated.found["redline.existing"] == "needs_judgement"
    assert "redline.other_activity" not in stated.found
    assert (stated.verdict, stated.worst) == ("needs_judgement", "prohibited")
    assert place.screen(construction_nature="new").verdict == "prohibited"


def test_edge_14_a_plot_that_was_listed_and_is_delisted_later(place):
    place.zone("contaminated_plot", 0, -400, 400, 400, grade="listed", zone_id="DEMO-L", valid_to="2024-06-30")
    place.zone("contaminated_plot", 0, -400, 400, 400, grade="delisted", zone_id="DEMO-D", valid_from="2024-07-01")
    before, after = place.screen("2024-06-30"), place.screen("2024-07-01")
    assert before.found["plot.listed_construction"] == "prohibited"
    assert before.of("DEMO-L").area_m2 == pytest.approx(5000, rel=5e-5)
    assert "plot.listed_construction" not in after.found
    assert after.found["plot.delisted"] == "notice"


def test_edge_14_a_plot_known_by_a_point_alone(place):
    place.county.add(
        "contaminated_plot", shapely.Point(place.moved(*place.at, 600, 0)), grade="listed", zone_id="DEMO-L"
    )
    stated = place.screen()
    assert "no_geometry" in stated.gaps
    assert stated.worst == "prohibited"


def test_edge_15_farmland_to_school_is_surveyed_whatever_its_past(place):
    facts = {"target_use": "education", "previous_use": "farmland", "changes_to_sensitive_use": True}
    for day in ("2026-08-14", "2026-08-15"):
        assert place.screen(day, **facts, soil_survey_done=False).verdict == "procedure_required"
        assert place.screen(day, **facts, soil_survey_done=True).verdict == "no_conflict_found"


def test_edge_17_the_edition_that_was_in_force_on_the_day_decides(place):
    county = place.county
    county.entries["redline_2018"] = {
        **county.entries["ecological_redline"],
        "id": "redline_2018",
        "series": "ecological_redline",
        "path": "redline_2018.gpkg",
        "valid_from": "2018-01-01",
        "valid_to": "2022-11-09",
    }
    county.entries["ecological_redline"]["valid_from"] = "2022-11-10"
    county.zones["redline_2018"] = []
    place.zone("redline_2018", grade="general", zone_id="DEMO-OLD")
    assert place.screen("2022-11-09").found["redline.other_activity"] == "prohibited"
    assert place.screen("2022-11-10").verdict == "no_conflict_found"
    county.entries["ecological_redline"]["valid_to"] = "2024-12-31"
    expired = place.screen("2025-01-01")
    assert "layer_expired" in expired.gaps
    assert expired.worst == "prohibited"


def test_edge_18_the_days_on_which_the_law_changes(place):
    place.zone("contaminated_plot", grade="suspected", zone_id="DEMO-L")
    due = {"soil_survey_done": False, "remediation_related": False}
    assert place.screen("2026-08-14", **due).found["plot.survey_due"] == "procedure_required"
    assert place.screen("2026-08-15", **due).found["plot.survey_due"] == "prohibited"


def test_edge_18_the_old_zones_of_a_reserve_end_on_their_day(place):
    place.zone("nature_reserve", grade="缓冲区", zone_id="DEMO-B")
    assert place.screen("2026-03-14").found["reserve.buffer"] == "prohibited"
    after = place.screen("2026-03-15")
    assert "no_rule" in after.gaps
    assert after.worst == "prohibited"


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("一级保护区", "source.primary_unrelated"),
        ("I级", "source.primary_unrelated"),
        ("1", "source.primary_unrelated"),
        ("一级", "source.primary_unrelated"),
        ("饮用水源一级", "source.primary_unrelated"),
        ("  一　级 ", "source.primary_unrelated"),
        ("１", "source.primary_unrelated"),
        ("Ⅱ级", "source.secondary_not_discharging"),
        ("二级保护区", "source.secondary_not_discharging"),
        ("准保护区", "source.quasi_other_checks"),
        ("准保护", "source.quasi_other_checks"),
    ],
)
def test_edge_21_names_of_grades_as_they_are_written(place, written, rule):
    place.zone("water_source_zone", grade=written)
    stated = place.screen()
    assert rule in stated.found
    assert "unknown_grade" not in stated.gaps


def test_edge_21_a_name_that_nobody_knows_is_a_gap(place):
    place.zone("water_source_zone", grade="特级")
    stated = place.screen()
    assert "unknown_grade" in stated.gaps
    assert stated.worst == "prohibited"


@pytest.mark.parametrize("theme", ["ecological_redline", "karst_strong", "receptor"])
def test_edge_22_a_layer_that_is_missing_is_no_clearance(place, theme):
    assert place.screen().verdict == "no_conflict_found"
    del place.county.entries[theme]
    stated = place.screen()
    assert ("layer_missing", theme) in set(zip(stated.result.gaps["reason"], stated.result.gaps["theme"], strict=True))
    assert (stated.verdict, stated.worst) == ("not_assessed", "prohibited")


def test_all_28_edge_cases_have_a_test():
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert {int(number) for number in re.findall(r"def test_edge_(\d\d)_", text)} == set(range(1, 29))
