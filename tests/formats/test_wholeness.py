"""A file that does not hold all of its records says so; one that does is proven whole."""

import json
import shutil
import sqlite3
import struct
import zipfile

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_features, read_sites
from lianzhou_gis.formats.containers import dataset_files
from lianzhou_gis.formats.server_pages import page_of_server
from lianzhou_gis.formats.wholeness import WholenessGround

ZONES = [shapely.box(112.4 + 0.02 * n, 24.78, 112.41 + 0.02 * n, 24.79) for n in range(5)]


def write(folder, suffix, **options):
    path = folder / f"red.{suffix}"
    frame = gpd.GeoDataFrame({"zone_id": [f"z{n}" for n in range(5)]}, geometry=ZONES, crs="EPSG:4490")
    pyogrio.write_dataframe(frame, path, **options)
    return path


def grounds(path, **options):
    return {fault.ground for fault in read_features(path, **options).wholeness.faults}


@pytest.mark.parametrize("suffix", ["shp", "gpkg", "fgb"])
def test_a_whole_file_is_proven_whole(tmp_path, suffix):
    wholeness = read_features(write(tmp_path, suffix)).wholeness
    assert wholeness.is_whole and wholeness.proven


def rewrite_index(path, entries):
    """Write an index of these entries (offset and length in words)."""
    content = path.with_suffix(".shx").read_bytes()
    body = b"".join(struct.pack(">ii", *entry) for entry in entries)
    size = (100 + len(body)) // 2
    path.with_suffix(".shx").write_bytes(content[:24] + struct.pack(">i", size) + content[28:100] + body)


def index_of(path):
    return list(struct.iter_unpack(">ii", path.with_suffix(".shx").read_bytes()[100:]))


@pytest.mark.parametrize("drop", [0, 2, 4])
def test_an_index_that_names_fewer_records(tmp_path, drop):
    path = write(tmp_path, "shp")
    entries = index_of(path)
    rewrite_index(path, [entry for n, entry in enumerate(entries) if n != drop])
    features = read_features(path)
    assert {fault.ground for fault in features.wholeness.faults} >= {WholenessGround.SHAPE_RECORDS}
    assert "incomplete_shape_records" in [issue.code for issue in features.issues]


def test_an_index_that_names_fewer_records_with_a_table_to_match(tmp_path):
    path = write(tmp_path, "shp")
    rewrite_index(path, index_of(path)[:3])
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    head, row = struct.unpack("<HH", table[8:12])
    table[4:8] = struct.pack("<I", 3)
    path.with_suffix(".dbf").write_bytes(bytes(table[: head + 3 * row]) + b"\x1a")
    assert grounds(path) == {WholenessGround.SHAPE_RECORDS}


def test_an_index_that_names_a_record_twice(tmp_path):
    path = write(tmp_path, "shp")
    entries = index_of(path)
    rewrite_index(path, [entries[0], entries[0], *entries[2:]])
    assert grounds(path) >= {WholenessGround.SHAPE_INDEX, WholenessGround.SHAPE_RECORDS}


def test_a_table_that_holds_more_rows_than_it_declares(tmp_path):
    path = write(tmp_path, "shp")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[4:8] = struct.pack("<I", 4)
    path.with_suffix(".dbf").write_bytes(bytes(table))
    assert WholenessGround.ATTRIBUTE_ROWS in grounds(path)


def test_rows_marked_as_deleted_are_no_fault(tmp_path):
    path = write(tmp_path, "shp")
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    head, row = struct.unpack("<HH", table[8:12])
    table[head + row] = ord("*")
    path.with_suffix(".dbf").write_bytes(bytes(table))
    features = read_features(path)
    assert features.wholeness.is_whole and "records_deleted" in [issue.code for issue in features.issues]


def test_a_superseded_record_left_in_the_file_is_no_fault(tmp_path):
    path = write(tmp_path, "shp")
    content = path.read_bytes()
    offset, length = index_of(path)[1]
    record = content[2 * offset : 2 * offset + 8 + 2 * length]
    size = (len(content) + len(record)) // 2
    path.write_bytes(content[:24] + struct.pack(">i", size) + content[28:] + record)
    entries = index_of(path)
    rewrite_index(path, [entries[0], (len(content) // 2, length), *entries[2:]])
    assert read_features(path).wholeness.is_whole


def execute(path, *statements, mode=None):
    connection = sqlite3.connect(path)
    if mode:
        connection.execute(f"PRAGMA journal_mode={mode}")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{trigger}"')
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    return connection


def test_a_count_above_the_rows(tmp_path):
    path = write(tmp_path, "gpkg")
    execute(path, "UPDATE gpkg_ogr_contents SET feature_count = 9").close()
    assert grounds(path) == {WholenessGround.RECORD_COUNT}


def test_a_row_deleted_behind_the_spatial_index(tmp_path):
    path = write(tmp_path, "gpkg")
    execute(path, "DELETE FROM red WHERE fid = 3", "UPDATE gpkg_ogr_contents SET feature_count = 4").close()
    assert grounds(path) == {WholenessGround.SPATIAL_INDEX}


@pytest.fixture
def with_log(tmp_path):
    """A GeoPackage whose last change stands in its log, copied while it was open."""
    (tmp_path / "open").mkdir()
    path = write(tmp_path / "open", "gpkg")
    connection = execute(path, "UPDATE red SET zone_id = 'changed' WHERE fid = 1", mode="WAL")
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in (path, path.with_name("red.gpkg-wal")):
        shutil.copyfile(file, folder / file.name)
    connection.close()
    return folder / "red.gpkg"


def test_changes_in_the_log_are_read_and_the_file_stays_as_it_is(with_log):
    before = {file.name: file.read_bytes() for file in with_log.parent.iterdir()}
    features = read_features(with_log)
    assert features.wholeness.is_whole and features.frame["zone_id"][0] == "changed"
    assert before == {file.name: file.read_bytes() for file in with_log.parent.iterdir()}
    assert [file.name for file in dataset_files(with_log)] == ["red.gpkg", "red.gpkg-wal"]


def test_a_log_left_behind(with_log):
    hashed = read_features(with_log).sha256
    with_log.with_name("red.gpkg-wal").unlink()
    # Reading writes nothing beside the file, so that the second reader sees the same.
    for _ in range(2):
        features = read_features(with_log)
        assert {fault.ground for fault in features.wholeness.faults} == {WholenessGround.JOURNAL}
    assert features.sha256 != hashed
    assert [file.name for file in with_log.parent.iterdir()] == [with_log.name]
    assert "incomplete_journal" in {issue.code for issue in read_sites(with_log).issues}


@pytest.mark.parametrize("damage", ["head", "frame", "cut", "text"])
def test_a_log_that_cannot_be_read(with_log, damage):
    log = with_log.with_name("red.gpkg-wal")
    content = bytearray(log.read_bytes())
    if damage == "head":
        content[0:4] = b"\x00\x00\x00\x00"
    elif damage == "frame":
        content[-100] ^= 0xFF
    elif damage == "cut":
        content = content[: len(content) // 2]
    else:
        content = bytearray(b"not a log" * 10)
    log.write_bytes(bytes(content))
    assert grounds(with_log) == {WholenessGround.JOURNAL}


def test_the_log_is_unpacked_with_its_database(with_log, tmp_path):
    archive = tmp_path / "red.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(with_log, "data/red.gpkg")
        packed.write(with_log.with_name("red.gpkg-wal"), "data/red.gpkg-wal")
    features = read_features(archive)
    assert features.wholeness.is_whole and features.frame["zone_id"][0] == "changed"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(with_log, "data/red.gpkg")
    assert grounds(archive) == {WholenessGround.JOURNAL}


def test_an_interrupted_write_is_rolled_back_and_named(tmp_path):
    path = write(tmp_path, "gpkg")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA cache_size=1")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE filler (text)")
    connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 3000,)] * 200)
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in (path, path.with_name("red.gpkg-journal")):
        shutil.copyfile(file, folder / file.name)
    connection.rollback()
    connection.close()
    features = read_features(folder / "red.gpkg")
    assert {fault.ground for fault in features.wholeness.faults} == {WholenessGround.JOURNAL} and len(
        features.frame
    ) == 5


def test_a_locked_file_states_so(tmp_path):
    path = write(tmp_path, "gpkg")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(FormatError, match="another program is writing the file"):
            read_features(path)
    finally:
        connection.close()


@pytest.mark.parametrize("nodes", ["YES", "NO"])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_flatgeobuf_of_any_size_with_and_without_index(tmp_path, nodes, count):
    shapes = [shapely.box(112 + 0.001 * n, 24, 112 + 0.001 * n + 0.0005, 25) for n in range(count)]
    path = tmp_path / "a.fgb"
    pyogrio.write_dataframe(gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4490"), path, SPATIAL_INDEX=nodes)
    assert read_features(path).wholeness.is_whole


def test_a_feature_behind_the_last_of_a_flatgeobuf(tmp_path):
    path = write(tmp_path, "fgb", SPATIAL_INDEX="NO")
    content = path.read_bytes()
    path.write_bytes(content + struct.pack("<I", 8) + bytes(8))
    assert grounds(path) == {WholenessGround.RECORD_COUNT}


@pytest.mark.parametrize(
    "reply",
    [
        {"exceededTransferLimit": True},
        {"properties": {"exceededTransferLimit": True}},
        {"exceededTransferLimit": "true"},
        {"numberMatched": 9, "numberReturned": 1},
        {"totalFeatures": 9},
        {"links": [{"rel": "self"}, {"rel": "next", "href": "x"}]},
    ],
)
def test_a_page_of_a_server(tmp_path, reply):
    path = tmp_path / "a.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(ZONES[0]))}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], **reply}))
    assert grounds(path) == {WholenessGround.SERVER_PAGE}


@pytest.mark.parametrize(
    "reply", [{"exceededTransferLimit": False}, {"numberMatched": 1}, {"totalFeatures": "unknown"}]
)
def test_a_whole_answer_of_a_server(reply):
    assert page_of_server(reply, 1).is_whole


def test_numbers_are_compared_with_what_was_read():
    assert not page_of_server({"numberMatched": np.int64(3).item()}, 2).is_whole
