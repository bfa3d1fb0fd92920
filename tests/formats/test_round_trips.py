"""What is written comes back equal: parcel TXT, GeoPackage, Shapefile in GBK, FileGDB."""

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianzhou_gis.formats import read_features, read_sites, write_parcel_txt
from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger

TEXTS = st.text("连州龙坪镇甲乙丙丁0123ABab（）、", min_size=1, max_size=20)


@st.composite
def shapes(draw):
    """One to three rectangles side by side, some with a hole, in degrees."""
    parts = []
    for number in range(draw(st.integers(1, 3))):
        west = 112.40 + 0.01 * number + draw(st.floats(0, 0.001))
        south = 24.80 + draw(st.floats(0, 0.001))
        box = shapely.box(west, south, west + draw(st.floats(0.001, 0.005)), south + draw(st.floats(0.001, 0.005)))
        if draw(st.booleans()):
            box = box.difference(shapely.affinity.scale(box, 0.3, 0.3))
        parts.append(box)
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def frame(drawn):
    names, pieces = zip(*drawn, strict=True)
    return gpd.GeoDataFrame(
        {"名称": list(names), "面积": np.arange(len(names), dtype=np.float64) + 0.25},
        geometry=list(pieces),
        crs="EPSG:4490",
    )


WRITERS = {
    "plots.gpkg": {"driver": "GPKG"},
    "plots.shp": {"driver": "ESRI Shapefile", "encoding": "GBK"},
    "plots.gdb": {"driver": "OpenFileGDB", "geometry_type": "MultiPolygon"},
    "plots.fgb": {"driver": "FlatGeobuf", "SPATIAL_INDEX": "NO", "geometry_type": "Unknown"},
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(drawn=st.lists(st.tuples(TEXTS, shapes()), min_size=1, max_size=4))
def test_layers_come_back_equal(tmp_path_factory, name, drawn):
    table = frame(drawn)
    path = tmp_path_factory.mktemp("written") / name
    pyogrio.write_dataframe(table, path, **WRITERS[name])
    read = read_features(path)
    assert read.frame["名称"].tolist() == table["名称"].tolist()
    assert read.frame["面积"].tolist() == table["面积"].tolist()
    # A FileGDB keeps integers: a grid of a billionth of a degree is a tenth of a millimetre.
    grid = 2e-9 if name.endswith(".gdb") else 0.0
    for here, there in zip(table.geometry, read.frame["geometry"], strict=True):
        one, other = (
            shapely.normalize(shapely.MultiPolygon(shapely.get_parts(shape).tolist())) for shape in (here, there)
        )
        assert shapely.equals_exact(one, other, grid)
    if name.endswith(".shp"):
        assert read.encoding == "gb18030"


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(drawn=st.lists(st.tuples(TEXTS, shapes()), min_size=1, max_size=3), gbk=st.booleans())
def test_a_parcel_txt_comes_back_equal(tmp_path_factory, drawn, gbk):
    sites = frame(drawn).rename(columns={"名称": "name"}).drop(columns="面积")
    sites["site_id"] = [f"P{number}" for number in range(len(sites))]
    path = write_parcel_txt(
        sites, tmp_path_factory.mktemp("written") / "plots.txt", decimals=4, encoding="gb18030" if gbk else "utf-8"
    )
    back = read_sites(path).frame
    assert back["site_id"].tolist() == sites["site_id"].tolist()
    assert back["name"].tolist() == sites["name"].tolist()
    plane = gauss_kruger(37)
    first, second = (from_cgcs2000(list(table["geometry"]), plane) for table in (sites, back))
    for here, there in zip(first, second, strict=True):
        one, other = (
            shapely.normalize(shapely.MultiPolygon(shapely.get_parts(shape).tolist())) for shape in (here, there)
        )
        assert shapely.equals_exact(one, other, 1e-4)


def test_a_filegdb_is_read_as_folder_zip_and_under_another_name(tmp_path):
    import shutil

    table = frame([("甲", shapely.box(112.4, 24.8, 112.41, 24.81))])
    pyogrio.write_dataframe(table, tmp_path / "a.gdb", driver="OpenFileGDB")
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "a.gdb")
    shutil.copytree(tmp_path / "a.gdb", tmp_path / "renamed")
    read = [read_features(tmp_path / name) for name in ("a.gdb", "packed.zip", "renamed")]
    assert all(one.frame["名称"].tolist() == ["甲"] for one in read)
    assert read[0].sha256 == read[2].sha256
    assert [issue.code for issue in read[2].issues] == ["extension_differs"]
