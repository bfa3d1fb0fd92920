"""Earlier runs under another edition: which verdicts change and why; what cannot be repeated is named."""

import datetime

import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.formats import read_sites
from lianzhou_gis.intake.edition_diff import compare_editions
from lianzhou_gis.intake.editions import editions_of
from lianzhou_gis.intake.reruns import outcome_record, rerun, runs_in
from lianzhou_gis.screening import screen

DAY = datetime.date(2026, 11, 23)
INSIDE, OUTSIDE = shapely.box(112.401, 24.801, 112.402, 24.802), shapely.box(112.451, 24.801, 112.452, 24.802)
WEST, EAST = shapely.box(112.4, 24.8, 112.41, 24.81), shapely.box(112.45, 24.8, 112.46, 24.81)
COVER = shapely.box(112.0, 24.5, 112.9, 25.3).wkt

REGION = {"name": "某县", "bounds": [111.6, 24.1, 113.3, 25.7]}


@pytest.fixture
def catalog(desk):
    desk.catalog_path.parent.mkdir()
    entries = []
    for name, shape, begin, end in (("old", WEST, "2018-01-01", "2022-11-09"), ("new", EAST, "2022-11-10", None)):
        desk.file({"zone_id": ["A"], "grade": ["一级"]}, [shape], name=f"layers/{name}.gpkg")
        entries.append(
            {"id": name, "series": "s", "theme": "water_source_zone", "path": f"{name}.gpkg", "coverage": COVER,
             "valid_from": begin, "valid_to": end}
        )  # fmt: skip
    desk.begin(yaml.safe_dump({"region": REGION, "layers": entries}, allow_unicode=True))
    return desk.catalog()


@pytest.fixture
def diffs(catalog):
    pairs, _ = editions_of("old", "new", catalog=catalog.path, day=DAY)
    return [compare_editions(*pair) for pair in pairs]


@pytest.fixture
def facts(request):
    """A building that no primary zone allows; with nothing known a prohibition stays open everywhere."""
    return getattr(
        request, "param", {"related_to_water_supply": False, "is_linear": False, "construction_nature": "new"}
    )


@pytest.fixture
def runs(desk, catalog, facts):
    path = desk.file({"site_id": ["in", "out"]}, [INSIDE, OUTSIDE], name="sites.gpkg")
    for name, day in (("early", "2022-06-01"), ("late", "2026-11-23")):
        result = screen(read_sites(path), catalog, facts=facts, as_of=day, themes=["water_source_zone"])
        result.save(desk.path / "runs" / name)
    return desk.path / "runs"


def test_verdicts_that_would_change(runs, diffs):
    assert [folder.name for folder in runs_in(runs)] == ["early", "late"]
    early, late = (rerun(folder, diffs) for folder in runs_in(runs))
    assert (early.status, early.as_of) == ("changed", "2022-06-01")
    # The run of today rests on the new edition already.
    assert late.status == "not_affected"
    sites = {site.site_id: site for site in early.sites}
    assert set(sites) == {"in", "out"}
    assert sites["in"].old["verdict"] == "prohibited" != sites["in"].new["verdict"]
    assert sites["out"].new["verdict"] == "prohibited" != sites["out"].old["verdict"]
    assert any(item["zh"].startswith("不再：") for item in sites["in"].why)
    assert any(item["zh"].startswith("新增：") for item in sites["out"].why)
    assert outcome_record(early)["sites"][0]["site_id"] == "in"


@pytest.mark.parametrize("facts", [{}], indirect=True)
def test_the_same_verdict_on_other_grounds_is_reported_apart(runs, diffs):
    outcome = rerun(runs / "early", diffs)
    assert outcome.status == "grounds" and not any(site.changed for site in outcome.sites)
    assert {site.site_id for site in outcome.sites} == {"in", "out"} and all(site.why for site in outcome.sites)
    assert "结论不变，依据改变" in outcome.rows()[0][-1]


def test_a_run_whose_sites_are_gone_is_named(runs, diffs):
    (runs / "early" / "inputs" / "sites.gpkg").unlink()
    outcome = rerun(runs / "early", diffs)
    assert outcome.status == "not_repeatable" and "sites.gpkg" in outcome.reason["zh"]
    assert "无法重算" in outcome.rows()[0][-1]


def test_a_run_that_reads_otherwise_today_is_named(runs, diffs, desk):
    """The old edition's file is another one than the run saw: what the new one changes cannot be told."""
    (desk.catalog_path.parent / "old.gpkg").unlink()
    desk.file({"zone_id": ["A"], "grade": ["一级"]}, [shapely.box(112.7, 25, 112.71, 25.01)], name="layers/old.gpkg")
    outcome = rerun(runs / "early", diffs)
    assert outcome.status == "not_repeatable" and "图层 old 的内容" in outcome.reason["zh"] and outcome.sites == ()


def test_a_broken_run_is_named(runs, diffs):
    (runs / "early" / "result.json").write_text("{}", encoding="utf-8")
    assert rerun(runs / "early", diffs).status == "not_repeatable"


def test_a_folder_without_runs(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run folder"):
        runs_in(tmp_path)


def test_nothing_of_catalog_and_run_is_changed(runs, diffs, desk, catalog):
    before = desk.everything()
    rerun(runs / "early", diffs)
    assert desk.everything() == before and Catalog.open(catalog.path) == catalog
