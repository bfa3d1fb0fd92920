"""Files that were made to harm: each ends in one line, soon, and in little memory."""

import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import CatalogError, FormatError
from lianzhou_gis.formats import read_features, read_sites

CORPUS = Path(__file__).parents[1] / "data" / "formats"
# The libraries alone take 1.5 GB of addresses.
LIMIT = 3 * 2**30
READ = """
import resource, sys, time, warnings
warnings.simplefilter("ignore")
from lianzhou_gis.errors import LianzhouError
from lianzhou_gis.formats import read_features, read_sites
import pyogrio, openpyxl, ezdxf, pyarrow.parquet
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
for path in sys.argv[2:]:
    start = time.process_time()
    try:
        said = "read %d" % len(read_features(path, crs="EPSG:4490").frame)
    except LianzhouError as error:
        said = "refused " + error.en
    print(path.rsplit("/", 1)[-1], round(time.process_time() - start, 1), said, sep="\\t")
"""


def zeros_in_zip(path, name, megabytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as stream:
        for _ in range(megabytes):
            stream.write(bytes(2**20))


def parquet_bomb(path):
    """A text of 4 MB that 200,000 rows share."""
    table = pa.table({"geometry": pa.array([shapely.to_wkb(shapely.Point(112.4, 24.8))] * 200_000)})
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 2**22]))
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    table = table.append_column("text", text)
    with pq.ParquetWriter(path, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"geo": json.dumps(geo)})


def lying_zip(path):
    """A member that says it is small, and is not."""
    zeros_in_zip(path, "plots.csv", 64)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 1000)
    path.write_bytes(content)


def test_bombs_are_refused_in_little_time_and_memory(tmp_path):
    zeros_in_zip(tmp_path / "zip-bomb.zip", "plots.csv", 300)
    zeros_in_zip(tmp_path / "kmz-bomb.kmz", "doc.kml", 300)
    shutil.copy(CORPUS / "xlsx-formula.xlsx", tmp_path / "xlsx-bomb.xlsx")
    with zipfile.ZipFile(tmp_path / "xlsx-bomb.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings2.xml", bytes(200 * 2**20))
    lying_zip(tmp_path / "zip-lies.zip")
    parquet_bomb(tmp_path / "parquet-bomb.parquet")
    (tmp_path / "brackets.wkt").write_text("POLYGON " + "(" * 30_000_000)
    (tmp_path / "comments.kml").write_text("<!-- -->" * 8_000 + "<" * 100)
    (tmp_path / "blanks.dxf").write_text("0\nSECTION\n$DWGCODEPAGE" + " " * 60_000 + "\n" * 5_000)
    (tmp_path / "empties.wkt").write_text("POINT EMPTY\n" * 300_000 + "POINT (")
    hostile = [
        *sorted(tmp_path.iterdir()),
        *(CORPUS / name for name in ("kml-billion-laughs.kml", "dxf-block-bomb.dxf", "geopackage-view.gpkg")),
        *(CORPUS / name for name in ("wkb-claims-billions.wkb", "geopackage-claims-billions.gpkg", "wkt-nested.wkt")),
        *(CORPUS / name for name in ("geojson-nested.geojson", "xlsx-far-cell.xlsx", "shapefile-claims-billions.zip")),
    ]
    run = [sys.executable, "-c", READ, str(LIMIT), *map(str, hostile)]
    result = subprocess.run(run, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    answers = {line.split("\t")[0]: line.split("\t")[1:] for line in result.stdout.splitlines()}
    assert set(answers) == {path.name for path in hostile}
    assert "unpacks to more than" in answers["parquet-bomb.parquet"][1]
    for name, (seconds, stated) in answers.items():
        assert float(seconds) < 20, (name, seconds)
        if name != "empties.wkt":
            assert stated.startswith("refused " + name), (name, stated)


def test_a_link_out_of_a_folder_is_refused(tmp_path):
    with zipfile.ZipFile(CORPUS / "shapefile-gbk-no-cpg.zip") as archive:
        archive.extractall(tmp_path / "given")
    (tmp_path / "given" / "plots.dbf").rename(tmp_path / "elsewhere.dbf")
    (tmp_path / "given" / "plots.dbf").symlink_to(tmp_path / "elsewhere.dbf")
    for path in (tmp_path / "given", tmp_path / "given" / "plots.shp"):
        with pytest.raises(FormatError, match=r"plots\.dbf is a link"):
            read_features(path)
    # Where all of it is linked from one place, it is the same data set.
    shutil.move(tmp_path / "elsewhere.dbf", tmp_path / "given" / "plots2.dbf")
    for file in list((tmp_path / "given").glob("plots.*")):
        file.unlink() if file.is_symlink() else None
    (tmp_path / "given" / "plots2.dbf").rename(tmp_path / "given" / "plots.dbf")
    (tmp_path / "linked").mkdir()
    for file in (tmp_path / "given").iterdir():
        (tmp_path / "linked" / file.name).symlink_to(file)
    assert len(read_features(tmp_path / "linked" / "plots.shp").frame) == 1


def test_a_file_in_a_folder_that_is_a_link_out_of_it_is_refused(tmp_path):
    (tmp_path / "given").mkdir()
    shutil.copy(CORPUS / "wkt-srid.wkt", tmp_path / "private.wkt")
    (tmp_path / "given" / "plots.wkt").symlink_to(tmp_path / "private.wkt")
    with pytest.raises(FormatError, match="link that leads out"):
        read_features(tmp_path / "given")


def test_a_catalog_reads_nothing_outside_of_its_folder(tmp_path):
    (tmp_path / "catalog").mkdir()
    shutil.copy(CORPUS / "geopackage-plain.gpkg", tmp_path / "private.gpkg")
    (tmp_path / "catalog" / "linked.gpkg").symlink_to(tmp_path / "private.gpkg")
    path = tmp_path / "catalog" / "layers.yaml"
    path.write_text(
        "region: {name: x, bounds: [111.6, 24.1, 113.3, 25.7]}\nlayers:\n"
        "- {id: a, series: a, theme: karst_strong, path: a.gpkg}\n"
    )
    catalog = Catalog.open(path)
    for name in ("../private.gpkg", str(tmp_path / "private.gpkg"), "linked.gpkg"):
        with pytest.raises(CatalogError, match="leads out"):
            catalog.file(name)


def test_what_never_ends_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.gpkg")
    for path in (tmp_path / "pipe.gpkg", Path("/dev/zero")):
        with pytest.raises(FormatError, match="not a file"):
            read_features(path)


def test_a_stale_counter_hides_nothing():
    """The counter of a GeoPackage says 2; a reader that believes it leaves the third zone out."""
    assert len(read_features(CORPUS / "geopackage-count-too-low.gpkg").frame) == 3


def test_absurd_coordinates_cost_their_feature_only():
    features = read_features(CORPUS / "geojson-absurd.geojson")
    assert features.frame["geometry"].tolist() == [None]
    issue = next(issue for issue in features.issues if issue.code == "coordinate_absurd")
    assert "records 1, such as 1e+300" in issue.en and issue.severity == "error"


def test_an_arc_takes_nothing_else_with_it(tmp_path):
    arc = "CIRCULARSTRING (112.4 24.8, 112.41 24.81, 112.42 24.8)"
    (tmp_path / "a.wkt").write_text(f"{arc}\nPOLYGON ((112.4 24.8, 112.5 24.8, 112.5 24.9, 112.4 24.8))\n")
    read = read_features(tmp_path / "a.wkt", crs="EPSG:4490")
    assert [shape is None for shape in read.frame["geometry"]] == [True, False]
    assert [issue.code for issue in read.issues] == ["geometry_unreadable"]
    with pytest.raises(FormatError, match="convert arcs to lines"):
        read_sites(arc, crs="EPSG:4490")


def test_line_ends_in_names_do_not_break_the_one_line(tmp_path):
    (tmp_path / "a.csv").write_text('"a\nb",c\n1,2\n', encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        read_features(tmp_path / "a.csv", crs="EPSG:4490")
    assert "\n" not in caught.value.zh + caught.value.en


def test_a_file_may_be_called_like_a_word_of_wkt(tmp_path, monkeypatch):
    shutil.copy(CORPUS / "geojson-plain.geojson", tmp_path / "polygon.geojson")
    monkeypatch.chdir(tmp_path)
    assert len(read_sites("polygon.geojson")) == 1
    with pytest.raises(FormatError, match="not valid WKT"):
        read_sites("POLYGON ((1 2")
