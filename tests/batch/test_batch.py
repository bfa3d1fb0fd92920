"""A batch says of every site what a screening says, once, however it was cut, stopped, killed and taken up again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from click.testing import CliRunner

import lianzhou_gis as lg
from lianzhou_gis.batch import run_batch
from lianzhou_gis.batch.local import run_local
from lianzhou_gis.batch.source import SiteSource
from lianzhou_gis.cli import main
from lianzhou_gis.errors import FactError, FormatError, ReferenceSystemError, RunError

from .conftest import CATALOG, CHUNK, COUNT, DAY, bytes_of, make_sites, tables

KEYS = ["site_id", "finding_id", "rule_id", "effect", "worst", "relation", "area_m2", "distance_m", "doubtful"]


def test_it_states_what_a_screening_states(sites, undisturbed):
    result = lg.screen(lg.read_sites(sites), CATALOG, as_of=DAY)
    found = tables(undisturbed)
    verdicts = result.sites[["site_id", "verdict", "worst_possible", "complete", "label_zh"]]
    theirs = found["sites"].sort_values("site_id", ignore_index=True)[list(verdicts.columns)]
    pd.testing.assert_frame_equal(theirs, verdicts, check_dtype=False)
    ours = result.assessment.findings[KEYS].round({"area_m2": 2, "distance_m": 2})
    order = ["site_id", "finding_id"]
    theirs = found["findings"][KEYS].sort_values(order, ignore_index=True)
    assert theirs.to_json() == ours.sort_values(order, ignore_index=True).to_json()
    assert Counter(found["gaps"]["reason"]) == Counter(result.assessment.gaps["reason"])
    assert len(found["overlaps"]) == len(result.overlaps)
    pieces = found["overlaps"]["geometry"].dropna()
    assert shapely.is_valid(shapely.from_wkb(list(map(bytes.fromhex, pieces)))).all()


def test_every_clear_has_its_certificate(parquet, tmp_path):
    facts = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))
    run_batch(parquet, CATALOG, tmp_path / "out", as_of=DAY, chunk=64, workers=1, facts=facts)
    found = tables(tmp_path / "out")
    clear = found["sites"][found["sites"]["verdict"] == "no_conflict_found"]["site_id"]
    certificates = found["certificates"]
    assert len(clear) and sorted(certificates["site_id"]) == sorted(clear)
    for row in certificates.itertuples():
        assert len(row.themes) == len(row.coverage_m) == len(row.distance_m) > 20
        assert min(row.margin_m) > 0 and min(row.coverage_m) > 0.5 and len(row.excluded) > 5


def test_chunks_and_processes_change_nothing(parquet, undisturbed, tmp_path):
    run_batch(parquet, CATALOG, tmp_path / "two", as_of=DAY, chunk=CHUNK, workers=2)
    assert bytes_of(tmp_path / "two") == bytes_of(undisturbed)
    run_batch(parquet, CATALOG, tmp_path / "large", as_of=DAY, chunk=64, workers=1)
    for name, frame in tables(tmp_path / "large").items():
        assert frame.to_json() == tables(undisturbed)[name].to_json()


@pytest.mark.parametrize("ending", ["gpkg", "fgb"])
def test_other_formats_give_the_same(ending, sites, undisturbed, tmp_path):
    path = tmp_path / f"sites.{ending}"
    sites.to_file(path, engine="pyogrio", SPATIAL_INDEX="NO") if ending == "fgb" else sites.to_file(path)
    run_batch(path, CATALOG, tmp_path / "out", as_of=DAY, chunk=50, workers=1)
    one, other = tables(tmp_path / "out"), tables(undisturbed)
    for name in ("findings", "gaps"):
        assert one[name].to_json() == other[name].to_json()


def marks(folder):
    return sorted((folder / "done").glob("*.json"))


def command(parquet, folder, *more):
    # A shell that starts the tests in its background has them, and all that they start, ignore an interrupt.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from lianzhou_gis.cli import main; main()"
    )
    asked = ["batch", str(parquet), "--out", str(folder), "--as-of", DAY, "--chunk", str(CHUNK), *more]
    return [sys.executable, "-c", code, *asked]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_in_the_middle_it_goes_on_without_a_lost_or_doubled_site(workers, parquet, undisturbed, tmp_path):
    folder = tmp_path / "out"
    running = subprocess.Popen(command(parquet, folder, "--workers", workers), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not marks(folder) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    running.kill()
    assert running.wait() == -signal.SIGKILL, "it was done before it could be killed"
    done = len(marks(folder))
    assert 0 < done < COUNT // CHUNK and not (folder / "summary.json").exists()
    # What stands there without a mark counts for nothing.
    (folder / "findings" / "part-000005.parquet").write_bytes(b"half of a par")
    before = {path: path.stat().st_mtime_ns for path in marks(folder)}
    found = run_batch(parquet, CATALOG, folder, as_of=DAY, chunk=CHUNK, workers=1)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert found.sites == COUNT
    assert bytes_of(folder) == bytes_of(undisturbed)
    ids = tables(folder)["sites"]["site_id"]
    assert len(ids) == ids.nunique() == COUNT


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_states_how_to_go_on(parquet, tmp_path):
    for attempt in range(4):
        folder = tmp_path / f"out{attempt}"
        running = subprocess.Popen(command(parquet, folder, "--workers", "2"), stderr=subprocess.PIPE)
        while not marks(folder) and running.poll() is None:
            time.sleep(0.001)
        running.send_signal(signal.SIGINT)
        _, reported = running.communicate(timeout=60)
        # On a busy machine the batch may have ended before the signal came.
        if running.returncode != 0:
            break
    assert running.returncode == 130 and "同一命令继续" in reported.decode()


def test_a_site_that_fails_is_a_gap_and_the_others_go_on(sites, undisturbed, tmp_path):
    broken = sites.copy()
    broken.loc[3, "geometry"] = shapely.box(500, 500, 501, 501)
    lost = str(broken.loc[3, "site_id"])
    broken.to_parquet(tmp_path / "sites.parquet")
    found = run_batch(tmp_path / "sites.parquet", CATALOG, tmp_path / "out", as_of=DAY, chunk=CHUNK, workers=1)
    one, other = tables(tmp_path / "out"), tables(undisturbed)
    assert found.failed == 1 and found.sites == COUNT
    (row,) = one["sites"][one["sites"]["site_id"] == lost].itertuples()
    assert (row.verdict, row.worst_possible, row.complete) == ("not_assessed", "prohibited", False)
    (gap,) = one["gaps"][one["gaps"]["site_id"] == lost].itertuples()
    assert gap.reason == "unknown_crs" and "无法核查" in gap.detail_zh
    for name in ("findings", "gaps"):
        retained = other[name][other[name]["site_id"] != lost].reset_index(drop=True)
        rest = one[name][one[name]["site_id"] != lost].reset_index(drop=True)
        assert rest.to_json() == retained.to_json()


DEADLY = """
import os
from lianzhou_gis.batch.work import Done

def deadly(task, chunk, lost=None):
    for row, site_id in enumerate(chunk.ids):
        if site_id == "row-3" and row not in (lost or {}):
            os._exit(9)
    return Done(chunk.number, len(chunk.ids), {}, {}, {}, [], sorted(lost or {}))
"""


def test_a_site_that_ends_its_process_is_found(tmp_path, monkeypatch):
    (tmp_path / "deadly_work.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    from deadly_work import deadly

    make_sites(6).drop(columns="site_id").to_parquet(tmp_path / "sites.parquet")
    source = SiteSource.open(tmp_path / "sites.parquet")
    found = []
    run_local(None, source.chunks(2, source.ids()), found.append, 2, deadly)
    assert sorted((done.number, done.sites, done.failed) for done in found) == [(0, 2, []), (1, 2, [0]), (2, 2, [])]


def test_ids_are_given_once(sites, tmp_path):
    twice = sites.head(6).copy()
    twice["site_id"] = ["A", "B", "A", None, "A-2", "A"]
    twice.to_parquet(tmp_path / "sites.parquet")
    assert SiteSource.open(tmp_path / "sites.parquet").ids() == ["A", "B", "A-3", "row-4", "A-2", "A-4"]


def test_chunks_are_of_one_size_whatever_the_row_groups(sites, tmp_path):
    sites.to_parquet(tmp_path / "sites.parquet", row_group_size=7)
    source = SiteSource.open(tmp_path / "sites.parquet")
    ids = source.ids()
    chunks = list(source.chunks(20, ids))
    assert [len(chunk.ids) for chunk in chunks] == [20, 20, 20, 20, 10]
    assert [name for chunk in chunks for name in chunk.ids] == ids
    assert [chunk.number for chunk in source.chunks(20, ids, frozenset({0, 3}))] == [1, 2, 4]
    assert list(chunks[1].table["site_id"].to_pylist()) == ids[20:40]


def test_another_batch_is_refused(parquet, undisturbed, tmp_path):
    with pytest.raises(RunError, match="as_of"):
        run_batch(parquet, CATALOG, undisturbed, as_of="2026-11-22", chunk=CHUNK, workers=1)
    (tmp_path / "x").write_text("x")
    with pytest.raises(RunError, match="not empty"):
        run_batch(parquet, CATALOG, tmp_path, as_of=DAY, workers=1)


def test_input_that_cannot_be_used_is_refused_at_once(sites, parquet, tmp_path):
    with pytest.raises(FactError):
        run_batch(parquet, CATALOG, tmp_path / "a", as_of=DAY, sets={"livestok": "yes"})
    with pytest.raises(FactError):
        run_batch(parquet, CATALOG, tmp_path / "a", as_of=DAY, facts={"sites": {"nobody": {"livestock": "yes"}}})
    (tmp_path / "no.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError):
        run_batch(tmp_path / "no.parquet", CATALOG, tmp_path / "a", as_of=DAY)
    gpd.GeoDataFrame(sites).set_crs(None, allow_override=True).to_parquet(tmp_path / "bare.parquet")
    with pytest.raises(ReferenceSystemError):
        run_batch(tmp_path / "bare.parquet", CATALOG, tmp_path / "a", as_of=DAY)
    done = CliRunner().invoke(main, ["batch", str(tmp_path / "no.parquet"), "--out", str(tmp_path / "a")])
    assert done.exit_code == 2 and "no.parquet" in done.stderr
    assert not (tmp_path / "a").exists()


def test_the_summary_adds_up(undisturbed):
    summary = json.loads((undisturbed / "summary.json").read_text(encoding="utf-8"))
    found = tables(undisturbed)
    sites = found["sites"]
    assert summary["sites"] == COUNT and summary["failed"] == 0
    assert summary["verdicts"] == {name: int(count) for name, count in sites["verdict"].value_counts().items()}
    hits = found["overlaps"].query("subject == 'footprint' and relation in ('overlap', 'within')")
    lying = hits.groupby("theme")["site_id"].nunique()
    assert {name: held["sites"] for name, held in summary["themes"].items()} == lying.to_dict()
    by_town = {entry["town"]: entry for entry in summary["towns"]}
    for town, own in sites.explode("towns").groupby("towns"):
        assert by_town[town]["sites"] == len(own)
        inside = hits[hits["site_id"].isin(own["site_id"])].groupby("theme")["site_id"].nunique()
        assert {name: held["sites"] for name, held in by_town[town]["themes"].items()} == inside.to_dict()
    rules = json.loads((undisturbed / "rules.json").read_text(encoding="utf-8"))
    assert set(found["findings"]["rule_id"]) == set(rules)
    text = (undisturbed / "summary.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("town,theme,theme_zh")
    page = (undisturbed / "map.html").read_text(encoding="utf-8")
    assert "批量核查汇总图" in page and "default-src &#39;none&#39;" in page.replace("'", "&#39;")


def test_the_geometry_is_reported_as_geoparquet_shows_it(undisturbed):
    frame = gpd.read_parquet(sorted((undisturbed / "sites").glob("*.parquet"))[0])
    assert frame.crs.to_epsg() == 4490
    west, south, east, north = frame.total_bounds
    assert 112 < west < east < 113 and 24 < south < north < 26
    assert np.isfinite(frame["area_m2"]).all()
    assert Path(undisturbed / "batch.json").is_file()


@pytest.mark.parametrize("group", [1_000, 12_000])
def test_reading_holds_a_chunk_and_not_the_file(tmp_path, monkeypatch, group):
    """However the file is laid out: reading must not gather its bytes."""
    monkeypatch.setattr("lianzhou_gis.batch.source._READ_ROWS", 500)
    arrow = pytest.importorskip("pyarrow")
    corners = np.random.default_rng(1).normal(size=(12_000, 150, 2)) * 1e-4 + [112.4, 24.8]
    path = tmp_path / "many.parquet"
    gpd.GeoDataFrame(geometry=shapely.linestrings(corners), crs=4490).to_parquet(path, row_group_size=group)
    assert path.stat().st_size > 20e6
    source = SiteSource.open(path)
    before, most = arrow.total_allocated_bytes(), 0
    for chunk in source.chunks(500, source.ids()):
        assert len(chunk.ids) == 500
        most = max(most, arrow.total_allocated_bytes() - before)
    assert most < 12e6
