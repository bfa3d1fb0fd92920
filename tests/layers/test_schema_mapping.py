"""A layer's own columns and values become ours, and whatever could not is said."""

import datetime

import numpy as np
import pandas as pd
import pytest
import shapely

from lianzhou_gis.errors import CatalogError
from lianzhou_gis.layers import COLUMNS


def codes(issues):
    return [(issue.severity, issue.code, issue.where) for issue in issues]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("保护区级别", "grade"),
        ("BHQJB", "grade"),
        ("bhqjb", "grade"),
        ("ＢＨＱＪＢ", "grade"),
        (" Bhq_Jb \n", "grade"),
        ("保护区\n级别", "grade"),
        ("水源地名称", "source_name"),
        ("批复文号", "document"),
        ("所在乡镇", "town"),
    ],
)
def test_names_of_columns_are_read_whatever_their_case_width_and_line_ends(zones_of, theirs, ours):
    zones, issues = zones_of({theirs: ["一级"], "BSM": ["A1"]})
    assert zones[ours][0] == ("primary" if ours == "grade" else "一级")
    assert zones["zone_id"][0] == "A1"
    assert [issue.code for issue in issues] == ([] if ours == "grade" else ["unknown_grade"])


def test_columns_of_zones_come_first_and_the_own_ones_are_retained(zones_of):
    zones, _ = zones_of({"BSM": ["A"], "级别": ["二级"], "REMARK": ["x"], "YSXL": [7], "theme": ["mine"]})
    assert tuple(zones.columns) == (*COLUMNS, "REMARK", "YSXL", "geometry")
    row = zones.iloc[0]
    assert (row["layer_id"], row["theme"], row["source_row"]) == ("layer", "water_source_zone", 1)
    assert (row["REMARK"], row["YSXL"]) == ("x", 7)


def test_what_the_catalog_states_comes_before_any_alias(zones_of):
    columns = {"级别": ["准保护区"], "实际级别": ["一级"], "编号": ["theirs"], "代号": ["told"]}
    zones, _ = zones_of(columns, columns={"实际级别": "grade", "代号": "zone_id"})
    assert (zones["grade"][0], zones["zone_id"][0]) == ("primary", "told")
    # The columns that would have been taken by alias are still the layer's own.
    assert (zones["级别"][0], zones["编号"][0]) == ("准保护区", "theirs")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"等级": "grade"}, "等级, which the file does not have; it has 级别"),
        ({"级别": "grad"}, "columns maps to grad, which is not known; there are zone_id, name"),
    ],
)
def test_columns_of_the_catalog_that_lead_nowhere(zones_of, columns, words):
    with pytest.raises(CatalogError, match=words) as caught:
        zones_of({"级别": ["一级"]}, columns=columns)
    assert "layer layer" in caught.value.en and "图层 layer" in caught.value.zh


@pytest.mark.parametrize(
    ("theme", "text", "grade"),
    [
        ("water_source_zone", "一级保护区", "primary"),
        ("water_source_zone", " Ⅱ 级 ", "secondary"),
        ("water_source_zone", "２", "secondary"),
        ("water_source_zone", 1, "primary"),
        ("water_source_zone", 3.0, "quasi"),
        ("livestock_prohibited_zone", "禁养区", "no_farms"),
        ("control_unit", "重点管控单元", "key"),
        ("contaminated_plot", "已移出名录", "delisted"),
        ("water_function", "Ⅱ类", "II"),
        ("ecological_redline", "红线内其他区域", "general"),
    ],
)
def test_grades_as_tables_write_them(zones_of, theme, text, grade):
    zones, issues = zones_of({"级别": [text]}, theme)
    assert (zones["grade"][0], issues) == (grade, [])


def test_grades_of_the_catalog_come_before_the_known_spellings(zones_of):
    columns = {"级别": ["甲", "1", "二级"]}
    zones, issues = zones_of(columns, grades={" 甲 ": "primary", "1": "quasi"})
    assert list(zones["grade"]) == ["primary", "quasi", "secondary"]
    assert issues == []


def test_unknown_grades_are_named_and_not_guessed(zones_of):
    zones, issues = zones_of({"级别": ["一级", "非一级保护区", None, "限制区", "限制区"]})
    assert list(zones["grade"]) == ["primary", None, None, None, None]
    assert codes(issues) == [("warning", "unknown_grade", "layer layer")]
    assert "空、限制区、非一级保护区" in issues[0].zh


def test_themes_without_grades_ask_for_none(zones_of):
    zones, issues = zones_of({"级别": ["什么都行"]}, "permanent_basic_farmland")
    assert (zones["grade"][0], issues) == (None, [])


@pytest.mark.parametrize(
    "cell",
    [
        "2026-08-15",
        "2026/8/15",
        "2026.08.15",
        "2026年8月15日",
        " 20260815 ",
        20260815,
        20260815.0,
        "2026-08-15T00:00:00",
        "2026-08-15 10:30:00+08:00",
        datetime.date(2026, 8, 15),
        datetime.datetime(2026, 8, 15, 23, 59),
        pd.Timestamp("2026-08-15"),
    ],
)
def test_days_as_tables_write_them(zones_of, cell):
    zones, issues = zones_of({"级别": ["一级"], "失效日期": pd.Series([cell], dtype=object)})
    assert zones["valid_to"][0] == datetime.date(2026, 8, 15)
    assert type(zones["valid_to"][0]) is datetime.date
    assert issues == []


@pytest.mark.parametrize("cell", ["长期", "2026-02-30", "2026-08", "2026-08-15至2027-08-14", "15.8.2026"])
def test_a_day_that_is_none_never_ends_a_zone(zones_of, cell):
    zones, issues = zones_of({"级别": ["一级", "一级"], "失效日期": [None, cell]})
    assert list(zones["valid_to"]) == [None, None]
    assert codes(issues) == [("warning", "date_unreadable", "layer layer:2")]
    assert cell in issues[0].zh and cell in issues[0].en


@pytest.mark.parametrize("cell", [None, "", "  ", np.nan, pd.NaT])
def test_empty_cells_are_open_ends(zones_of, cell):
    zones, issues = zones_of({"级别": ["一级"], "失效日期": pd.Series([cell], dtype=object)})
    assert (zones["valid_to"][0], issues) == (None, [])


def test_zones_without_an_id_are_named_by_their_shape(zones_of):
    first, second = shapely.box(112.4, 24.8, 112.41, 24.81), shapely.box(112.5, 24.8, 112.51, 24.81)
    zones, issues = zones_of({"级别": ["一级", "二级"]}, shapes=[first, second])
    assert all(len(name) == 12 and set(name) <= set("0123456789abcdef") for name in zones["zone_id"])
    assert zones["zone_id"].is_unique and issues == []
    # The same shape drawn from another corner, the other way round, in another row, has the same name.
    ring = list(first.exterior.coords)[:-1]
    turned = shapely.Polygon([*ring[2:], *ring[:2]][::-1])
    again, _ = zones_of({"级别": ["二级", "一级"]}, shapes=[second, turned])
    assert list(again["zone_id"]) == list(zones["zone_id"])[::-1]


def test_duplicates_are_numbered_and_ids_stay_unique(zones_of):
    shapes = [shapely.box(112.4 + k / 100, 24.8, 112.405 + k / 100, 24.805) for k in range(4)]
    columns = {"编号": ["A", "A-2", "A", "A"], "级别": ["一级", "一级", "一级", "二级"]}
    zones, issues = zones_of(columns, shapes=shapes)
    assert sorted(zones["zone_id"]) == ["A", "A-2", "A-3", "A-4"]
    assert zones["zone_id"][1] == "A-2"
    assert codes(issues) == [("info", "zone_id_repeated", "layer layer")]
    # Whose number is which hangs on what they hold, not on the order of the rows.
    order = [3, 2, 1, 0]
    turned, _ = zones_of(
        {key: [values[k] for k in order] for key, values in columns.items()}, shapes=[shapes[k] for k in order]
    )
    assert list(turned["zone_id"]) == [zones["zone_id"][k] for k in order]


def test_duplicates_without_any_shape(zones_of):
    columns = {"名称": ["甲", "乙"], "级别": ["一级", "一级"]}
    zones, _ = zones_of(columns, shapes=[None, None])
    turned, _ = zones_of({key: values[::-1] for key, values in columns.items()}, shapes=[None, None])
    assert zones["zone_id"].is_unique
    assert list(turned["zone_id"]) == list(zones["zone_id"])[::-1]


def test_numbers(zones_of):
    cells = ["100", "-1", "约100", None, np.inf]
    zones, _ = zones_of({"级别": ["一级"] * 5, "批复面积": cells, "精度": cells}, accuracy_m=4.0)
    assert zones["official_area_m2"].fillna(-9).tolist() == [100, -9, -9, -9, -9]
    # Where the table is silent the catalog speaks.
    assert zones["accuracy_m"].tolist() == [100, 4, 4, 4, 4]


@pytest.mark.parametrize(
    ("name", "square_metres"),
    [("批复面积", 3.0), ("批复面积（平方米）", 3.0), ("批复面积(公顷)", 3e4), ("批复面积（亩）", 2000.0)],
)
def test_approved_areas_have_the_unit_that_is_in_their_name(zones_of, name, square_metres):
    zones, _ = zones_of({"级别": ["一级"], name: [3]})
    assert zones["official_area_m2"][0] == pytest.approx(square_metres, rel=1e-12)


def test_parts_and_texts(zones_of):
    columns = {"级别": ["一级"] * 3, "水陆": ["水域范围", "land", "空中"], "名称": ["a\x00b\n c", "x" * 300, "<b>"]}
    zones, _ = zones_of(columns)
    assert zones["part"].tolist() == ["water", "land", None]
    assert zones["name"].tolist() == ["a b c", "x" * 199 + "…", "<b>"]


def test_survey_crs_of_the_catalog_comes_before_that_of_the_file(make_records, make_entry):
    from lianzhou_gis.layers.schema_mapping import as_zones

    records = make_records({"级别": ["一级"]})
    for reported, of_file, expected in (
        (None, None, None),
        (None, "EPSG:4525", "EPSG:4525"),
        ("EPSG:4526", "EPSG:4525", "EPSG:4526"),
    ):
        zones = as_zones(records, make_entry(survey_crs=reported), of_file, [])
        assert zones["survey_crs"][0] == expected


def test_what_was_read_is_not_changed(make_records, make_entry):
    from lianzhou_gis.layers.schema_mapping import as_zones

    records = make_records({"编号": ["A", "A"], "级别": ["一级", "?"], "失效日期": ["2026年1月1日", None]})
    before = records.copy(deep=True)
    as_zones(records, make_entry(), None, [])
    assert records.equals(before)
