"""A fault is one line and exit code 3; one of a single site leaves the others their answers."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

import lianzhou_gis as lg
from lianzhou_gis import screening
from lianzhou_gis.batch import run_batch
from lianzhou_gis.cli import main
from lianzhou_gis.errors import FactError
from lianzhou_gis.isolation import fault_place

CATALOG = "layers/layers.yaml"
DAY = "2026-11-23"
BOXES = [shapely.box(x, 24.78, x + 0.001, 24.781) for x in (112.381, 112.385, 112.39, 112.42)]


@pytest.fixture
def frame():
    return gpd.GeoDataFrame({"site_id": list("ABCD"), "accuracy_m": 0.5}, geometry=BOXES, crs="EPSG:4490")


@pytest.fixture
def failing(monkeypatch):
    """The overlay fails where the footprint of one of the sites named is among those given."""
    names, genuine = set(), screening.overlay_sites

    def overlay(sites, *given, **named):
        shaped = {name for name, shape in zip(sites["site_id"], sites["geometry"], strict=True) if shape is not None}
        if shaped & names:
            raise ZeroDivisionError("text that may be private")
        return genuine(sites, *given, **named)

    monkeypatch.setattr(screening, "overlay_sites", overlay)
    return names


def screened(frame, **more):
    return lg.screen(lg.read_sites(frame), CATALOG, as_of=DAY, themes=["wetland"], **more)


@pytest.mark.parametrize("lost", [{"B"}, {"A", "D"}, set("ABCD")])
def test_a_site_that_fails_is_a_gap_and_the_others_retain_their_answers(frame, failing, lost):
    before = screened(frame).sites.set_index("site_id")
    failing |= lost
    result = screened(frame, facts={"sites": {"A": {"livestock": "no"}}} if lost == {"B"} else None)
    after = result.sites.set_index("site_id")
    for name in "ABCD":
        if name in lost:
            assert after.loc[name, "verdict"] in ("not_assessed", "needs_information")
            assert (after.loc[name, "worst_possible"], bool(after.loc[name, "complete"])) == ("prohibited", False)
        else:
            assert after.loc[name, "verdict"] == before.loc[name, "verdict"]
    gaps = result.gaps[result.gaps["reason"] == "internal_error"]
    assert set(gaps["site_id"]) == lost
    issues = [issue for issue in result.issues if issue.code == "internal_error"]
    assert len(issues) == len(lost) and "ZeroDivisionError" in issues[0].zh and "private" not in issues[0].en


def test_what_is_no_fault_of_a_site_is_raised(frame, monkeypatch):
    with pytest.raises(FactError):
        screened(frame, facts={"livestok": 1})

    def overlay(*given, **named):
        raise RuntimeError

    monkeypatch.setattr(screening, "overlay_sites", overlay)
    with pytest.raises(RuntimeError):
        screened(frame)


def test_the_command_writes_the_others_and_ends_with_3(frame, failing, tmp_path):
    frame.to_file(tmp_path / "sites.gpkg")
    failing.add("C")
    asked = ["screen", str(tmp_path / "sites.gpkg"), "--as-of", DAY, "--themes", "wetland"]
    done = CliRunner().invoke(main, [*asked, "--out", str(tmp_path / "out"), "--fail-on", "prohibited"])
    assert done.exit_code == 3 and "Traceback" not in done.output
    assert (tmp_path / "out" / "result.json").is_file()
    assert "internal_error" in (tmp_path / "out" / "result.json").read_text(encoding="utf-8")


def test_a_batch_goes_on_and_ends_with_3(frame, failing, tmp_path):
    frame.to_parquet(tmp_path / "sites.parquet")
    failing.add("C")
    asked = [str(tmp_path / "sites.parquet"), "--as-of", DAY, "--themes", "wetland", "--workers", "1", "--quiet"]
    done = CliRunner().invoke(main, ["batch", *asked, "--out", str(tmp_path / "out")])
    assert done.exit_code == 3 and "Traceback" not in done.output
    gaps = pd.concat(map(pd.read_parquet, (tmp_path / "out" / "gaps").glob("*.parquet")))
    assert set(gaps["site_id"][gaps["reason"] == "internal_error"]) == {"C"}
    sites = pd.concat(map(pd.read_parquet, (tmp_path / "out" / "sites").glob("*.parquet")))
    assert sorted(sites["site_id"]) == list("ABCD")


def test_an_exception_of_the_program_is_one_line(monkeypatch):
    def broken(*given, **named):
        raise ZeroDivisionError("text that may be private")

    monkeypatch.setattr("lianzhou_gis.screening.screen", broken)
    for language, word in (("zh", "程序内部错误"), ("en", "internal error")):
        done = CliRunner().invoke(main, ["demo", "--lang", language])
        assert done.exit_code == 3
        (line,) = done.stderr.strip().splitlines()
        assert word in line and "ZeroDivisionError" in line and "private" not in line


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_is_one_line(number, monkeypatch, tmp_path):
    def full(self, mode="r", *given, **named):
        if "w" in mode:
            raise OSError(number, os.strerror(number), str(self))
        return genuine(self, mode, *given, **named)

    genuine = Path.open
    monkeypatch.setattr(Path, "open", full)
    monkeypatch.setattr(Path, "write_bytes", lambda self, *_: full(self, "w"))
    monkeypatch.setattr(Path, "write_text", lambda self, *_, **__: full(self, "w"))
    done = CliRunner().invoke(main, ["demo", "--out", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 3
    (line,) = done.stderr.strip().splitlines()
    assert ("空间不足" in line) == (number != errno.EIO)


def python(*arguments, **more):
    code = "from lianzhou_gis.cli import main; main()"
    environment = {**os.environ, **more.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE, check=False, **more
    )


def test_a_console_that_cannot_encode_is_one_line():
    done = python("rules", "list", stdout=subprocess.PIPE, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 3 and b"Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(b"Error: the console encodes ascii") and b"PYTHONIOENCODING=utf-8" in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_stdout_is_one_line():
    with Path("/dev/full").open("wb") as full:
        done = python("rules", "list", stdout=full)
    assert done.returncode == 3 and b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_place_of_a_fault_names_code_of_this_package_only():
    try:
        lg.screen(lg.read_sites(BOXES[0], crs="EPSG:4490"), CATALOG, progress=lambda step: 1 / 0)
    except ZeroDivisionError as error:
        assert fault_place(error).startswith("ZeroDivisionError, screening.py:")


def test_the_source_of_a_batch_must_not_change(frame, tmp_path):
    frame.to_parquet(tmp_path / "sites.parquet")
    changed = frame.iloc[:3]
    with pytest.raises(lg.errors.RunError, match="changed"):
        run_batch(
            tmp_path / "sites.parquet",
            CATALOG,
            tmp_path / "out",
            as_of=DAY,
            themes=["wetland"],
            workers=1,
            progress=lambda state: changed.to_parquet(tmp_path / "sites.parquet"),
        )
    assert not (tmp_path / "out" / "summary.json").exists()
