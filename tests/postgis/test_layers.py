"""Layers of a catalog in a real PostGIS: the results of files, only what is near fetched, every failure a gap."""

import datetime
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
import yaml

import lianzhou_gis as lg
from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.postgis_source import PostgisSource
from lianzhou_gis.formats.postgis_writing import write_layer, write_record
from lianzhou_gis.geodesy import StudyArea, gauss_kruger
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.postgis_store import read_stored, record_content
from lianzhou_gis.rulebook import Rulebook

pytestmark = pytest.mark.postgis
THEME = "karst_strong"
COVER = shapely.box(112.2, 24.6, 112.75, 25.2).wkt
STUDY = StudyArea((111.4, 23.9, 113.5, 25.9))
DAY = datetime.date(2026, 11, 23)


def squares(count, west=112.3, step=0.01):
    return [shapely.box(west + k * step, 24.8, west + k * step + step / 2, 24.805) for k in range(count)]


def zones(shapes, **columns):
    table = {"zone_id": [f"Z{k}" for k in range(len(shapes))], **columns}
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4490"))


def entry(server, schema, table="zones", **more):
    reported = {
        "id": "karst",
        "series": "karst",
        "theme": THEME,
        "coverage": COVER,
        "accuracy_m": 1.0,
        "expected_count": 1,
        **more,
    }
    return LayerEntry(**{"path": server.url(), "layer": f"{schema}.{table}", **reported})


def loaded(tmp_path, *entries, study=STUDY):
    path = tmp_path / "layers.yaml"
    document = {"region": {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}}
    document["layers"] = [
        {name: value for name, value in one.to_json().items() if value is not None} for one in entries
    ]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return load_layers(Catalog.open(path), [THEME], DAY, facts=Rulebook.load().facts, study=study)


MIXED = {
    "days": [datetime.date(2026, 8, 15), None, datetime.date(2020, 1, 1)],
    "times": np.array(["2026-08-15T08:30:00.250", "NaT", "2020-01-01"], dtype="datetime64[ms]"),
    "whole": pd.array([3, None, 5], dtype="Int64"),
    "numbers": [1.5, np.nan, 3.0],
    "plain": [1, 2, 3],
    "truth": [True, False, True],
    "texts": ["末尾空格  ", "", None],
    "Mixed Name (数字)": [None, None, None],
}


def test_the_content_is_the_same_from_a_geopackage_and_from_the_database(server, schema, tmp_path):
    frame = zones([*squares(2), None], **MIXED)
    frame.to_file(tmp_path / "zones.gpkg", engine="pyogrio", driver="GPKG", geometry_type="Polygon")
    stored = read_features(tmp_path / "zones.gpkg").frame
    write_layer(stored, server.url(), f"{schema}.zones")
    of_file = entry(server, schema, path="zones.gpkg", layer=None)
    one = loaded(tmp_path, of_file).layers[0]
    other = loaded(tmp_path, entry(server, schema)).layers[0]
    assert one.status == other.status == "loaded" and one.sha256 == other.sha256
    # Blanks behind, and a text of nothing, say nothing: a table with columns of fixed width is the same table.
    server.run(f"ALTER TABLE {schema}.zones ALTER texts TYPE char(12), ALTER plain TYPE numeric(9, 3)")
    assert loaded(tmp_path, entry(server, schema)).layers[0].sha256 == one.sha256
    server.run(f"UPDATE {schema}.zones SET texts = '别的' WHERE zone_id = 'Z0'")
    assert loaded(tmp_path, entry(server, schema)).layers[0].sha256 != one.sha256


@pytest.fixture
def far(server, schema):
    """Ten zones in the county and forty far from it, all within the coverage."""
    write_layer(zones([*squares(10), *squares(40, west=118.0)]), server.url(), f"{schema}.zones")
    wide = shapely.box(112.2, 24.6, 118.6, 25.2).wkt
    return entry(server, schema, expected_count=50, count_by="zone_id", coverage=wide)


def fetched(of):
    return len(read_stored(of, region=None, study=STUDY)[0].frame)


def test_only_rows_near_the_study_area_are_fetched_once_the_content_is_recorded(server, schema, far, tmp_path):
    assert fetched(far) == 50
    before = loaded(tmp_path, far)
    content = record_content(far)
    assert fetched(far) == 10
    after = loaded(tmp_path, far)
    assert before.layers[0].sha256 == after.layers[0].sha256 == content.sha256
    assert before.issues == after.issues and not after.gaps
    assert {issue.code for issue in after.issues} == {"zones_beyond_study_area", "zones_coarse"}
    assert len(after.layers[0].zones) == 10
    # Other columns, another grade: another reading of the same rows, which nobody has recorded.
    assert fetched(replace(far, accuracy_m=2.0)) == 50
    assert fetched(replace(far, official_area_m2=1.0)) == 50


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET geom = ST_Translate(geom, -6, 0) WHERE zone_id = 'Z40'",
        "UPDATE {} SET geom = ST_Translate(geom, 6, 0) WHERE zone_id = 'Z3'",
        "DELETE FROM {} WHERE zone_id = 'Z44'",
        "UPDATE {} SET zone_id = 'Z0' WHERE zone_id = 'Z49'",
    ],
)
def test_a_row_that_changes_anywhere_is_seen(server, schema, far, tmp_path, change):
    recorded = replace(far, sha256=record_content(far).sha256)
    assert not loaded(tmp_path, recorded).gaps
    server.run(change.format(f"{schema}.zones"))
    assert {gap.reason.value for gap in loaded(tmp_path, recorded).gaps} == {"layer_incomplete"}


def test_a_record_is_below_what_people_wrote_and_a_false_one_is_not_believed(server, schema, far, tmp_path):
    server.run(f"COMMENT ON TABLE {schema}.zones IS '红线 2022'")
    content = record_content(far)
    record_content(replace(far, accuracy_m=2.0))
    comment = server.ask(f"SELECT obj_description('{schema}.zones'::regclass)")[0][0]
    assert comment.startswith("红线 2022\nlianzhou_gis: ") and comment.count("lianzhou_gis:") == 1
    assert fetched(far) == fetched(replace(far, accuracy_m=2.0)) == 10
    source = PostgisSource.from_url(far.path, far.layer)
    write_record(source, {"fingerprint": "0" * 64, "contents": {"x": {"sha256": "0" * 64}}}, comment)
    assert fetched(far) == 50 and loaded(tmp_path, far).layers[0].sha256 == content.sha256


def test_rows_that_are_not_read_without_a_word_are_never_left_to_a_record(server, schema, far):
    server.run(f"ALTER TABLE {schema}.zones ALTER geom TYPE geometry")
    server.run(f"UPDATE {schema}.zones SET geom = ST_Force3D(geom) WHERE zone_id = 'Z45'")
    record_content(far)
    assert fetched(far) == 50


def test_zones_with_dates_of_their_own_are_always_read_whole(server, schema, far):
    server.run(f"ALTER TABLE {schema}.zones ADD valid_to date")
    record_content(far)
    assert fetched(far) == 10
    server.run(f"UPDATE {schema}.zones SET valid_to = '2020-01-01' WHERE zone_id = 'Z45'")
    record_content(far)
    assert fetched(far) == 50


def test_rows_without_a_shape_are_fetched_wherever_they_are(server, schema, tmp_path):
    write_layer(zones([*squares(1), None, shapely.Polygon(), *squares(1, 118.0)]), server.url(), f"{schema}.zones")
    of = entry(server, schema)
    record_content(of)
    reasons = [gap.reason.value for gap in loaded(tmp_path, of).gaps]
    assert reasons == ["layer_incomplete", "no_geometry", "no_geometry"]


def test_a_zone_far_beyond_the_coverage_is_named_though_its_row_need_not_be_fetched(server, schema, far, tmp_path):
    narrow = replace(far, coverage=COVER)
    before = loaded(tmp_path, narrow).gaps
    record_content(far)
    after = loaded(tmp_path, narrow).gaps
    assert [gap.reason.value for gap in before] == ["layer_incomplete"] and after == before and "40" in before[0].zh
    assert not loaded(tmp_path, far).gaps


def test_rows_near_the_study_area_are_found_in_every_plane(server, schema, tmp_path):
    shapes = [shapely.box(x, y, x + 0.001, y + 0.001) for x in (111.39, 112.4, 113.499) for y in (23.899, 25.8995)]
    frame = zones(shapes)
    for zone in (36, 37, 38, 39):
        system = gauss_kruger(zone)
        moved = frame.to_crs(system.code)
        write_layer(pd.DataFrame(moved), server.url(), f"{schema}.z{zone}", system=system)
        of = entry(server, schema, f"z{zone}")
        whole = loaded(tmp_path, of).layers[0]
        record_content(of)
        near = loaded(tmp_path, of).layers[0]
        assert list(near.zones["zone_id"]) == list(whole.zones["zone_id"]) == ["Z2", "Z3", "Z4", "Z5"]
        assert near.sha256 == whole.sha256


def test_a_table_is_written_whole_or_not_at_all(server, schema):
    write_layer(zones(squares(3)), server.url(), f"{schema}.zones")
    with pytest.raises(FormatError, match="exists"):
        write_layer(zones(squares(2)), server.url(), f"{schema}.zones")
    with pytest.raises(FormatError, match="EPSG"):
        write_layer(zones(squares(2)), server.url(), f"{schema}.zones", overwrite=True, system=lg_system())
    broken = zones(squares(2)).assign(fid=[1, 2])
    with pytest.raises(FormatError, match="fid"):
        write_layer(broken, server.url(), f"{schema}.zones", overwrite=True)
    assert server.ask(f"SELECT count(*), min(ST_SRID(geom)) FROM {schema}.zones") == [(3, 4490)]
    write_layer(zones(squares(2)), server.url(), f"{schema}.zones", overwrite=True)
    assert server.ask(f"SELECT count(*), max(fid) FROM {schema}.zones") == [(2, 2)]
    server.run(f"INSERT INTO {schema}.zones (zone_id) VALUES ('new')")
    assert server.ask(f"SELECT max(fid) FROM {schema}.zones") == [(3,)]


def lg_system():
    from lianzhou_gis.geodesy import LIANZHOU_PROJ
    from lianzhou_gis.geodesy.resolution import resolve_reference_system

    return resolve_reference_system(LIANZHOU_PROJ)[0]


def test_every_failure_is_a_gap_of_the_layer_with_a_line_and_no_password(server, schema, tmp_path):
    table = f"{schema}.zones"
    write_layer(zones(squares(3)), server.url(), table)
    server.run(f"CREATE TABLE {schema}.mixed AS SELECT * FROM {table}")
    server.run(
        f"ALTER TABLE {schema}.mixed ALTER geom TYPE geometry",
        f"UPDATE {schema}.mixed SET geom = ST_Transform(geom, 4525) WHERE zone_id = 'Z1'",
        f"CREATE TABLE {schema}.none AS SELECT zone_id, ST_SetSRID(geom, 0) AS geom FROM {table}",
        f"CREATE TABLE {schema}.two AS SELECT zone_id, geom, ST_Centroid(geom) AS middle FROM {table}",
        f"CREATE TABLE {schema}.empty (zone_id text, geom geometry(Polygon, 4490))",
    )
    secret = server.tcp(password="open-sesame")
    failures = {
        "gone": (entry(server, schema, path=server.tcp(password="open-sesame", port=1)), "read_error"),
        "denied": (entry(server, schema, path=secret), "read_error"),
        "missing": (entry(server, schema, "nothing"), "layer_missing"),
        "mixed": (entry(server, schema, "mixed"), "unknown_crs"),
        "no SRID": (entry(server, schema, "none"), "unknown_crs"),
        "two": (entry(server, schema, "two"), "read_error"),
        "empty": (entry(server, schema, "empty"), "layer_empty"),
        "query": (entry(server, schema, layer=None, path=server.url("&query=SELECT 1")), "read_error"),
        "no table": (entry(server, schema, layer=None), "read_error"),
    }
    for name, (of, reason) in failures.items():
        layers = loaded(tmp_path, of)
        assert [gap.reason.value for gap in layers.gaps] == [reason], name
        assert layers.layers[0].status == reason and layers.gaps[0].everywhere
        reported = layers.gaps[0].zh + layers.gaps[0].en
        assert "\n" not in reported and "sesame" not in reported and len(reported) < 400
    assert loaded(tmp_path, replace(failures["no SRID"][0], crs="EPSG:4490")).layers[0].status == "loaded"


@pytest.fixture
def both(server, schema, county):
    """The same county as files and in the database: the paths of two catalogs."""
    for k in range(6):
        county.add(THEME, shapely.box(112.4 + k / 100, 24.8, 112.405 + k / 100, 24.805), official_area_m2="280000")
    county.add(THEME, shapely.box(118, 26, 118.1, 26.1), zone_id="DEMO-far")
    bow_tie = [(112.50, 24.90), (112.51, 24.91), (112.51, 24.90), (112.50, 24.91)]
    county.add("ecological_redline", shapely.Polygon(bow_tie), grade="general", zone_id="DEMO-bow")
    county.add("contaminated_plot", None, zone_id="DEMO-list", town="龙坪镇", grade="listed")
    county.add("receptor", shapely.Point(112.45, 24.86), zone_id="DEMO-school", grade="school", valid_to="2026-01-01")
    files = county.write()
    document = yaml.safe_load(files.read_text(encoding="utf-8"))
    for record in document["layers"]:
        frame = read_features(county.folder / record["path"]).frame
        write_layer(frame, server.url(), f"{schema}.{record['id']}")
        record |= {"path": server.url(), "layer": f"{schema}.{record['id']}"}
    stored = county.folder / "stored.yaml"
    stored.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return files, stored


def test_the_same_screening_gives_the_same_bytes_from_both_stores(both, tmp_path):
    shapes = [shapely.box(112.402, 24.801, 112.46, 24.803), shapely.Point(112.505, 24.905).buffer(0.002)]
    table = {"site_id": ["DEMO-1", "DEMO-2"], "accuracy_m": [0.5, 0.5]}
    sites = lg.read_sites(gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490"))
    texts = []
    for number, path in enumerate((*both, both[1])):
        if number == 2:
            for record in Catalog.open(path).layers:
                record_content(record)
        result = lg.screen(sites, path, as_of="2026-11-23", facts={"livestock": False})
        folder = result.save(tmp_path / f"run{number}")
        document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        # The identity of a run names the files and tables that it read.
        del document["run"]["created"], document["run"]["id"], document["run"]["fingerprint"], document["seal"]
        texts.append(json.dumps(document, ensure_ascii=False))
        zones = pyogrio.read_dataframe(folder / "findings.gpkg", layer="zones")
        assert len(zones) > 5
    assert texts[0] == texts[1] == texts[2]
    assert "invalid_geometry" in texts[0] and "zones_beyond_study_area" in texts[0] and "no_geometry" in texts[0]


def test_a_password_in_a_catalog_is_not_copied_into_the_run_folder(server, schema, county, tmp_path):
    write_layer(zones(squares(2)), server.url(), f"{schema}.zones")
    server.run(f"GRANT USAGE ON SCHEMA {schema} TO reader", f"GRANT SELECT ON {schema}.zones TO reader")
    county.entries[THEME] |= {"path": server.tcp(password="open-sesame"), "layer": f"{schema}.zones"}
    result = county.screen(shapely.box(112.301, 24.801, 112.303, 24.803), themes=[THEME])
    assert result.checks.set_index("theme")["status"][THEME] == "hit"
    assert "password_in_catalog" in {issue.code for issue in result.issues}
    folder = result.save(tmp_path / "run")
    for path in folder.rglob("*"):
        assert not path.is_file() or b"sesame" not in path.read_bytes(), path.name
    assert "reader:***@127.0.0.1" in (folder / "inputs" / "layers.yaml").read_text(encoding="utf-8")


def test_the_checker_of_clears_reads_the_rows_of_a_table_itself(server, schema, tmp_path):
    from lianzhou_gis.certificate import Checker

    theme = "permanent_basic_farmland"
    facts = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))
    write_layer(zones(squares(2)), server.url(), f"{schema}.zones")
    loaded(tmp_path, entry(server, schema, theme=theme, expected_count=2))
    catalog = Catalog.open(tmp_path / "layers.yaml")
    sites = gpd.GeoDataFrame(
        {"site_id": ["DEMO-1", "DEMO-2"], "accuracy_m": 1.0},
        geometry=[squares(1)[0], shapely.box(112.5, 24.9, 112.501, 24.901)],
        crs="EPSG:4490",
    )
    result = lg.screen(sites, catalog, facts=facts, as_of=DAY, themes=[theme])
    assert list(result.sites["verdict"]) == ["prohibited", "no_conflict_found"]

    def objections():
        known = [result.facts[name] for name in sites["site_id"]]
        checker = Checker(catalog, Rulebook.load(), DAY, [theme])
        found = checker.check(sites.geometry.to_numpy(dtype=object), np.full(2, 1.0), known)
        return [None if message is None else message.code for message in found]

    assert objections() == ["certificate_zone", None]
    server.run(f"DELETE FROM {schema}.zones WHERE zone_id = 'Z1'")
    assert objections()[1] == "count_below_expected"
    server.run(f"DROP TABLE {schema}.zones")
    assert None not in objections()
