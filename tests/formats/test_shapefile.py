"""Shapefiles: the encoding is decided from the bytes, and what was lost is said."""

import shutil
import zipfile

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from lianzhou_gis.errors import FormatError, MissingFileError, ReferenceSystemError
from lianzhou_gis.formats import read_features, read_sites

NAMES = ["龙坪镇中心幼儿园", "星子镇石材循环产业园", "连州市碧道工程"]


@pytest.fixture
def shapefile(tmp_path):
    def write(encoding="GBK", *, cpg=None, ldid=None, crs="EPSG:4525", names=NAMES):
        folder = tmp_path / "shp"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        boxes = [shapely.box(37650500 + 300 * k, 2746900, 37650700 + 300 * k, 2747100) for k in range(len(names))]
        frame = gpd.GeoDataFrame({"名称": names, "编号": range(len(names))}, geometry=boxes, crs=crs)
        pyogrio.write_dataframe(frame, folder / "plots.shp", driver="ESRI Shapefile", encoding=encoding)
        (folder / "plots.cpg").unlink(missing_ok=True)
        if cpg is not None:
            (folder / "plots.cpg").write_text(cpg)
        if ldid is not None:
            content = bytearray((folder / "plots.dbf").read_bytes())
            content[29] = ldid
            (folder / "plots.dbf").write_bytes(bytes(content))
        return folder

    return write


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("ldid", [0x00, 0x4D, 0x57])
def test_texts_are_read_whatever_the_language_byte_states(shapefile, encoding, ldid):
    features = read_features(shapefile(encoding, ldid=ldid) / "plots.shp")
    assert list(features.frame["名称"]) == NAMES


@pytest.mark.parametrize(("encoding", "cpg"), [("GBK", "UTF-8"), ("UTF-8", "GBK"), ("GBK", "GBK"), ("UTF-8", "UTF-8")])
def test_a_cpg_that_lies_is_found_out(shapefile, encoding, cpg):
    features = read_features(shapefile(encoding, cpg=cpg) / "plots.shp")
    assert list(features.frame["名称"]) == NAMES
    if encoding != cpg:
        assert any(issue.severity == "warning" for issue in features.issues)


def test_a_character_that_was_cut_is_an_issue(shapefile):
    folder = shapefile("GBK", names=["连" * 10, "州" * 10])
    content = bytearray((folder / "plots.dbf").read_bytes())
    # Take away the second byte of the last character of a cell, as a program that counts bytes does.
    place = content.rindex("州".encode("gbk") * 10) + 19
    content[place] = 0x20
    (folder / "plots.dbf").write_bytes(bytes(content))
    features = read_features(folder / "plots.shp")
    assert features.frame["名称"][0] == "连" * 10
    assert features.frame["名称"][1].startswith("州" * 9)
    assert any("cut" in issue.code or "char" in issue.code or "undecod" in issue.code for issue in features.issues)


def test_file_folder_and_zip_are_the_same(shapefile, tmp_path):
    folder = shapefile()
    archive = tmp_path / "plots.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in folder.iterdir():
            target.write(path, f"红线/{path.name}")
    frames = [read_features(path).frame for path in (folder / "plots.shp", folder, archive)]
    for frame in frames[1:]:
        assert shapely.equals_exact(frame.geometry.array, frames[0].geometry.array).all()
        assert list(frame["名称"]) == NAMES


def test_a_missing_prj_is_refused_with_what_would_fit(shapefile):
    folder = shapefile()
    (folder / "plots.prj").unlink()
    with pytest.raises(ReferenceSystemError, match=r"plots\.shp") as refused:
        read_features(folder / "plots.shp")
    assert refused.value.candidates[0].code == "EPSG:4525"
    assert "--crs" in str(refused.value)
    assert len(read_features(folder / "plots.shp", crs="EPSG:4525").frame) == 3


def test_a_missing_index_is_named(shapefile):
    folder = shapefile()
    (folder / "plots.shx").unlink()
    with pytest.raises(MissingFileError, match="shx"):
        read_features(folder / "plots.shp")


def test_a_missing_table_is_stated(shapefile):
    folder = shapefile()
    (folder / "plots.dbf").unlink()
    features = read_features(folder / "plots.shp")
    assert len(features.frame) == 3
    assert any("dbf" in issue.en for issue in features.issues)


def test_a_truncated_file_is_never_read_half(shapefile):
    folder = shapefile()
    content = (folder / "plots.shp").read_bytes()
    (folder / "plots.shp").write_bytes(content[: len(content) // 2])
    try:
        features = read_features(folder / "plots.shp")
    except FormatError as error:
        assert "plots.shp" in str(error)
    else:
        assert any(issue.severity in ("warning", "error") for issue in features.issues)


def test_names_that_lead_out_of_an_archive(tmp_path):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for ending in ("shp", "shx", "dbf"):
            target.writestr(f"../../evil.{ending}", b"x")
    with pytest.raises(FormatError, match=r"evil\.zip"):
        read_features(archive)
    assert not list(tmp_path.parent.glob("evil.*"))


def test_an_archive_that_unpacks_to_too_much(tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for ending in ("shp", "shx", "dbf"):
            target.writestr(f"bomb.{ending}", b"\0" * 300_000_000 if ending == "shp" else b"")
    with pytest.raises(FormatError, match=r"bomb\.zip"):
        read_features(archive)


def test_sites_from_a_gbk_zip_of_the_demo():
    from pathlib import Path

    path = Path(__file__).parents[2] / "layers" / "demo" / "sites" / "warehouse_gbk.zip"
    sites = read_sites(path)
    assert list(sites.frame["site_id"]) == ["DEMO-14"]
    assert sites.frame["name"][0] == "保安镇农机仓库（示例）"


@pytest.mark.parametrize("turned", [(0,), (1,), (0, 1)])
def test_a_hole_is_a_hole_whatever_the_directions_of_rings(tmp_path, turned):
    """The format says shell or hole by direction; many programs do not mind it."""
    hole = [(112.403, 24.803), (112.406, 24.803), (112.406, 24.806), (112.403, 24.806)]
    area = shapely.Polygon(shapely.box(112.4, 24.8, 112.41, 24.81).exterior.coords, [hole])
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"a": [1]}, geometry=[area], crs="EPSG:4490").to_file(path, engine="pyogrio")
    content = bytearray(path.read_bytes())
    # A record: 8 bytes of head, then kind and box (36), two counts, the starts of two rings, ten points.
    corners = np.frombuffer(bytes(content[160:320]), dtype="<f8").reshape(2, 5, 2).copy()
    for ring in turned:
        corners[ring] = corners[ring][::-1]
    content[160:320] = corners.tobytes()
    path.write_bytes(bytes(content))
    read = read_features(path)
    assert read.frame["geometry"][0].normalize().equals_exact(area.normalize(), 1e-12)
    assert "ring_direction" in [issue.code for issue in read.issues]
