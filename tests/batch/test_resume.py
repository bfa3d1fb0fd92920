"""A batch is taken up only on the very same ground, and what happened to its parts meanwhile is made again."""

import csv
import re
import shutil
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest

from lianzhou_gis.batch import run_batch
from lianzhou_gis.batch.work import screener_of
from lianzhou_gis.errors import RunError

from .conftest import CATALOG, DAY, bytes_of, make_sites

COUNT, SIZE = 6, 2
THEMES = ("control_unit", "wetland")

TAMPERING = {
    "deleted": lambda part, mark: part.unlink(),
    "cut": lambda part, mark: part.write_bytes(part.read_bytes()[:-7]),
    "altered": lambda part, mark: part.write_bytes(part.read_bytes().replace(b"DEMO", b"DEMQ", 1)),
    "replaced": lambda part, mark: part.write_bytes((part.parent / "part-000000.parquet").read_bytes()),
    "mark deleted": lambda part, mark: mark.unlink(),
    "mark cut": lambda part, mark: mark.write_bytes(mark.read_bytes()[:-30]),
    "mark altered": lambda part, mark: mark.write_text(
        mark.read_text(encoding="utf-8").replace('"sites": 2', '"sites": 3', 1), encoding="utf-8"
    ),
    "mark of another": lambda part, mark: mark.write_bytes((mark.parent / "000000.json").read_bytes()),
    "mark of a former shape": lambda part, mark: mark.write_text('{"sites": 2, "failed": 0, "counts": {}}'),
    "mark that is no object": lambda part, mark: mark.write_text("[]"),
}


def run(parquet, catalog, folder, **more):
    return run_batch(parquet, catalog, folder, as_of=DAY, themes=THEMES, chunk=SIZE, workers=1, **more)


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    path = tmp_path_factory.mktemp("few") / "sites.parquet"
    make_sites(COUNT).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def whole(parquet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "out"
    run(parquet, CATALOG, folder)
    return folder


@pytest.mark.parametrize("how", TAMPERING)
def test_what_was_tampered_with_is_made_again(how, parquet, whole, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(whole, folder)
    table = "gaps" if how == "deleted" else "sites"
    TAMPERING[how](folder / table / "part-000001.parquet", folder / "done" / "000001.json")
    # What is no part of the batch does not stay among its parts.
    (folder / "findings" / "part-000009.parquet").write_bytes(b"of something else")
    assert run(parquet, CATALOG, folder).sites == COUNT
    assert bytes_of(folder) == bytes_of(whole)
    for name in ("done/000001.json", "summary.json", "summary.csv"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_what_is_whole_is_not_made_again(parquet, whole, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(whole, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    run(parquet, CATALOG, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == before


def _coverage(catalog):
    text = catalog.read_text(encoding="utf-8")
    catalog.write_text(
        text.replace(
            "coverage: administrative:DEMO-441882", "coverage: POLYGON ((112 24.5, 113 24.5, 113 25.3, 112 24.5))"
        ),
        encoding="utf-8",
    )


def _row_count(catalog):
    text = catalog.read_text(encoding="utf-8")
    changed = re.sub(r"expected_count: (\d+)", lambda found: f"expected_count: {int(found[1]) + 1}", text)
    catalog.write_text(changed, encoding="utf-8")


def _access_list(catalog):
    path = catalog.parent / "demo" / "access_list.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows[:-1])


def _administrative(catalog):
    path = catalog.parent / "demo" / "administrative.gpkg"
    frame = gpd.read_file(path)
    column = next(name for name in frame.columns if frame[name].astype(str).str.contains("镇").any())
    frame[column] = frame[column].astype(str) + "甲"
    path.unlink()
    frame.to_file(path)


def _zones(catalog):
    path = catalog.parent / "demo" / "wetlands.gpkg"
    frame = gpd.read_file(path)
    path.unlink()
    frame.iloc[:-1].to_file(path)


@pytest.mark.parametrize("change", [_coverage, _row_count, _access_list, _administrative, _zones])
def test_another_catalog_is_another_batch(change, parquet, tmp_path):
    shutil.copytree(Path(CATALOG).parent, tmp_path / "layers", ignore=shutil.ignore_patterns("profiles"))
    catalog, folder = tmp_path / "layers" / "layers.yaml", tmp_path / "out"
    run(parquet, catalog, folder)
    change(catalog)
    with pytest.raises(RunError, match="differing"):
        run(parquet, catalog, folder)
    assert not any(path.name.startswith(".") for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "more", [{"facts": {"livestock": "yes"}}, {"sets": {"livestock": "yes"}}, {"datum": "wgs84"}, {"crs": "EPSG:4326"}]
)
def test_other_facts_or_another_datum_are_another_batch(more, parquet, whole):
    with pytest.raises(RunError, match="differing"):
        run(parquet, CATALOG, whole, **more)


def test_another_program_is_another_batch(parquet, whole, monkeypatch):
    monkeypatch.setattr("lianzhou_gis.layers.loader.code_fingerprint", lambda *rooms: "0" * 64)
    with pytest.raises(RunError, match="code"):
        run(parquet, CATALOG, whole)


def test_layers_that_change_while_it_runs_stop_it(parquet, tmp_path, monkeypatch):
    shutil.copytree(Path(CATALOG).parent, tmp_path / "layers", ignore=shutil.ignore_patterns("profiles"))
    catalog = tmp_path / "layers" / "layers.yaml"

    def change(state):
        if state.done == SIZE:
            _zones(catalog)
            # As a worker that begins now.
            screener_of(str(catalog.resolve()), date.fromisoformat(DAY), THEMES, check_files=True)

    with pytest.raises(RunError, match="changed while the batch ran"):
        run(parquet, catalog, tmp_path / "out", progress=change)
    assert not (tmp_path / "out" / "summary.json").exists()


def test_layers_stay_in_memory_between_batches_while_no_byte_changes(tmp_path):
    shutil.copytree(Path(CATALOG).parent, tmp_path / "layers", ignore=shutil.ignore_patterns("profiles"))
    catalog = tmp_path / "layers" / "layers.yaml"
    key = str(catalog), date.fromisoformat(DAY), THEMES
    first = screener_of(*key, check_files=True)
    assert screener_of(*key, check_files=True) is first
    _zones(catalog)
    assert screener_of(*key) is first
    other = screener_of(*key, check_files=True)
    assert other is not first and other.fingerprint != first.fingerprint
    assert screener_of(*key) is other
