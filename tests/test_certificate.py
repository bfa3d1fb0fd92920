"""A clear needs the agreement of a checker that reads the sources itself."""

import ast
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
import yaml

from lianzhou_gis import certificate, screening
from lianzhou_gis.catalog import Catalog
from lianzhou_gis.certificate import Checker
from lianzhou_gis.rulebook import Rulebook

DAY = date(2026, 11, 23)
HERE = (112.43, 24.87)
FACTS = yaml.safe_load((Path(__file__).parent / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def verdict_of(county):
    """What the checker says of a site in the county as it stands."""

    def _check(shape, facts=None, *, themes=("ecological_redline", "permanent_basic_farmland"), error_m=0.5):
        catalog = Catalog.open(county.write())
        known = Rulebook.load().infer({**FACTS, **(facts or {})}, DAY).facts
        found = Checker(catalog, Rulebook.load(), DAY, themes).check(
            np.array([shape], dtype=object), np.array([error_m]), [known], np.array([None], dtype=object)
        )
        return None if found[0] is None else found[0].code

    return _check


def test_a_site_apart_from_everything_is_agreed_to(verdict_of, square):
    assert verdict_of(square(*HERE, 100)) is None


@pytest.mark.parametrize(("east_m", "code"), [(-500, "certificate_zone"), (0.3, "certificate_zone"), (3, None)])
def test_a_zone_nearer_than_the_errors(county, verdict_of, square, rectangle, east_m, code):
    zone = rectangle(*HERE, 50 + east_m, -400, 900, 400)
    county.add("ecological_redline", zone, grade="核心保护区")
    assert verdict_of(square(*HERE, 100)) == code


def test_a_zone_within_a_setback_that_the_facts_call_up(county, verdict_of, square, rectangle):
    county.add("receptor", rectangle(*HERE, 350, -100, 400, 100), grade="学校")
    assert verdict_of(square(*HERE, 100), themes=("receptor",)) is None
    assert verdict_of(square(*HERE, 100), {"soil_risk": True}, themes=("receptor",)) == "certificate_zone"


def test_a_broken_zone_counts_with_all_that_it_encloses(county, verdict_of, square, moved):
    corners = [moved(*HERE, *place) for place in ((-300, -300), (300, 300), (300, -300), (-300, 300))]
    county.add("ecological_redline", shapely.Polygon(corners), grade="核心保护区")
    assert verdict_of(square(*moved(*HERE, -250, 0), 20)) == "certificate_zone"


def test_a_layer_that_is_not_whole(county, verdict_of, square):
    county.entries["ecological_redline"]["expected_count"] = 7
    assert verdict_of(square(*HERE, 100)) == "count_below_expected"


def test_a_site_at_the_edge_of_the_coverage(county, verdict_of, square, rectangle):
    county.entries["ecological_redline"]["coverage"] = rectangle(*HERE, -5000, -5000, 50.2, 5000).wkt
    county.zones["ecological_redline"][0]["geometry"] = rectangle(*HERE, -4500, -4500, -4400, -4400)
    assert verdict_of(square(*HERE, 100)) == "certificate_coverage"


def test_a_zone_of_unknown_grade(county, verdict_of, square):
    county.add("ecological_redline", square(*HERE, 500), grade="不明")
    assert verdict_of(square(*HERE, 100)) == "certificate_zone"


def test_an_item_of_the_access_list(county, verdict_of, square):
    assert verdict_of(square(*HERE, 100), themes=("control_unit",)) is None
    county.item("DEMO-9", kind="prohibited", unit_id="DEMO-U1", text="示例")
    assert verdict_of(square(*HERE, 100), themes=("control_unit",)) == "certificate_item"


def test_a_theme_without_a_layer(county, verdict_of, square):
    del county.entries["wetland"]
    assert verdict_of(square(*HERE, 100), themes=("wetland",)) == "theme_without_layer"


def test_where_the_checker_disagrees_the_site_is_not_assessed(county, square, monkeypatch):
    site, themes = square(*HERE, 100), ["ecological_redline"]
    result = county.screen(site, FACTS, themes=themes)
    assert result.sites["verdict"].tolist() == ["no_conflict_found"]
    (found,) = result.certificates.itertuples()
    assert (found.site_id, found.theme) == (result.sites["site_id"][0], "ecological_redline")
    assert found.distance_m >= 1000 > found.margin_m > 900 and found.coverage_m > 0.5
    refuse = certificate.Message.from_code("certificate_rule", rule="示例")
    monkeypatch.setattr(screening, "disagreements_of", lambda result, checker: {"DEMO-S": refuse})
    result = county.screen(site, FACTS, themes=themes)
    assert result.sites["verdict"].tolist() == ["not_assessed"]
    assert result.gaps["reason"].tolist() == ["check_disagrees"]
    assert [issue.severity for issue in result.issues if issue.code == "check_disagrees"] == ["error"]


def test_the_checker_shares_no_code_with_what_it_checks():
    for name in ("certificate.py", "certificate_sources.py", "certificate_record.py"):
        path = Path(certificate.__file__).with_name(name)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        rooms = {module.split(".")[1] for module in modules if module.startswith("lianzhou_gis.")}
        assert not rooms & {"geodesy", "layers", "overlay", "findings", "screening"}
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400
