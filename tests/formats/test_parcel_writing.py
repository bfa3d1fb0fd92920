"""The parcel coordinate TXT written, and read again."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_sites, write_parcel_txt


def frame(shapes, **columns):
    table = {"site_id": [f"P{number}" for number in range(len(shapes))], **columns}
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs="EPSG:4490")


def test_the_file_is_as_it_should_be(parcels, tmp_path):
    sites = read_sites(parcels.write(parcels.golden()))
    written = write_parcel_txt(sites, tmp_path / "again.txt", producer="示例").read_bytes().decode()
    lines = written.split("\r\n")
    assert lines[0] == "[属性描述]" and "带号=37" in lines and "转换参数=,,,,,," in lines
    header = lines[lines.index("[地块坐标]") + 1]
    assert header == "10,3.7479,1,地块1,面,,,,@"
    assert "J1,1,2746900.000,37650500.000" in lines


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([37, 38]), st.sampled_from(["utf-8", "gb18030"]))
def test_vertices_holes_and_parts_survive(tmp_path_factory, seed, zone, encoding):
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(5, 30))))
    reach = 0.002 * random.uniform(0.6, 1.0, len(angle))
    shell = shapely.Polygon(np.column_stack([112.49 + reach * np.cos(angle), 24.82 + reach * np.sin(angle)]))
    if not shell.is_valid or not shell.contains(shapely.Point(112.49, 24.82).buffer(0.0002)):
        return
    whole = shell.difference(shapely.box(112.4899, 24.8199, 112.4901, 24.8201)).union(
        shapely.box(112.495, 24.82, 112.496, 24.821)
    )
    path = tmp_path_factory.mktemp("parcels") / "plots.txt"
    sites = read_sites(frame([whole], name=["地块，甲"]))
    again = read_sites(write_parcel_txt(sites, path, zone=zone, encoding=encoding))
    before, after = sites.frame.geometry[0].normalize(), again.frame.geometry[0].normalize()
    assert shapely.get_num_interior_rings(shapely.get_parts(after)).sum() == 1
    assert len(shapely.get_parts(after)) == len(shapely.get_parts(before))
    # Half a millimetre, as degrees.
    assert shapely.hausdorff_distance(before, after) < 0.0008 / 100_000
    once_more = read_sites(write_parcel_txt(again, path, zone=zone))
    assert shapely.equals_exact(once_more.frame.geometry[0].normalize(), after, tolerance=1e-9)


def test_names_cannot_break_the_file(tmp_path):
    sites = read_sites(frame([shapely.box(112.49, 24.82, 112.491, 24.821)], name=["a,b@c"]))
    again = read_sites(write_parcel_txt(sites, tmp_path / "plots.txt"))
    assert again.frame["name"][0] == "a，b＠c"


def test_lines_are_refused(tmp_path):
    sites = read_sites(frame([shapely.LineString([(112.49, 24.82), (112.5, 24.82)])]))
    with pytest.raises(FormatError, match="no area"):
        write_parcel_txt(sites, tmp_path / "plots.txt")
