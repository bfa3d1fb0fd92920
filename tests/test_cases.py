"""The worked sites of ``tests/cases``: each is read by people, and comes out as it says there."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml

from lianzhou_gis.vocabulary import themes

FOLDER = Path(__file__).parent / "cases"
ORDINARY = yaml.safe_load((FOLDER / "ordinary.yaml").read_text(encoding="utf-8"))
KEYS = {"name", "law", "as_of", "site", "zones", "unit", "items", "facts", "unknown", "expect"}


def _cases():
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name != "ordinary.yaml":
            for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]:
                assert set(case) <= KEYS, (path.name, case["name"], set(case) - KEYS)
                yield pytest.param(case, id=f"{path.stem}: {case['name']}")


CASES = list(_cases())


def shape_of(site, rectangle, moved):
    """The site: a square, a rectangle, or a line with or without a width, around ``at``."""
    lon, lat = site["at"]
    wide, deep = site.get("size_m", [100, 100])
    if site.get("kind") == "line":
        return shapely.LineString([moved(lon, lat, -wide / 2, 0), moved(lon, lat, wide / 2, 0)])
    if site.get("kind") == "point":
        return shapely.Point(lon, lat)
    return rectangle(lon, lat, -wide / 2, -deep / 2, wide / 2, deep / 2)


def zone_of(site, zone, rectangle):
    """A zone by how it lies: over all of the site, over its eastern half, as a strip, or some metres to the east."""
    lon, lat = site["at"]
    wide, deep = site.get("size_m", [100, 100])
    east = {"all": -wide / 2 - 400, "east half": 0.0}.get(zone.get("covers"))
    if east is None:
        east = wide / 2 - zone["strip_m"] if "strip_m" in zone else wide / 2 + zone["east_m"]
    return rectangle(lon, lat, east, -deep / 2 - 400, wide / 2 + 800, deep / 2 + 400)


@pytest.mark.parametrize("case", CASES)
def test_worked_site(case, county, rectangle, moved):
    site = case["site"]
    if "unit" in case:
        county.zones["control_unit"][0]["grade"] = case["unit"]
    for item in case.get("items", ()):
        county.item(**item)
    for number, zone in enumerate(case.get("zones", ())):
        columns = {key: value for key, value in zone.items() if key not in ("theme", "covers", "strip_m", "east_m")}
        columns.setdefault("zone_id", f"DEMO-Z{number + 1}")
        county.add(zone["theme"], zone_of(site, zone, rectangle), **columns)
    facts = {**ORDINARY, **case.get("facts", {})}
    for name in case.get("unknown", ()):
        facts.pop(name)
    columns = {"corridor_width_m": [float(site["width_m"])]} if "width_m" in site else {}
    if "outfall_east_m" in site:
        columns["outfall"] = [shapely.Point(moved(*site["at"], site["outfall_east_m"], 0))]
    result = county.screen(shape_of(site, rectangle, moved), facts, as_of=str(case["as_of"]), **columns)
    expect = case["expect"]
    (row,) = result.sites.itertuples()
    restricting = result.findings[result.findings["effect"] != "notice"]
    found = dict(zip(restricting["rule_id"], restricting["effect"], strict=True))
    assert found == expect.get("findings", {})
    assert (row.verdict, row.worst_possible) == (expect["verdict"], expect.get("worst_possible", expect["verdict"]))
    asked = sorted({fact for facts in result.gaps["facts"] for fact in facts})
    assert asked == sorted(expect.get("asked", []))
    reasons = sorted(set(result.gaps["reason"]) - {"missing_fact"})
    assert reasons == sorted(expect.get("gaps", []))
    assert row.complete == (not asked and not reasons)
    if "label" in expect:
        assert row.label_zh == expect["label"]
    if row.verdict == "no_conflict_found":
        assert row.complete and row.worst_possible == "no_conflict_found"
    for rule in expect.get("notices", []):
        assert rule in set(result.findings["rule_id"][result.findings["effect"] == "notice"])
    for zone_id, square_metres in expect.get("areas_m2", {}).items():
        (area,) = result.overlaps["area_m2"][result.overlaps["zone_id"] == zone_id]
        # Sides are geodesics by their length: their area is that of the plane to a few parts in a hundred thousand.
        assert area == pytest.approx(square_metres, rel=5e-5, abs=0.05)
    for zone_id, metres in expect.get("distances_m", {}).items():
        (distance,) = result.overlaps["distance_m"][result.overlaps["zone_id"] == zone_id]
        assert distance == pytest.approx(metres, abs=0.02)


def test_there_are_cases_of_every_verdict_theme_and_state_of_the_law():
    cases = [parameter.values[0] for parameter in CASES]
    assert len(cases) >= 40
    verdicts = {case["expect"]["verdict"] for case in cases}
    assert verdicts == {
        "prohibited", "procedure_required", "needs_judgement", "conditional", "needs_information", "not_assessed",
        "no_conflict_found",
    }  # fmt: skip
    themes = {zone["theme"] for case in cases for zone in case.get("zones", ())}
    assert themes >= {
        "ecological_redline", "water_source_zone", "livestock_prohibited_zone", "contaminated_plot",
    }  # fmt: skip
    days = {str(case["as_of"]) for case in cases}
    assert min(days) < "2026-08-15" <= max(days)


def test_the_frame_given_is_not_changed(county):
    shape = shapely.box(112.4, 24.8, 112.401, 24.801)
    sites = gpd.GeoDataFrame({"site_id": ["A"], "livestock": ["no"]}, geometry=[shape], crs="EPSG:4490")
    before = sites.copy(deep=True)
    county.screen(sites)
    assert sites.equals(before)


def test_every_theme_has_a_worked_site_under_the_old_laws_and_under_the_code():
    reported = yaml.safe_load((FOLDER / "themes.yaml").read_text(encoding="utf-8"))["cases"]
    for day in ("2026-08-14", "2026-08-15"):
        listed = [case for case in reported if str(case["as_of"]) == day]
        shown = {zone["theme"] for case in listed for zone in case.get("zones", ())}
        shown |= {"control_unit" for case in listed if "unit" in case}
        assert shown == set(themes())
        assert all(case["expect"]["areas_m2"] for case in listed)
