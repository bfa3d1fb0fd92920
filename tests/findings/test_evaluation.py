"""What is kept for many sites changes nothing: answers are those of the records, whatever was screened before."""

import geopandas as gpd
import pytest
import shapely

import lianzhou_gis as lg
from lianzhou_gis.findings import answer_of

PLACE = (112.45, 24.88)
FACTS = [None, {"livestock": True}, {"livestock": False, "target_use": "industrial"}, {"industry_code": "A0313"}]


@pytest.fixture
def screener(county, square):
    county.add("water_source_zone", square(*PLACE, 900), grade="secondary", name="示例水源")
    county.add("ecological_redline", shapely.box(112.45, 24.87, 112.46, 24.89), grade="general")
    county.add("nature_reserve", square(*PLACE, 500))
    county.add("karst_strong", square(*PLACE, 3000))
    county.entries["permanent_basic_farmland"]["coverage"] = square(*PLACE, 700).wkt
    county.item("DEMO-2", kind="prohibited", industries="C26;C31", text="禁止新建化工、钢铁（示例）")
    county.item("DEMO-3", kind="restricted", text="限制开发强度过大的项目（示例）")
    catalog = county.write()
    return lambda: lg.Screener.prepare(catalog, as_of="2026-11-23")


@pytest.fixture
def sites(square):
    shapes = [
        square(PLACE[0] + 0.002 * east, PLACE[1] + 0.002 * north, 150) for east in (-3, 0, 3) for north in (-2, 2)
    ]
    outfalls = [None, None, f"{PLACE[0]},{PLACE[1]}", None, "112.6,25.0", None]
    table = {"site_id": [f"S{6 - number}" for number in range(6)], "outfall": outfalls, "accuracy_m": 0.5}
    return lg.read_sites(gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490"))


def of(records, site_id):
    return [record for record in records if record.site_id == site_id]


@pytest.mark.parametrize("facts", FACTS)
def test_an_answer_is_that_of_the_findings_and_gaps(screener, sites, facts):
    found = screener().screen(sites, facts=facts).assessment
    assert len(found.answers) == len(sites)
    for site_id, said in found.answers.items():
        assert said == answer_of(of(found.finding_records, site_id), of(found.gap_records, site_id))


def test_what_was_screened_before_changes_nothing(screener, sites):
    often = screener()
    for facts in [*FACTS, *reversed(FACTS)]:
        again, anew = (made.screen(sites, facts=facts).assessment for made in (often, screener()))
        assert again.answers == anew.answers
        assert again.finding_records == anew.finding_records
        assert (again.gap_records, again.access_records) == (anew.gap_records, anew.access_records)
        assert again.questions == anew.questions


def test_records_of_two_sites_are_not_the_same_objects(screener, sites):
    found = screener().screen(sites).assessment
    for records in (found.finding_records, found.gap_records):
        assert len({id(record) for record in records}) == len(records)
        assert {record.site_id for record in records} == set(found.answers)
