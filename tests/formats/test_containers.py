"""Which data set a path means, and what is said of the rest."""

import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_features, read_sites
from lianzhou_gis.formats.containers import dataset_files
from lianzhou_gis.formats.kinds import Kind, detect_kind

CORPUS = Path(__file__).parents[1] / "data" / "formats"
BOX = shapely.box(112.4, 24.8, 112.402, 24.802)


def packed(path, *names, **renamed):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.write(CORPUS / name, renamed.get(name.split(".")[0].replace("-", "_"), name))
    return path


def test_the_content_decides_not_the_name(tmp_path):
    kinds = {
        "geopackage-plain.gpkg": Kind.GEOPACKAGE,
        "flatgeobuf-plain.fgb": Kind.FLATGEOBUF,
        "geoparquet-plain.parquet": Kind.GEOPARQUET,
        "geojson-plain.geojson": Kind.GEOJSON,
        "kml-plain.kml": Kind.KML,
        "kml-gbk.kml": Kind.KML,
        "dxf-gbk.dxf": Kind.DXF,
        "xlsx-merged-head.xlsx": Kind.WORKBOOK,
        "csv-x-north.csv": Kind.TABLE,
        "txt-plain.txt": Kind.PARCEL_TXT,
        "wkt-srid.wkt": Kind.WELL_KNOWN,
        "wkb-plain.wkb": Kind.WELL_KNOWN,
        "shapefile-no-prj.zip": Kind.ARCHIVE,
    }
    for name, kind in kinds.items():
        for suffix in (".dat", ".shp" if kind is not Kind.SHAPEFILE else ".gpkg"):
            shutil.copy(CORPUS / name, tmp_path / f"a{suffix}")
            assert detect_kind(tmp_path / f"a{suffix}") is kind, (name, suffix)


def test_an_archive_of_many_things_asks_which(tmp_path):
    archive = packed(tmp_path / "a.zip", "geopackage-two-layers.gpkg", "kml-plain.kml", "wkt-srid.wkt", "pdf-plan.pdf")
    with pytest.raises(FormatError, match="--layer: geopackage-two-layers, kml-plain, wkt-srid"):
        read_features(archive)
    assert len(read_features(archive, layer="wkt-srid").frame) == 2
    with pytest.raises(FormatError, match="--layer: red_line, towns"):
        read_features(archive, layer="geopackage-two-layers")
    features = read_features(archive, layer="geopackage-two-layers/towns")
    assert len(features.frame) == 1
    assert [(issue.code, issue.en) for issue in features.issues] == [("files_not_read", "not read: pdf-plan.pdf")]


def test_a_folder_is_chosen_from_as_an_archive_is(tmp_path):
    for name in ("geopackage-two-layers.gpkg", "csv-x-north.csv", "dwg-drawing.dwg"):
        shutil.copy(CORPUS / name, tmp_path / name)
    with pytest.raises(FormatError, match="--layer: csv-x-north, geopackage-two-layers"):
        read_features(tmp_path)
    assert len(read_features(tmp_path, layer="geopackage-two-layers/red_line").frame) == 1
    sites = read_sites(tmp_path, layer="csv-x-north", crs="EPSG:4546")
    assert sites.inputs[0].name == "csv-x-north.csv" and dataset_files(sites.inputs[0].path) == [
        tmp_path / "csv-x-north.csv"
    ]


def test_an_empty_folder_and_one_of_other_things_are_refused(tmp_path):
    with pytest.raises(FormatError, match="no file in it that can be read"):
        read_features(tmp_path)
    (tmp_path / "readme.md").write_text("hello")
    with pytest.raises(FormatError, match=r"it holds readme\.md"):
        read_features(tmp_path)


def test_sites_and_outfalls_of_a_zipped_filegdb_come_together(tmp_path):
    sites = gpd.GeoDataFrame({"site_id": ["A"]}, geometry=[BOX], crs="EPSG:4490")
    outfalls = gpd.GeoDataFrame({"site_id": ["A"]}, geometry=[shapely.Point(112.401, 24.8)], crs="EPSG:4490")
    sites.to_file(tmp_path / "a.gdb", driver="OpenFileGDB", layer="sites")
    outfalls.to_file(tmp_path / "a.gdb", driver="OpenFileGDB", layer="outfalls")
    shutil.make_archive(str(tmp_path / "b"), "zip", tmp_path, "a.gdb")
    for path in (tmp_path / "a.gdb", tmp_path / "b.zip"):
        frame = read_sites(path).frame
        assert frame["site_id"].tolist() == ["A"] and frame["outfall"][0].x == pytest.approx(112.401)


def test_a_parcel_txt_in_an_archive_is_read_as_sites_and_as_a_layer(tmp_path):
    archive = packed(tmp_path / "a.zip", "txt-plain.txt")
    assert read_sites(archive).frame["statutory_area_m2"][0] == pytest.approx(39_977.61, abs=0.01)
    assert read_features(archive).system.code == "EPSG:4525"


def test_names_in_gbk_without_a_flag_are_repaired(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(CORPUS / "wkt-srid.wkt", "AAAA.wkt")
        archive.write(CORPUS / "wkb-plain.wkb", "b.wkb")
    # As Windows packs it: the bytes of the code page, and no word on which.
    path.write_bytes(path.read_bytes().replace(b"AAAA.wkt", "红线.wkt".encode("gbk")))
    with pytest.raises(FormatError, match="--layer: 红线, b"):
        read_features(path)
    assert len(read_features(path, layer="红线").frame) == 2


def test_a_plot_that_was_cut_off_is_no_zone(tmp_path):
    text = (CORPUS / "txt-plain.txt").read_text(encoding="utf-8")
    path = tmp_path / "a.txt"
    path.write_text("\n".join(text.splitlines()[:-2]), encoding="utf-8")
    assert "plot_unusable" in {issue.code for issue in read_sites(path).issues}
    assert read_features(path).frame["geometry"].tolist() == [None]
