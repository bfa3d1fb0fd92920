"""One run for all tests of documents: a site with findings, one without a footprint, one with a hostile name."""

import geopandas as gpd
import pytest
import shapely

from lianzhou_gis.runs import Run

NAME = '=HYPERLINK("http://x")#let x = "y" \\ <b>&'
KNOWN = {
    "all": {"construction_nature": "new", "related_to_water_supply": "no", "is_linear": "no"},
    "sites": {"DEMO-A": {"target_use": "industrial", "industry_code": "C3360"}},
}


@pytest.fixture(scope="session")
def made(tmp_path_factory, county_class):
    """The result and the run of three sites."""
    folder = tmp_path_factory.mktemp("reports")
    county = county_class(folder)
    square = shapely.box(112.44, 24.87, 112.441, 24.871)
    county.add("ecological_redline", square.buffer(0.004), grade="一般控制区", zone_id="DEMO-HX", name="甲红线（示例）")
    source = {"zone_id": "DEMO-SY", "source_name": "甲", "name": "秘密水源"}
    county.add("water_source_zone", square.buffer(0.004), grade="一级", **source)
    item = {"text": "禁止新建电镀项目（示例）", "industries": "C3360"}
    county.item("DEMO-2", kind="prohibited", unit_id="DEMO-U1", **item)
    hole = shapely.Polygon(square.exterior, [shapely.box(112.4402, 24.8702, 112.4404, 24.8704).exterior])
    shapes = [hole, shapely.Point(112.5, 24.95), shapely.box(112.55, 24.95, 112.552, 24.952)]
    columns = {"site_id": ["DEMO-A", "DEMO-B", "DEMO-C"], "name": ["甲项目（示例）", "乙点位", NAME]}
    frame = gpd.GeoDataFrame({**columns, "accuracy_m": [0.5] * 3}, geometry=shapes, crs="EPSG:4490")
    result = county.screen(frame, KNOWN)
    return result, Run.of(result), folder


@pytest.fixture(scope="session")
def run(made):
    return made[1]
