"""Only what flips between two days is told, and why."""

import json

from click.testing import CliRunner

from lianzhou_gis.cli import main
from lianzhou_gis.compare import flips

PLACE = (112.45, 24.88)
PLATING = {"target_use": "warehouse", "soil_survey_done": "no", "remediation_related": "no", "previous_use": "plating"}


def on(county, square, day, facts=PLATING):
    return county.screen(square(*PLACE, 100), facts, as_of=day)


def test_the_unsurveyed_plating_plant_flips_on_the_day_of_the_code(county, square):
    county.add("contaminated_plot", square(*PLACE, 300), grade="suspected", name="原电镀厂（示例）")
    old, new = on(county, square, "2026-08-14"), on(county, square, "2026-08-15")
    (site,) = flips(new, old)
    turned = {flip.rule_id: (flip.before, flip.after) for flip in site.flips}
    assert turned["plot.survey_due"] == ("procedure_required", "prohibited")
    (flip,) = [flip for flip in site.flips if flip.rule_id == "plot.survey_due"]
    assert "2026-08-15" in flip.why["zh"] and "第461条" in flip.why["zh"] and "第59条" in flip.why["zh"]
    assert flip.zones == ("原电镀厂（示例）",)
    assert site.rebased > 0
    # Whichever way round it is asked.
    assert flips(old, new) == flips(new, old)


def test_days_under_the_same_law_and_layers_flip_nothing(county, square):
    county.add("contaminated_plot", square(*PLACE, 300), grade="suspected")
    assert flips(on(county, square, "2026-09-01"), on(county, square, "2026-11-23")) == []


def test_a_layer_that_is_not_in_force_yet_and_an_item_that_ends_are_reasons(county, square):
    county.add("water_source_zone", square(*PLACE, 300), grade="primary")
    county.entries["water_source_zone"]["valid_from"] = "2026-10-01"
    county.item("DEMO-2", kind="prohibited", industries="C26", text="禁止化工（示例）", valid_to="2026-09-30")
    facts = {"industry_code": "C2631"}
    (site,) = flips(on(county, square, "2026-09-30", facts), on(county, square, "2026-10-01", facts))
    turned = {flip.rule_id: flip for flip in site.flips}
    assert (turned["access_item.DEMO-2"].before, turned["access_item.DEMO-2"].after) == ("prohibited", None)
    assert "2026-09-30" in turned["access_item.DEMO-2"].why["zh"]
    assert turned["source.primary_unrelated"].before != turned["source.primary_unrelated"].after
    assert "图层版本" in turned["source.primary_unrelated"].why["zh"]


def test_the_command_lists_flips_alone(county, square, tmp_path):
    import geopandas as gpd

    county.add("contaminated_plot", square(*PLACE, 300), grade="suspected")
    catalog = county.write()
    sites = gpd.GeoDataFrame({"site_id": ["A"], **{key: [value] for key, value in PLATING.items()}},
                             geometry=[square(*PLACE, 100)], crs="EPSG:4490")  # fmt: skip
    sites.to_file(tmp_path / "s.gpkg")
    days = ["--as-of", "2026-08-15", "--against", "2026-08-14"]
    line = ["screen", str(tmp_path / "s.gpkg"), "--layers", str(catalog), *days]
    reported = CliRunner().invoke(main, [*line, "--json"])
    assert reported.exit_code == 0, reported.output
    document = json.loads(reported.stdout)
    assert (document["before"], document["after"]) == ("2026-08-14", "2026-08-15")
    assert {flip["rule_id"] for site in document["sites"] for flip in site["flips"]} >= {"plot.survey_due"}
    shown = CliRunner().invoke(main, line)
    assert "须履行程序" in shown.stdout and "初步筛查，不作为审批依据" in shown.stdout
    wrong = CliRunner().invoke(main, [*line[:-1], "yesterday"])
    assert wrong.exit_code == 2 and "--against" in wrong.stderr
