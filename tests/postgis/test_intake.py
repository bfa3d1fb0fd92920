"""``layers import --store``: a planner's file becomes a table that a catalog points to, or nothing changes."""

import datetime

import geopandas as gpd
import pytest
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.cli import main
from lianzhou_gis.errors import FormatError
from lianzhou_gis.geodesy import StudyArea
from lianzhou_gis.intake import carry_out, importing, parse_options, plan_import, read_source
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.postgis_store import read_stored
from lianzhou_gis.rulebook import Rulebook

pytestmark = pytest.mark.postgis
DAY = datetime.date(2026, 11, 23)
CITY = shapely.box(112.1, 24.6, 112.8, 25.2).wkt


@pytest.fixture
def file(tmp_path):
    shapes = [shapely.box(112.4 + k / 50, 24.8, 112.41 + k / 50, 24.81) for k in range(3)]
    table = {"水源地名称": ["甲", "乙", None], "保护区级别": ["一级", "二级", "准"], "批复面积(公顷)": [1.5, None, 3]}
    gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490").to_file(tmp_path / "水源.gpkg", engine="pyogrio")
    return tmp_path / "水源.gpkg"


def plan(file, catalog):
    source = read_source(file, "water_source_zone", catalog, day=DAY, facts=Rulebook.load().facts)
    return plan_import(
        source, parse_options({"coverage": CITY, "id": "water", "uncounted": "示例，由测试编制"}, "told")
    )


def test_the_table_holds_what_the_file_would_and_carries_its_record(server, schema, file, tmp_path):
    as_file = carry_out(plan(file, tmp_path / "files" / "layers.yaml"))
    catalog = tmp_path / "stored" / "layers.yaml"
    done = carry_out(plan(file, catalog), store=server.url(f"&table={schema}.water"))
    assert done.entry.sha256 == as_file.entry.sha256 and done.files == ("water.import.json",)
    entry = Catalog.open(catalog).layers[0]
    assert entry.path == done.entry.path and entry.layer == f'"{schema}"."water"'
    layers = load_layers(Catalog.open(catalog), ["water_source_zone"], DAY, facts=Rulebook.load().facts)
    assert layers.layers[0].status == "loaded" and len(layers.layers[0].zones) == 3 and not layers.gaps
    assert read_stored(entry, region=None, study=StudyArea((111.0, 24.0, 113.0, 26.0)))[1] is not None


def test_a_trial_and_a_failure_leave_nothing_behind(server, schema, file, tmp_path, monkeypatch):
    catalog = tmp_path / "layers" / "layers.yaml"
    url = server.url(f"&table={schema}.water")
    tables = f"SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'"
    assert carry_out(plan(file, catalog), dry_run=True, store=url).entry.layer == f'"{schema}"."water"'
    assert server.ask(tables) == [(0,)] and not catalog.exists()

    def full(path, entry):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "add_entry", full)
        with pytest.raises(OSError, match="no space"):
            carry_out(plan(file, catalog), store=url)
    assert server.ask(tables) == [(0,)] and not list(catalog.parent.glob("*"))
    server.run(f"CREATE TABLE {schema}.water (kept int)")
    with pytest.raises(FormatError, match="exists"):
        carry_out(plan(file, catalog), store=url)
    assert server.ask(tables) == [(1,)] and not list(catalog.parent.glob("*"))


def test_the_command_retains_the_password_out_of_the_catalog(server, schema, file, tmp_path, capsys):
    server.run(f"GRANT ALL ON SCHEMA {schema} TO reader")
    catalog = tmp_path / "layers" / "layers.yaml"
    words = ["layers", "import", str(file), "--as", "water_source_zone", "--id", "water", "--layers", str(catalog)]
    url = server.tcp(password="open-sesame") + f"?table={schema}.water"
    with pytest.raises(SystemExit) as ended:
        main([*words, "--coverage", CITY, "--expected-count", "3", "--count-by", "source_row", "--store", url])
    reported = capsys.readouterr()
    assert ended.value.code == 0, reported.err
    assert "sesame" not in reported.out + reported.err + catalog.read_text(encoding="utf-8")
    assert "reader@127.0.0.1" in catalog.read_text(encoding="utf-8")
