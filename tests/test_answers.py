"""Questions as a person answers them: rounds, checklists, answer sheets, the terminal."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lianzhou_gis.catalog import RegionFact
from lianzhou_gis.cli import main
from lianzhou_gis.cli.answers import list_version, read_answers
from lianzhou_gis.errors import FactError, FormatError
from lianzhou_gis.findings.given_facts import region_facts
from lianzhou_gis.rulebook import Rulebook

BOOK = Rulebook.load()
ROOT = Path(__file__).parents[1]
SITE = """{"type": "FeatureCollection", "features": [{"type": "Feature",
"properties": {"site_id": "S1", "accuracy_m": 0.5},
"geometry": {"type": "Polygon", "coordinates": [[
[112.3995, 24.8495], [112.4005, 24.8495], [112.4005, 24.8505], [112.3995, 24.8505], [112.3995, 24.8495]]]}}]}"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = tmp_path / "site.geojson"
    path.write_text(SITE, encoding="utf-8")

    def invoke(*arguments, **options):
        return CliRunner().invoke(main, [*map(str, arguments)], **options)

    invoke.site = path
    return invoke


def test_a_sheet_for_a_type_and_a_site_is_written_read_and_settles_the_site(run, tmp_path):
    sheet = tmp_path / "answers.yaml"
    done = run("rules", "facts", "--type", "warehouse", "--for", run.site, "--as-of", "2026-11-23", "-o", sheet)
    assert done.exit_code == 0, done.output
    data = yaml.safe_load(sheet.read_text(encoding="utf-8"))
    assert data["list_version"] == list_version(BOOK)
    asked = [name for name, value in data["sites"]["S1"].items() if value is None]
    assert 0 < len(asked) < 16 and data["sites"]["S1"]["project_type"] == "warehouse"
    data["answered_by"] = "规划股 甲"
    # What is a choice is none of its kind; an outfall is asked only where there is one.
    none = {name: BOOK.facts.get(name).not_there() for name in asked if name != "outfall"}
    data["sites"]["S1"] |= none
    sheet.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    done = run("screen", run.site, "--answers", sheet, "--as-of", "2026-11-23")
    assert done.exit_code == 0 and "待补充信息" not in done.stdout


def test_a_sheet_of_another_list_opens_its_none_of_these_again(tmp_path):
    path = tmp_path / "answers.yaml"
    sheet = {
        "answered_by": "甲",
        "list_version": "old",
        "sites": {"S1": {"livestock": False, "target_use": "warehouse"}},
    }
    path.write_text(yaml.safe_dump(sheet, allow_unicode=True), encoding="utf-8")
    facts, warnings = read_answers(path, BOOK)
    assert facts["sites"]["S1"] == {"livestock": None, "target_use": "warehouse"} and warnings
    path.write_text(yaml.safe_dump({**sheet, "answered_by": ""}), encoding="utf-8")
    with pytest.raises(FactError):
        read_answers(path, BOOK)


def test_asking_in_the_terminal_ends_where_nothing_is_open(run):
    typed = "\n".join(["普通仓储", "G5990", "新建", "0"]) + "\n"
    done = run("screen", run.site, "--ask", "--as-of", "2026-11-23", input=typed)
    assert done.exit_code == 0, done.output
    assert "属于哪一类项目" in done.stderr and "至少还需" in done.stderr


LINE = {"type": "LineString", "coordinates": [[112.40, 24.80], [112.42, 24.81]]}


@pytest.mark.parametrize(("typed", "width"), [("0\nbreit\n12\n", 12.0), ("\n", None)])
def test_the_width_of_a_line_without_one_is_asked(run, tmp_path, typed, width):
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {"site_id": "R1"}, "geometry": LINE}))
    done = run(
        "screen", path, "--ask", "--json", "--as-of", "2026-11-23", "--datum", "cgcs2000", input=typed + "\n" * 80
    )
    (site,) = json.loads(done.stdout)["sites"]
    assert "R1" in done.stderr and "宽度" in done.stderr
    assert ("0" in done.stderr and "“breit”不是米数" in done.stderr) == (width is not None)
    assert site["corridor_width_m"] == width
    assert ("no_footprint" in {gap["reason"] for gap in site["gaps"]}) == (width is None)


def test_the_card_says_how_to_give_the_width_of_a_line(run, tmp_path):
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {"site_id": "R1"}, "geometry": LINE}))
    assert "--corridor-width" in run("screen", path, "--as-of", "2026-11-23", "--datum", "cgcs2000").stdout


def test_an_outfall_answered_as_a_point_is_the_outfall_of_the_site(county, square):
    site = square(112.438, 24.872, 100)
    water = square(112.45, 24.872, 400)
    county.add("water_function", water, grade="II", zone_id="DEMO-W1", name="示例河")
    facts = {"new_outfall": True, "wastewater_route": "surface_water", "construction_nature": "new"}
    without = county.screen(site, facts)
    assert any("outfall" in names for names in without.gaps["facts"])
    result = county.screen(site, facts | {"outfall": "112.45,24.872"})
    assert not any("outfall" in names for names in result.gaps["facts"])
    assert "DEMO-W1" in set(result.findings["zone_id"])
    with pytest.raises(FormatError):
        county.screen(site, facts | {"outfall": "河边"})


def test_a_choice_on_a_list_is_asked_by_itself_where_it_is_there(run):
    typed = "\n".join(["普通仓储", "G5990", "新建", "1", "3"]) + "\n"
    done = run("screen", run.site, "--ask", "--as-of", "2026-11-23", input=typed)
    assert done.exit_code == 0, done.output
    assert "建成运营后，生产和生活废水排往何处" in done.stderr


def test_a_region_confirms_for_half_a_year_at_most():
    fact = RegionFact(
        value=False, document="函", office="局", confirmed_on=date(2026, 11, 1), valid_to=date(2028, 1, 1)
    )
    facts = {"approval_suspended": fact}
    assert region_facts(facts, BOOK.facts, date(2026, 11, 23)) == ({"approval_suspended": False}, [])
    found, issues = region_facts(facts, BOOK.facts, date(2027, 6, 1))
    assert found == {} and [issue.code for issue in issues] == ["region_fact_expired"]
    assert region_facts(facts, BOOK.facts, date(2026, 10, 31)) == ({}, [])
    with pytest.raises(FactError):
        region_facts({"livestock": fact}, BOOK.facts, date(2026, 11, 23))


def test_a_theme_held_elsewhere_is_no_gap_and_is_named(county, square):
    site = square(112.438, 24.872, 100)
    del county.entries["karst_strong"]
    assert "karst_strong" in set(county.screen(site).gaps["theme"])
    county.elsewhere = [{"theme": "karst_strong", "office": "清远市自然资源局", "reason": "本局不掌握该图层"}]
    result = county.screen(site)
    assert "karst_strong" not in set(result.gaps["theme"]) and "karst_strong" not in result.scope
    assert result.parameters["elsewhere"][0]["office"] == "清远市自然资源局"
