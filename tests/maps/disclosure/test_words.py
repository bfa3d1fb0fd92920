"""Texts that give away what is not public, in every spelling; and sound ones, which pass."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from lianzhou_gis.maps.disclosure.leak_checks import text_leaks
from lianzhou_gis.maps.disclosure.place_notation import PlaceFinder, quantities
from lianzhou_gis.maps.disclosure.publication import Manifest, Part
from lianzhou_gis.maps.disclosure.text_folding import decoded, fold

LEAKING = yaml.safe_load(Path(__file__).with_name("leaking_words.yaml").read_text(encoding="utf-8"))
BOUNDS = (111.6, 24.1, 113.3, 25.7)


@pytest.fixture
def written(made):
    """The manifest, one row of cells for each layer, and the source."""
    folder, source = made
    manifest = Manifest.model_validate_json((folder / "public" / "manifest.json").read_bytes())
    parts = []
    for record in manifest.layers:
        table = pd.read_csv(folder / "public" / "data" / f"{record.id}.csv", encoding="utf-8-sig", dtype=object)
        parts.append(Part(record, table, [None] * len(table) if record.show == "shapes" else None))
    return manifest, parts, source


def codes(manifest, parts, source):
    return {issue.code for issue in text_leaks(source, manifest, parts)}


def test_there_are_many_kinds():
    assert len(LEAKING) >= 40 and len({case["name"] for case in LEAKING}) == len(LEAKING)


@pytest.mark.parametrize("case", LEAKING, ids=lambda case: case["name"])
def test_a_leak_in_the_notes_is_found(case, written):
    manifest, parts, source = written
    assert codes(manifest, parts, source) == set()
    assert case["code"] in codes(manifest.model_copy(update={"notes": [case["text"]]}), parts, source)


@pytest.mark.parametrize("key", ["title", "publisher", "no_approval_reason"])
def test_it_is_found_wherever_people_write(key, written):
    manifest, parts, source = written
    assert "restricted_value" in codes(manifest.model_copy(update={key: "某某電鍍廠舊址3"}), parts, source)
    layer = manifest.layers[0].model_copy(update={"source": "112.30123 24.80231"})
    changed = manifest.model_copy(update={"layers": [layer, *manifest.layers[1:]]})
    assert "coordinate_in_text" in codes(changed, parts, source)


def test_longitude_in_one_text_and_latitude_in_another(written):
    manifest, parts, source = written
    changed = manifest.model_copy(update={"notes": ["东经 112.30123 度"], "title": "北纬 24.80231 度公示图"})
    assert "coordinate_in_text" in codes(changed, parts, source)


def test_coordinates_in_two_cells_of_a_row(written):
    manifest, parts, source = written
    table = parts[0].rows.assign(name=["112.30123"] * len(parts[0].rows), code=["24.80231"] * len(parts[0].rows))
    assert "coordinate_in_text" in codes(manifest, [Part(parts[0].record, table, parts[0].shapes), *parts[1:]], source)


@pytest.mark.parametrize(
    "text",
    [
        "图形精度约 380 米，边界附近请咨询某市生态环境局，电话 0763-6622000",
        "依据粤府函〔2020〕1号和《生态环境法典》第319条，2026 年 8 月 15 日起施行",
        "全市 17 处水源地，共 12.3 平方公里，服务 25340 人",
        "东陂镇、星子镇 2 个镇；比例尺 1:50000；第 112 号、第 24 号",
        "编号 ZH44188210001 至 ZH44188220007",
        "电话 0763-6622000、0763-6628112，公示期 2026-11-24 至 2026-12-24",
        "粤府函〔2019〕99号、粤环函〔2021〕112号、清环函〔2024〕251号，第 17/112/25 页",
        "一级保护区为取水口上游1000米至下游100米的水域",
        "东陂小学距东陂大桥320米",
    ],
)
def test_sound_notes_pass(text, written):
    manifest, parts, source = written
    assert codes(manifest.model_copy(update={"notes": [text]}), parts, source) == set()


def test_folding_and_decoding():
    assert fold("飲用水 水源<b>") == "饮用水水源<b>"
    assert fold("Ｑ​ＳＫ１") == "qsk1"
    assert "水源地" in "".join(decoded("&#x6c34;&#28304;%E5%9C%B0"))
    assert decoded("plain") >= {"plain", "nialp"}


def test_coarse_places_are_no_leak():
    finder = PlaceFinder(BOUNDS, 380)
    assert not finder.found_in("112.4 24.9") and finder.found_in("112.401 24.902")
    assert not PlaceFinder(BOUNDS, 50).found_in("112.401 24.902")
    assert [item.value for item in quantities("1,234.5 m")] == [1234.5]
    assert date(2026, 11, 24).isoformat() not in str(finder.found_in("2026-11-24"))
