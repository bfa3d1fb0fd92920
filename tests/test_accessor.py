"""A GeoDataFrame screens itself; a table without geometry says what to write instead."""

import subprocess
import sys

import geopandas as gpd
import pandas as pd
import pytest

import lianzhou_gis.accessor  # noqa: F401 - registers


def test_rows_are_screened_where_they_are(county, square):
    frame = gpd.GeoDataFrame(
        {"site_id": ["A", "B"], "livestock": ["no", "yes"]},
        geometry=[square(112.44, 24.87, 120), square(112.45, 24.88, 120)],
        crs="EPSG:4490",
    )
    before = frame.copy()
    result = frame.to_crs("EPSG:4525").lianzhou.screen(county.write(), as_of="2026-11-23")
    assert result.sites["site_id"].tolist() == ["A", "B"]
    assert [result.facts[site]["livestock"] for site in "AB"] == [False, True]
    pd.testing.assert_frame_equal(frame, before)


def test_a_table_without_geometry_states_what_to_write():
    table = pd.DataFrame({"a": [1]})
    with pytest.raises(ValueError, match=r"geopandas\.GeoDataFrame\(table, geometry=\.\.\., crs=\.\.\.\)"):
        table.lianzhou  # noqa: B018 - looking at it is the test
    assert not hasattr(table, "lianzhou")


def test_it_is_there_on_import_where_geopandas_is():
    code = "import {first}, sys, lianzhou_gis, pandas; print(hasattr(pandas.DataFrame, 'lianzhou'))"
    stated = [
        subprocess.run(
            [sys.executable, "-c", code.format(first=first)], capture_output=True, text=True, check=True
        ).stdout.strip()
        for first in ("geopandas", "json")
    ]
    assert stated == ["True", "False"]
