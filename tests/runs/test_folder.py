"""The run folder: what stands in it, that it fits its schema, that the same inputs give the same bytes."""

import hashlib
import json
from datetime import date
from importlib.resources import files

import geopandas as gpd
import jsonschema
import pyogrio
import pytest
import shapely

from lianzhou_gis.errors import MissingFileError, RunError
from lianzhou_gis.findings import Override
from lianzhou_gis.runs import Run, as_document, json_schema
from lianzhou_gis.runs.schema import validated
from lianzhou_gis.screening import screen
from lianzhou_gis.vocabulary import themes

FACTS = {"target_use": "industrial", "wastewater_route": "surface_water", "limited_activity_class": "not_listed"}


@pytest.fixture
def screened(county, square):
    county.add("ecological_redline", square(112.44, 24.87, 900), grade="一般控制区", zone_id="DEMO-HX")
    county.add("water_source_zone", square(112.45, 24.87, 600), grade="二级", zone_id="DEMO-SY", source_name="甲")
    shapes = {"A": square(112.44, 24.87, 100), "B": square(112.445, 24.87, 150), "C": square(112.5, 24.95, 80)}
    outfall = {"A": None, "B": shapely.Point(112.4461, 24.87), "C": None}

    def run(order="ABC", **options):
        frame = gpd.GeoDataFrame(
            {
                "site_id": list(order),
                "name": [f"项目{name}" for name in order],
                "outfall": [outfall[name] for name in order],
            },
            geometry=[shapes[name] for name in order],
            crs="EPSG:4490",
        )
        return county.screen(frame, FACTS, **options)

    return run


def digests(folder):
    """Hashes of all files; the moment of the run in result.json left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "result.json":
                document = json.loads(content)
                document["run"].pop("created")
                document["seal"].pop("moment_sha256")
                content = json.dumps(document).encode()
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def test_what_is_reported_is_in_the_order_and_of_the_kinds_of_the_schema(screened, county):
    """What is printed with --json is not validated: it is what validation makes of it, byte by byte."""
    county.entries["ecological_redline"]["title"] = {"en": "Red line of the test", "zh": "试验红线"}
    before = screened()
    row = before.findings.iloc[0]
    judged = Override(row["finding_id"], "保留", "分局", "现状", "函1号", date(2026, 11, 20), None)
    after = screen(before.sites_in, county.write(), facts=FACTS, as_of="2026-11-23", overrides=[judged])
    for result in (before, after):
        document = as_document(result)
        assert json.dumps(validated(document)) == json.dumps(document)
    assert any(finding["override"] for site in document["sites"] for finding in site["findings"])
    assert any(layer["title"] for layer in document["run"]["layers"])
    assert any(site["questions"] for site in document["sites"])


def test_what_is_in_it(screened, tmp_path):
    folder = screened().save(tmp_path / "run")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "result.json", "certificate.json", "manifest.json", "findings.gpkg", "map.html", "inputs/sites.json",
        "inputs/facts.yaml", "inputs/layers.yaml", "inputs/reading.json",
    }  # fmt: skip
    layers = {name for name, _ in pyogrio.list_layers(folder / "findings.gpkg")}
    # QGIS keeps the styles of the layers in a table of that name, which GDAL lists as well.
    assert layers - {"layer_styles"} == {
        "sites", "outfalls", "overlaps", "totals", "findings", "gaps", "zones", "access",
    }  # fmt: skip


def test_result_fits_the_schema_that_is_shipped(screened, tmp_path):
    folder = screened().save(tmp_path / "run")
    schema = json.loads(files("lianzhou_gis.runs").joinpath("result.schema.json").read_text(encoding="utf-8"))
    assert schema == {"$schema": schema["$schema"], **json_schema()}
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)
    assert document["run"]["disclosure"] == "restricted"
    assert [site["site_id"] for site in document["sites"]] == ["A", "B", "C"]
    for site in document["sites"]:
        assert [check["theme"] for check in site["checks"]] == list(themes())
        for finding in site["findings"]:
            assert finding["citations"] and finding["action"]["zh"] and finding["authority"]["zh"]


def test_a_document_that_is_not_one_is_refused_by_the_schema():
    schema = json_schema()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema_version": "1", "run": {}, "sites": [], "issues": []}, schema)


def test_the_same_inputs_give_the_same_bytes_whatever_the_order(county, square, tmp_path):
    county.add("ecological_redline", square(112.44, 24.87, 900), grade="一般控制区", zone_id="DEMO-HX")
    paths = []
    for name, east in (("A", 112.44), ("B", 112.445), ("C", 112.5)):
        path = county.folder / f"{name}.gpkg"
        frame = gpd.GeoDataFrame({"site_id": [name]}, geometry=[square(east, 24.87, 120)], crs="EPSG:4490")
        frame.to_file(path, driver="GPKG")
        paths.append(path)
    one = digests(county.screen(paths, FACTS).save(tmp_path / "one"))
    other = digests(county.screen(paths[::-1], FACTS).save(tmp_path / "other"))
    assert one == other
    assert {"inputs/A.gpkg", "inputs/B.gpkg", "inputs/C.gpkg"} <= set(one)


def test_numbers_are_rounded_at_writing_only(screened, tmp_path):
    result = screened()
    folder = result.save(tmp_path / "run")
    text = (folder / "result.json").read_text(encoding="utf-8")
    for site in json.loads(text)["sites"]:
        for finding in site["findings"]:
            assert finding["area_m2"] == round(finding["area_m2"], 2)
    exact = result.overlaps["area_m2"].sum()
    assert exact != round(exact, 2)


def test_it_is_read_back(screened, tmp_path):
    result = screened()
    run = Run.open(result.save(tmp_path / "run"))
    assert len(run.tables["sites"]) == 3
    assert len(run.tables["outfalls"]) == 1
    assert set(run.tables["zones"]["zone_id"]) >= {"DEMO-HX", "DEMO-SY"}
    areas = run.tables["overlaps"].set_index(["site_id", "zone_id"])["area_m2"]
    assert areas["A", "DEMO-HX"] == pytest.approx(10_000, rel=1e-4)


def test_a_folder_in_use_is_refused(screened, tmp_path):
    result = screened()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("x")
    with pytest.raises(RunError, match="not empty"):
        result.save(tmp_path / "run")
    with pytest.raises(RunError, match="not a run folder"):
        result.save(tmp_path / "run", overwrite=True)
    assert (tmp_path / "run" / "mine.txt").read_text() == "x"
    folder = result.save(tmp_path / "other")
    result.save(folder, overwrite=True)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(MissingFileError, match=r"result\.json is missing"):
        Run.open(tmp_path)
    (tmp_path / "result.json").write_text("{}")
    (tmp_path / "findings.gpkg").write_bytes(b"")
    with pytest.raises(RunError, match="run screen again"):
        Run.open(tmp_path)


def test_the_id_of_a_run_shows_inputs_apart(screened, tmp_path):
    def run_id(result, name):
        return json.loads((result.save(tmp_path / name) / "result.json").read_text(encoding="utf-8"))["run"]["id"]

    assert run_id(screened(), "one") == run_id(screened(), "two")
    assert run_id(screened(as_of="2026-08-14"), "three") != run_id(screened(), "four")


def test_a_shapefile_is_retained_with_all_its_parts_and_nothing_else(county, square, tmp_path):
    source = tmp_path / "given"
    source.mkdir()
    frame = gpd.GeoDataFrame({"site_id": ["A"]}, geometry=[square(112.44, 24.87, 120)], crs="EPSG:4490")
    frame.to_file(source / "plots.shp")
    (source / "private.txt").write_text("x")
    names = {"plots.shp", "plots.shx", "plots.dbf", "plots.prj", "plots.cpg"}
    by_file = county.screen(source / "plots.shp", FACTS).save(tmp_path / "one") / "inputs"
    assert {path.name for path in by_file.iterdir()} == names | {"facts.yaml", "layers.yaml", "reading.json"}
    by_folder = county.screen(source, FACTS).save(tmp_path / "two") / "inputs"
    assert {path.name for path in by_folder.iterdir()} == names | {"facts.yaml", "layers.yaml", "reading.json"}
