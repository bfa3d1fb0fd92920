"""What a layer rests on shows in its zones and in every clear: written digits, counts that nobody could make."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml

import lianzhou_gis as lg

COVER = shapely.box(112.2, 24.6, 112.75, 25.2).wkt
SITE = shapely.Polygon([(112.4312345, 24.8112345), (112.4321, 24.8112), (112.4322, 24.8121)])
FAR = shapely.box(112.5, 24.9, 112.51, 24.91)
# 0.0012345 degrees west of the site, or 125 m.
BESIDE = shapely.Polygon([(112.42, 24.80), (112.43, 24.81), (112.43, 24.82), (112.41, 24.83)])


@pytest.fixture(scope="module")
def facts():
    return yaml.safe_load(Path("tests/cases/ordinary.yaml").read_text(encoding="utf-8"))


def screened(folder, facts, zone, *, written=False, **entry):
    path = folder / ("zones.geojson" if written else "zones.gpkg")
    if written:
        shape = json.loads(shapely.to_geojson(zone))
        feature = {"type": "Feature", "properties": {"zone_id": "DEMO-1"}, "geometry": shape}
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    else:
        gpd.GeoDataFrame({"zone_id": ["DEMO-1"]}, geometry=[zone], crs="EPSG:4490").to_file(path)
    record = {
        "id": "farmland", "series": "farmland", "theme": "permanent_basic_farmland", "path": path.name,
        "data_date": "2026-01-01", "accuracy_m": 0.5, "synthetic": True, "coverage": COVER, **entry,
    }  # fmt: skip
    if "uncounted" not in record:
        record |= {"expected_count": 1, "count_by": "zone_id"}
    region = {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}
    catalog = folder / "layers.yaml"
    catalog.write_text(yaml.safe_dump({"region": region, "layers": [record]}, allow_unicode=True), encoding="utf-8")
    sites = lg.read_sites(SITE, crs="EPSG:4490", accuracy_m=0.5)
    return lg.screen(sites, catalog, facts=facts, as_of="2026-11-23", themes=["permanent_basic_farmland"])


def test_the_label_of_a_clear_says_that_nobody_could_count_a_layer(tmp_path, facts):
    result = screened(tmp_path, facts, FAR, uncounted="普查未公布数量（示例局，张某）")
    (label,) = result.sites["label_zh"]
    assert result.sites["verdict"].tolist() == ["no_conflict_found"] and "数量无法核对" in label
    (english,) = result.sites["label_en"]
    assert "could not be counted" in english
    assert "数量无法核对" not in screened(tmp_path, facts, FAR).sites["label_zh"].iloc[0]
    over = screened(tmp_path, facts, SITE.buffer(0.001), uncounted="普查未公布数量（示例局，张某）")
    assert over.sites["label_zh"].tolist() == ["触及禁止性规定"]


@pytest.mark.parametrize("written", [False, True])
def test_coarse_zones_do_not_clear_what_lies_within_their_last_digit(written, tmp_path, facts):
    more = {"crs": "EPSG:4490"} if written else {}
    result = screened(tmp_path, facts, BESIDE, written=written, **more)
    assert result.sites["verdict"].tolist() == ["needs_judgement"]
    assert result.sites["worst_possible"].tolist() == ["prohibited"]
    assert "zones_coarse" in {issue.code for issue in result.issues}
    fine = shapely.Polygon([*BESIDE.exterior.coords[:-1], (112.4123456789, 24.8123456789)])
    assert screened(tmp_path, facts, fine, written=written, **more).sites["verdict"].tolist() == ["no_conflict_found"]
