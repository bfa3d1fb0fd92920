"""All demo layers imported as GeoPackages and into a real PostGIS: the same runs and worklists, byte for byte."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

import lianzhou_gis as lg
from lianzhou_gis.catalog import Catalog
from lianzhou_gis.cli import main
from lianzhou_gis.formats import read_facts
from lianzhou_gis.intake.import_options import ImportOptions

pytestmark = pytest.mark.postgis
LAYERS = Path(__file__).parents[2] / "layers"
DAY = "2026-11-23"


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code


def imported(folder, store=None):
    """Import every layer of the demo as docs/postgis.md says."""
    folder.mkdir()
    for entry in Catalog.open(LAYERS / "layers.yaml").layers:
        reported = {name: entry.to_json()[name] for name in entry.stated()}
        answers = {"constant_grade": True} | {
            name: value for name, value in reported.items() if name in ImportOptions.model_fields
        }
        (folder / "answers.yaml").write_text(yaml.safe_dump(answers, allow_unicode=True), encoding="utf-8")
        words = ["layers", "import", LAYERS / entry.path, "--as", entry.theme, "--layers", folder / "layers.yaml"]
        words += ["--mapping", folder / "answers.yaml", "--as-of", DAY]
        words += ["--layer", entry.layer] if entry.layer else []
        words += ["--access-list", LAYERS / entry.access_list] if entry.access_list else []
        words += ["--store", store(entry.id)] if store else []
        assert run(*words) == 0, entry.id
    catalog = folder / "layers.yaml"
    (folder / "demo").mkdir()
    shutil.copy(LAYERS / "demo" / "rivers.gpkg", folder / "demo")
    # What a catalog says of its region, of its water courses and of the offices to ask is written by hand.
    reported, own = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (LAYERS / "layers.yaml", catalog))
    catalog.write_text(yaml.safe_dump({**reported, "layers": own["layers"]}, allow_unicode=True), encoding="utf-8")
    return catalog


@pytest.fixture(scope="module")
def catalogs(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    server.run("CREATE SCHEMA zones")
    yield imported(folder / "files"), imported(folder / "tables", lambda name: server.url(f"&table=zones.{name}"))
    server.run("DROP SCHEMA zones CASCADE")


def test_every_layer_has_the_content_that_it_was_made_with(catalogs):
    files, tables = (Catalog.open(path).layers for path in catalogs)
    assert len(files) == len(tables) == len(Catalog.open(LAYERS / "layers.yaml").layers) > 30
    assert [entry.sha256 for entry in files] == [entry.sha256 for entry in tables]
    assert all(entry.path.startswith("postgresql://owner@") and entry.layer for entry in tables)


def test_a_run_has_the_same_bytes_from_both_stores(catalogs, tmp_path):
    folder = LAYERS / "demo" / "sites"
    sites = lg.read_sites([folder / name for name in ("sites.gpkg", "seam_37.txt", "seam_38.txt")])
    facts = read_facts(folder / "facts.yaml")
    runs = [
        lg.screen(sites, path, as_of=DAY, facts=facts).save(tmp_path / path.parent.name)
        for path in (*catalogs, LAYERS / "layers.yaml")
    ]
    documents = [json.loads((run / "result.json").read_text(encoding="utf-8")) for run in runs]
    # The identity of a run, which its seal and its map carry, names the files and tables that it read.
    for document in documents:
        del document["run"]["created"], document["run"]["id"], document["run"]["fingerprint"], document["seal"]
    assert documents[0] == documents[1]
    assert (runs[0] / "findings.gpkg").read_bytes() == (runs[1] / "findings.gpkg").read_bytes()
    assert len(documents[1]["run"]["layers"]) > 25 and not any(
        gap["reason"] == "read_error" for site in documents[1]["sites"] for gap in site["gaps"]
    )
    # What was imported says of every site what the layers say that it came from.
    assert documents[1]["sites"] == documents[2]["sites"]


def test_a_check_gives_the_same_worklist_from_both_stores(catalogs, tmp_path, capsys):
    reported = []
    for path in catalogs:
        code = run("layers", "check", "--layers", path, "--as-of", DAY, "--out", tmp_path / path.parent.name, "--json")
        reported.append((code, capsys.readouterr().out))
    assert reported[0] == reported[1]
    assert all(report["status"] == "loaded" for report in json.loads(reported[1][1])["layers"])
    for name in ("worklist.xlsx", "worklist.gpkg"):
        assert (tmp_path / "files" / name).read_bytes() == (tmp_path / "tables" / name).read_bytes(), name


def test_a_diff_gives_the_same_tables_from_both_stores(catalogs, tmp_path, capsys):
    reported = []
    for path in catalogs:
        out = tmp_path / path.parent.name
        code = run(
            "layers",
            "diff",
            "demo_redline_2018",
            "demo_redline",
            "--layers",
            path,
            "--as-of",
            DAY,
            "--out",
            out,
            "--json",
        )
        assert code == 0
        reported.append(capsys.readouterr().out)
    assert reported[0] == reported[1]
    for name in ("diff.xlsx", "diff.gpkg", "diff.html"):
        assert (tmp_path / "files" / name).read_bytes() == (tmp_path / "tables" / name).read_bytes(), name
