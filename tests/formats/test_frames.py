"""Tables of geopandas in whatever state: read, or refused in one line."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_sites

SHAPES = [shapely.box(112.43001 + n / 100, 24.80001, 112.43201 + n / 100, 24.80201) for n in range(3)]


def frame(**columns):
    return gpd.GeoDataFrame(columns, geometry=SHAPES, crs="EPSG:4490")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["b", "a", "c"], ["a", "b", "c"]),
        ([1.0, 2.0, 3.0], ["1", "2", "3"]),
        (pd.array([1, 2, 3], dtype="Int64"), ["1", "2", "3"]),
        (pd.Categorical(["x", "y", "z"]), ["x", "y", "z"]),
    ],
)
def test_ids_of_any_type(given, expected):
    assert read_sites(frame(site_id=given)).columns["site_id"].tolist() == expected


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_a_missing_id_becomes_the_hash_of_the_geometry(missing):
    ids = read_sites(frame(site_id=pd.Series(["a", missing, "c"], dtype=object))).columns["site_id"].tolist()
    assert {"a", "c"} < set(ids) and "nan" not in "".join(ids).lower() and "<NA>" not in ids


def test_columns_of_the_same_name_are_refused_in_one_line():
    table = frame(a=[1, 2, 3])
    table = pd.concat([table, pd.DataFrame({"a": [4, 5, 6]})], axis=1)
    with pytest.raises(FormatError, match="columns of the same name: a"):
        read_sites(gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490"))


def test_a_table_without_an_active_geometry_is_refused_in_one_line():
    with pytest.raises(FormatError, match="set_geometry"):
        read_sites(gpd.GeoDataFrame({"a": [1]}))


def test_the_index_and_other_values_do_not_matter():
    table = frame(site_id=["a", "b", "c"], when=pd.to_datetime(["2026-01-01", None, "2026-03-01"]))
    table.index = ["z", "z", 1.5]
    sites = read_sites(table)
    assert sites.columns["site_id"].tolist() == ["a", "b", "c"]
    assert table.index.tolist() == ["z", "z", 1.5]
