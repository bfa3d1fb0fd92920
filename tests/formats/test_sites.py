"""Sites from any source: ids, kinds, measures, gaps."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from lianzhou_gis.errors import FormatError, MissingFileError, ReferenceSystemError
from lianzhou_gis.formats import read_sites
from lianzhou_gis.geodesy import LIANZHOU

BOX = shapely.box(112.49, 24.82, 112.492, 24.822)


def frame(shapes, crs="EPSG:4490", **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def codes(sites):
    return {issue.code for issue in sites.issues}


def test_ids_names_and_duplicates():
    sites = read_sites(frame([BOX] * 4, 地块编号=["A", "A", None, None], 项目名称=["甲", "乙", None, None]))
    ids = list(sites.frame["site_id"])
    assert {"A", "A-2"} < set(ids)
    plain = sorted(set(ids) - {"A", "A-2"})
    assert len(plain[0]) == 12 and plain[1] == f"{plain[0]}-2"
    assert "site_id_repeated" in codes(sites)


def test_ids_do_not_hang_on_the_order():
    shapes = [shapely.box(112.49 + k / 100, 24.82, 112.491 + k / 100, 24.821) for k in range(5)]
    one, other = read_sites(frame(shapes)), read_sites(frame(shapes[::-1]))
    assert list(one.frame["site_id"]) == list(other.frame["site_id"])
    assert shapely.equals_exact(one.frame.geometry.array, other.frame.geometry.array).all()


def test_kinds_and_what_cannot_be_clear():
    line = shapely.LineString([(112.49, 24.82), (112.5, 24.82)])
    sites = read_sites(
        frame(
            [BOX, line, line, shapely.Point(112.49, 24.82), None],
            site_id=list("ABCDE"),
            corridor_width_m=[np.nan, 30.0, None, None, None],
        )
    )
    assert list(sites.frame["geometry_kind"]) == ["polygon", "line", "line", "point", "none"]
    assert {(gap.site_id, gap.reason.value) for gap in sites.gaps} == {
        ("C", "no_footprint"),
        ("D", "no_footprint"),
        ("E", "no_footprint"),
    }
    corridor = sites.frame.set_index("site_id").loc["B"]
    assert corridor["area_m2"] == pytest.approx(30 * corridor["length_m"], rel=1e-4)


def test_other_columns_are_retained_as_facts_to_be():
    sites = read_sites(frame([BOX], site_id=["A"], 畜禽养殖=["是"], 备注=["x"], livestock_head=[3000.0]))
    assert sites.facts == {"A": {"畜禽养殖": "是", "备注": "x", "livestock_head": 3000.0}}


@pytest.mark.parametrize("value", ["44794", "4.4794公顷", "67.19亩", 44793.64])
def test_declared_areas_in_any_unit(value):
    sites = read_sites(frame([BOX], 用地面积=[value]))
    assert sites.frame["declared_area_m2"][0] == pytest.approx(44_793.64, rel=1e-3)


def test_a_shape_that_crosses_itself():
    bow_tie = shapely.Polygon([(112.49, 24.82), (112.492, 24.822), (112.492, 24.82), (112.49, 24.822)])
    sites = read_sites(frame([bow_tie]))
    assert [gap.reason.value for gap in sites.gaps] == ["invalid_geometry"]
    assert sites.frame.geometry[0].is_valid


def test_a_spike_is_repaired_and_no_gap():
    spike = shapely.Polygon([*BOX.exterior.coords[:-1], (112.4905, 24.82), (112.4905, 24.8199999), (112.4905, 24.82)])
    sites = read_sites(frame([spike]))
    assert sites.frame["area_m2"][0] == pytest.approx(44_793.64, abs=0.5)


def test_heights_are_left_out_with_a_word():
    sites = read_sites(frame([shapely.force_3d(BOX, 90.0)]))
    assert not sites.frame.geometry[0].has_z
    assert "dimension_dropped" in codes(sites)


def test_geopackage_with_sites_and_outfalls(tmp_path):
    path = tmp_path / "project.gpkg"
    pyogrio.write_dataframe(frame([BOX, BOX.buffer(0.001)], site_id=["A", "B"]), path, layer="sites", driver="GPKG")
    outfalls = frame([shapely.Point(112.5, 24.83)], site_id=["B"])
    pyogrio.write_dataframe(outfalls, path, layer="outfalls", driver="GPKG", append=True)
    sites = read_sites(path)
    assert sites.frame["outfall"].isna().tolist() == [True, False]
    assert sites.frame["outfall"][1].equals(shapely.Point(112.5, 24.83))


def test_an_outfall_that_names_no_site_is_refused(tmp_path):
    path = tmp_path / "project.gpkg"
    pyogrio.write_dataframe(frame([BOX], site_id=["A"]), path, layer="sites", driver="GPKG")
    pyogrio.write_dataframe(
        frame([shapely.Point(112.5, 24.83)], site_id=["Z"]), path, layer="outfalls", driver="GPKG", append=True
    )
    with pytest.raises(FormatError, match=r"project\.gpkg.*Z"):
        read_sites(path)


def test_outfalls_in_columns():
    sites = read_sites(frame([BOX], 排污口经度=["112.5"], 排污口纬度=["24.83"]))
    assert sites.frame["outfall"][0].equals(shapely.Point(112.5, 24.83))
    with pytest.raises(FormatError, match="no point"):
        read_sites(frame([BOX], outfall=["somewhere"]))


def test_geojson_counts_as_wgs84_and_states_so(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(
        json.dumps({"type": "Feature", "properties": {"name": "甲"}, "geometry": shapely.geometry.mapping(BOX)})
    )
    sites = read_sites(path)
    assert sites.frame["datum"][0] == "wgs84"
    assert "datum_assumed" in codes(sites)


def test_planar_geojson_is_refused_with_what_would_fit(tmp_path):
    path = tmp_path / "a.geojson"
    square = shapely.box(37650500, 2746900, 37650700, 2747100)
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(square)}))
    with pytest.raises(ReferenceSystemError, match=r"a\.geojson") as refused:
        read_sites(path, region=LIANZHOU)
    assert refused.value.candidates[0].code == "EPSG:4525"


@pytest.mark.parametrize("text", ["{", "[]", '{"type":"FeatureCollection","features":"x"}', "[" * 100_000])
def test_broken_geojson(tmp_path, text):
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(FormatError, match=r"a\.geojson"):
        read_sites(path)


def test_csv_of_points_and_of_wkt(tmp_path):
    points = tmp_path / "points.csv"
    points.write_text("编号,经度,纬度\nA,112°29′24″,24.82\n", encoding="gb18030")
    with pytest.raises(ReferenceSystemError, match="--crs"):
        read_sites(points)
    sites = read_sites(points, crs="EPSG:4490")
    assert sites.frame.geometry[0].equals_exact(shapely.Point(112.49, 24.82), 1e-12)
    wkt = tmp_path / "shapes.csv"
    wkt.write_text(f'site_id,wkt\nA,"{BOX.wkt}"\nB,"POLYGON((1 2"\n')
    both = read_sites(wkt, crs="EPSG:4490")
    assert both.frame["geometry_kind"].tolist() == ["polygon", "none"]
    assert [gap.site_id for gap in both.gaps] == ["B"]


def test_declared_offsets_are_taken_off():
    from lianzhou_gis.geodesy import from_cgcs2000, system_from_code

    shifted = from_cgcs2000([BOX], system_from_code("GCJ-02"))[0]
    sites = read_sites(shifted.wkt, datum="gcj02")
    assert shapely.hausdorff_distance(sites.frame.geometry[0], BOX) < 1e-6
    assert sites.frame["accuracy_m"][0] == pytest.approx(10.0)
    assert "datum_offset" in codes(sites)


def test_several_sources_at_once(tmp_path):
    for name in ("a", "b"):
        frame([BOX], site_id=[name]).to_file(tmp_path / f"{name}.gpkg", driver="GPKG")
    sites = read_sites([tmp_path / "b.gpkg", tmp_path / "a.gpkg"])
    assert list(sites.frame["site_id"]) == ["a", "b"]
    assert [item.name for item in sites.inputs] == ["a.gpkg", "b.gpkg"]


def test_hostile_names_stay_text_and_lose_what_hides():
    names = ["<img src=x onerror=alert(1)>", "a\u202egnp.exe", "x" * 5000, "a\x00b\nc"]
    sites = read_sites(frame([BOX] * 4, site_id=list("ABCD"), name=names))
    retained = list(sites.frame["name"])
    assert retained[0] == names[0]
    assert "\u202e" not in retained[1] and len(retained[2]) == 200 and retained[3] == "a b c"
    assert "text_cut" in codes(sites)


def test_nothing_is_changed_and_nothing_is_found(tmp_path):
    given = frame([BOX], site_id=["A"])
    before = given.copy(deep=True)
    read_sites(given)
    pd.testing.assert_frame_equal(pd.DataFrame(given), pd.DataFrame(before))
    with pytest.raises(MissingFileError, match=r"gone\.gpkg"):
        read_sites(tmp_path / "gone.gpkg")
    with pytest.raises(FormatError, match="no sites"):
        read_sites(frame([]))
    with pytest.raises(FormatError, match="at least one"):
        read_sites([])
    with pytest.raises(FormatError, match="int"):
        read_sites(7)


@pytest.mark.parametrize("kind", ["geometry", "feature", "collection"])
def test_geojson_in_memory_is_read_as_its_file_would_be(kind):
    geometry = shapely.geometry.mapping(shapely.box(112.49, 24.82, 112.492, 24.822))
    feature = {"type": "Feature", "properties": {"site_id": "A", "livestock": "yes"}, "geometry": geometry}
    data = {
        "geometry": geometry,
        "feature": feature,
        "collection": {"type": "FeatureCollection", "features": [feature]},
    }
    sites = read_sites(data[kind])
    assert sites.table["area_m2"].round(1).tolist() == [44793.6]
    assert "datum_assumed" in [issue.code for issue in sites.issues]
    if kind != "geometry":
        assert sites.facts == {"A": {"livestock": "yes"}}


@pytest.mark.parametrize("data", [{}, {"type": "Polygon", "coordinates": {1, 2}}, {"a": float("nan")}])
def test_a_dict_that_is_no_geojson_is_refused(data):
    with pytest.raises(FormatError, match="GeoJSON"):
        read_sites(data)


def test_an_empty_cell_among_texts_is_a_fact_that_is_known_to_be_unstated(tmp_path):
    """As with any table: the column is there for that site, with nothing in it. Other empty cells say nothing."""
    cells = [{"livestock": "yes", "plot": 1}, {"livestock": None, "plot": None}]
    features = [
        {
            "type": "Feature",
            "properties": {"site_id": name, **values},
            "geometry": json.loads(shapely.to_geojson(BOX)),
        }
        for name, values in zip("AB", cells, strict=True)
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    sites = read_sites(tmp_path / "a.geojson")
    assert sites.facts["A"] == {"livestock": "yes", "plot": 1}
    assert list(sites.facts["B"]) == ["livestock"] and np.isnan(sites.facts["B"]["livestock"])
    assert [str(sites.table[name].dtype) for name in ("site_id", "name", "source_row")] == ["str", "object", "int64"]
