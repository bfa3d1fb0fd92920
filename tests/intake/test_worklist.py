"""The worklist as its reader opens it: a workbook without formulas, places in a GeoPackage, the same bytes again."""

import datetime
import zipfile

import openpyxl
import pyogrio
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.intake.checking import check_layers
from lianzhou_gis.intake.worklist import write_worklist

BOW_TIE = shapely.Polygon([(112.4, 24.8), (112.41, 24.81), (112.41, 24.8), (112.4, 24.81)])
BOX = shapely.box(112.42, 24.8, 112.43, 24.81)
EVIL = '=HYPERLINK("http://x","点")'

REGION = {"name": "某县", "bounds": [111.6, 24.1, 113.3, 25.7]}


@pytest.fixture
def check(desk):
    desk.catalog_path.parent.mkdir()
    names = [EVIL, "+86", "-1", "@SUM(A1)", "\t=1+1"]
    columns = {"zone_id": ["A", *names], "name": ["甲", *names], "grade": ["?"] * 6}
    path = desk.file(columns, [BOW_TIE, *[BOX] * 5], name="layers/w.gpkg")
    entry = {"id": "w", "series": "w", "theme": "water_source_zone", "path": path.name, "publisher": EVIL}
    desk.begin(yaml.safe_dump({"region": REGION, "layers": [entry]}, allow_unicode=True))
    return check_layers(Catalog.open(desk.catalog_path), datetime.date(2026, 11, 23), facts=desk.facts)


def test_texts_never_become_formulas(check, tmp_path):
    write_worklist(check, tmp_path / "out")
    book = openpyxl.load_workbook(tmp_path / "out" / "worklist.xlsx")
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert {EVIL, "+86", "-1", "@SUM(A1)", "=1+1"} <= {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]
    with zipfile.ZipFile(tmp_path / "out" / "worklist.xlsx") as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]


def test_a_person_can_work_it_off(check, tmp_path):
    write_worklist(check, tmp_path)
    page = openpyxl.load_workbook(tmp_path / "worklist.xlsx")["核对清单"]
    rows = list(page.iter_rows(values_only=True))
    assert "基准日 2026-11-23" in rows[0][0] and "不得对外发布" in rows[1][0]
    heads = rows[2]
    table = [dict(zip(heads, row, strict=True)) for row in rows[3:]]
    assert [row["序号"] for row in table] == list(range(1, len(check.defects) + 1))
    (fault,) = [row for row in table if row["问题"] == "图形错误"]
    # The crossing of the bow-tie.
    assert (fault["经度"], fault["纬度"]) == (112.405, 24.805)
    assert fault["3度带"] == "EPSG:4525" and 37_640_000 < fault["Y（东，米）"] < 37_650_000
    assert 2_743_000 < fault["X（北，米）"] < 2_746_000
    assert fault["程度"] == "疑问" and fault["建议处理"] and fault["处理结果"] is None


def test_the_places_are_a_geopackage(check, tmp_path):
    write_worklist(check, tmp_path)
    areas = pyogrio.read_dataframe(tmp_path / "worklist.gpkg", layer="areas")
    points = pyogrio.read_dataframe(tmp_path / "worklist.gpkg", layer="points")
    assert areas.crs.to_epsg() == points.crs.to_epsg() == 4490
    assert set(areas.geometry.geom_type) <= {"Polygon", "MultiPolygon"} and set(points.geometry.geom_type) == {"Point"}
    assert set(areas["number"]) < set(points["number"])
    placed = {number for number, item in enumerate(check.defects, start=1) if item.place is not None}
    assert set(points["number"]) == placed


def test_the_same_bytes_again_and_nothing_else_in_the_folder_is_touched(check, tmp_path):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    first = {path.name: path.read_bytes() for path in write_worklist(check, tmp_path)}
    second = {path.name: path.read_bytes() for path in write_worklist(check, tmp_path)}
    assert first == second and set(first) == {"worklist.xlsx", "worklist.gpkg"}
    assert (tmp_path / "mine.txt").exists()
