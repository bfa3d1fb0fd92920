"""Whatever an answer rests on is in its fingerprint: each input changed in turn changes it."""

import geopandas as gpd
import pytest
import shapely
import yaml

import lianzhou_gis as lg
from lianzhou_gis.fingerprint import Fingerprint, code_fingerprint, file_fingerprint

SITE = shapely.box(112.4, 24.8, 112.401, 24.801)
WHOLE = shapely.box(112.2, 24.6, 112.75, 25.2)
THEME = "permanent_basic_farmland"


@pytest.fixture
def world(county):
    """A county with an administrative layer that the coverage of the farmland rests on, a file and an access list."""
    county.zones["administrative"] = []
    county.add("administrative", WHOLE, zone_id="DEMO-1", name="示例县")
    county.entries[THEME]["coverage"] = "administrative:DEMO-1"
    cover = gpd.GeoDataFrame(geometry=[WHOLE], crs="EPSG:4490")
    cover.to_file(county.folder / "cover.gpkg", engine="pyogrio")
    county.entries["wetland"]["coverage"] = "cover.gpkg"
    return county


def parts(world, facts=None, site=SITE, themes=(THEME, "wetland", "control_unit"), as_of="2026-11-23", sets=None):
    catalog = world.folder / "layers.yaml"
    if not catalog.exists():
        world.write()
    result = lg.screen(lg.read_sites(site.wkt, crs="EPSG:4490"), catalog, facts=facts, as_of=as_of, themes=themes)
    return result.identity


def rewrite(world, name):
    """Write the file of a layer anew with one vertex moved by a millimetre."""
    path = world.folder / f"{name}.gpkg"
    frame = gpd.read_file(path)
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy + 1e-8)
    path.unlink()
    frame.to_file(path, engine="pyogrio", driver="GPKG")


def edit(world, theme, **values):
    path = world.folder / "layers.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in document["layers"]:
        if entry["theme"] == theme:
            entry |= values
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


CHANGES = {
    "file": lambda world: rewrite(world, THEME),
    "administrative layer out of scope": lambda world: rewrite(world, "administrative"),
    "coverage file": lambda world: _cover(world),
    "access list": lambda world: _append(world.folder / "access.csv"),
    "entry": lambda world: edit(world, THEME, accuracy_m=2.5),
    "expected count": lambda world: edit(world, THEME, expected_count=7),
    "row count of the administrative layer": lambda world: edit(world, "administrative", row_count=7),
    "journal": lambda world: (world.folder / f"{THEME}.gpkg-wal").write_bytes(b""),
}


def _cover(world):
    path = world.folder / "cover.gpkg"
    path.unlink()
    gpd.GeoDataFrame(geometry=[WHOLE.buffer(1e-7)], crs="EPSG:4490").to_file(path, engine="pyogrio")


def _append(path):
    row = "DEMO-2,DEMO-U1,unit,spatial,encouraged,,,,示例,,,\n"
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")


@pytest.mark.parametrize("change", CHANGES)
def test_each_input_of_the_layers(world, change):
    before = parts(world)
    assert parts(world).sha256 == before.sha256
    CHANGES[change](world)
    assert parts(world).differences(before)


def test_each_parameter(world):
    before = parts(world)
    assert parts(world, facts={"livestock": False}).differences(before) == ["facts"]
    assert "sites" in parts(world, site=shapely.box(112.4, 24.8, 112.401, 24.8011)).differences(before)
    assert "scope" in parts(world, themes=(THEME, "wetland")).differences(before)
    assert "as_of" in parts(world, as_of="2026-11-24").differences(before)


def test_the_rulebook_and_the_code(world, monkeypatch):
    before = parts(world)
    code_fingerprint.cache_clear()
    monkeypatch.setattr("lianzhou_gis.layers.loader.code_fingerprint", lambda: "another")
    assert parts(world).differences(before) == ["code"]


def test_sidecars_whatever_their_case_and_those_that_are_absent(tmp_path):
    for name in ("L.shp", "l.prj", "L.DBF", "other.prj"):
        (tmp_path / name).write_bytes(name.encode())
    found = file_fingerprint(tmp_path / "L.shp")
    assert {name for name, digest in found.items() if digest} == {"L.shp", "l.prj", "L.DBF"}
    assert {name for name, digest in found.items() if not digest} == {"L.shx", "L.cpg"}
    (tmp_path / "l.prj").unlink()
    assert file_fingerprint(tmp_path / "L.shp")["L.prj"] is None
    assert file_fingerprint(tmp_path / "none.gpkg") == dict.fromkeys(
        ("none.gpkg", "none.gpkg-wal", "none.gpkg-journal")
    )


def test_values_without_a_canonical_form_are_refused():
    with pytest.raises(TypeError, match="object"):
        Fingerprint.from_inputs(a=object())


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, "1"), (1, 1.0000001), (None, "None"), ([1, 2], [2, 1]), ({1: 2}, {"1": 2}), (0.0, float("nan"))],
)
def test_values_that_differ_differ(one, other):
    assert Fingerprint.from_inputs(a=one).differences(Fingerprint.from_inputs(a=other)) == ["a"]
