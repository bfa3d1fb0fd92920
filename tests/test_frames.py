"""Results of a GeoDataFrame as its user expects them: its index and order, tables of one's own, plain values."""

import json
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import lianzhou_gis as lg
from lianzhou_gis.errors import FormatError

CATALOG = "layers/layers.yaml"
DAY = "2026-11-23"
SHAPES = [shapely.box(112.38 + 0.02 * n, 24.78 + 0.03 * n, 112.384 + 0.02 * n, 24.784 + 0.03 * n) for n in range(4)]


@pytest.fixture(scope="module")
def screener():
    return lg.Screener.prepare(CATALOG, as_of=DAY)


def frame(ids, index=None):
    return gpd.GeoDataFrame({"site_id": ids, "accuracy_m": 0.5}, geometry=SHAPES[: len(ids)], crs=4490, index=index)


def test_results_retain_index_and_order_of_the_frame(screener):
    given = frame(["D", "B", "C", "A"], index=[70, 3, "x", -1])
    result = screener.screen(given)
    assert result.sites.index.equals(given.index)
    assert result.sites["site_id"].tolist() == given["site_id"].tolist()
    given["verdict"] = result.sites["verdict"]
    alone = [screener.screen(given.iloc[[row]]).sites["verdict"].iloc[0] for row in range(len(given))]
    assert given["verdict"].tolist() == alone
    # What is written is in the order of the ids, however it was given.
    assert result.sites_by_id["site_id"].tolist() == sorted(given["site_id"])


def test_tables_are_copies(screener):
    result = screener.screen(frame(["A", "B"]))
    for name in ("sites", "findings", "gaps", "overlaps", "totals", "checks", "access", "zones"):
        table = getattr(result, name)
        table.iloc[:, 0] = None
        assert getattr(result, name).iloc[:, 0].notna().all(), name
    assert repr(result) == repr(screener.screen(frame(["A", "B"])))


@pytest.mark.parametrize("facts", [{"target_use": "industrial", "livestock": False}, None])
def test_tables_can_be_written(facts, tmp_path):
    # Of one theme, so that no finding may rest on any fact.
    result = lg.screen(frame(["A", "B"]), CATALOG, facts=facts, as_of=DAY, themes=None if facts else ["wetland"])
    for name in ("sites", "findings", "gaps", "overlaps"):
        table = getattr(result, name)
        table.to_parquet(tmp_path / "table.parquet")
        again = gpd.read_parquet(tmp_path / "table.parquet")
        assert len(again) == len(table) and again.crs == table.crs
        assert len(json.loads(table.to_json())["features"]) == len(table)


@pytest.mark.parametrize("ids", [[1.0, 2.0], [pd.NA, "x"], [None, None], [7, 8]])
def test_odd_ids_are_taken(screener, ids):
    result = screener.screen(frame(ids))
    assert len(result.sites) == 2 and result.sites["site_id"].is_unique


@pytest.mark.parametrize("day", [pd.Timestamp(DAY), pd.Timestamp(DAY, tz="Asia/Shanghai"), date(2026, 11, 23)])
def test_a_day_may_be_a_timestamp(day):
    assert lg.Screener.prepare(CATALOG, as_of=day).as_of == date(2026, 11, 23)


def test_the_day_of_a_time_with_a_zone_is_the_day_in_china():
    assert lg.rulebook.day_of(pd.Timestamp("2026-11-23 23:00", tz="UTC")) == date(2026, 11, 24)
    with pytest.raises(ValueError, match="20261123"):
        lg.rulebook.day_of(20261123)


def test_a_missing_day_and_doubled_columns_are_refused_in_one_line(screener):
    with pytest.raises(ValueError, match="date"):
        lg.Screener.prepare(CATALOG, as_of=pd.NaT)
    doubled = gpd.GeoDataFrame([[1, 2]], columns=["a", "a"], geometry=SHAPES[:1], crs=4490)
    with pytest.raises(FormatError, match="same name"):
        screener.screen(doubled)
