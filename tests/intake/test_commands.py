"""``lianzhou-gis layers import`` as a planner types it."""

import json
import os
import subprocess
import sys

import pytest
import shapely
import yaml
from click.testing import CliRunner

from lianzhou_gis.cli import main

COMMAND = [sys.executable, "-c", "from lianzhou_gis.cli import main; main()", "layers"]
CITY = shapely.box(112.1, 24.6, 112.8, 25.2)


def run(*arguments):
    """Run a command in this process; stdin is no terminal."""
    return CliRunner().invoke(main, ["layers", *map(str, arguments)])


def run_at(terminal, *arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], stdin=terminal, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def arguments(desk):
    path = desk.file({"BSM": ["A", "B"], "级别": ["一级", "一级区=甲"]})
    counted = ["--expected-count", "2", "--count-by", "source_row"]
    return ["import", path, "--as", "water_source_zone", "--layers", desk.catalog_path, *counted]


def test_what_is_open_is_one_line_and_nothing_is_written(desk, arguments):
    before = desk.everything()
    done = run(*arguments, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1 and "--grade '一级区=甲=级别'" in done.stderr
    assert "另有 1 个问题" in done.stderr
    assert desk.everything() == before


def test_flags_and_a_mapping_file_answer(desk, arguments):
    mapping = desk.path / "m.yaml"
    mapping.write_text(
        yaml.safe_dump({"grades": {"一级区=甲": "secondary"}, "accuracy_m": 5, "publisher": "某局"}), encoding="utf-8"
    )
    flags = ["--mapping", mapping, "--grade", "一级区=甲=primary", "--coverage", CITY.wkt, "--valid-from", "2020-05-01"]
    trial = run(*arguments, *flags, "--dry-run", "--json")
    reported = json.loads(trial.stdout)
    assert (trial.exit_code, reported["dry_run"]) == (0, True) and not desk.catalog_path.exists()
    assert run(*arguments, *flags).exit_code == 0
    entry = desk.catalog().layers[0]
    # The flag is stronger than the file.
    assert entry.grades == {"一级": "primary", "一级区=甲": "primary"}
    assert (entry.accuracy_m, entry.publisher, str(entry.valid_from)) == (5, "某局", "2020-05-01")
    assert reported["entry"] == {name: value for name, value in entry.to_json().items() if name in entry.stated()}


def test_a_person_at_a_terminal_is_asked(desk, arguments):
    ours, theirs = os.openpty()
    os.write(ours, b"2\nunion\n")
    done = run_at(theirs, *arguments)
    assert done.returncode == 2 and "只用于管控单元" in done.stderr
    assert "一级区=甲" in done.stderr and "1. primary" in done.stderr
    os.write(ours, b"quasi\nno\n")
    done = run_at(theirs, *arguments, "--lang", "en")
    assert done.returncode == 0, done.stderr
    entry = desk.catalog().layers[0]
    assert entry.grades["一级区=甲"] == "quasi" and entry.coverage is None
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--grade", "一级区"], ["--grade", "左=右"]),
        (["--grade", "一级区=甲=首级", "--no-coverage"], ["首级", "grade"]),
        (["--column", "没有=grade"], ["没有", "BSM"]),
        (["--valid-from", "昨天"], ["valid_from"]),
        (["--mapping", "gone.yaml"], ["gone.yaml"]),
        (["--fill", "colour=red"], ["colour"]),
    ],
)
def test_bad_answers_are_one_line(desk, arguments, more, words):
    done = run(*arguments, *more)
    assert done.exit_code == 2 and "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()
    assert len(last) == 1 and all(word in last[0] for word in words), done.stderr
    assert not desk.catalog_path.exists()


def test_check_writes_the_worklist_and_fails_as_reported(desk):
    path = desk.file({"BSM": ["A"], "级别": ["一级"]})
    assert (
        run(
            "import",
            path,
            "--as",
            "water_source_zone",
            "--layers",
            desk.catalog_path,
            "--no-coverage",
            "--expected-count",
            1,
        ).exit_code
        == 0
    )
    check = ["check", "--layers", desk.catalog_path, "--as-of", "2026-11-23"]
    done = run(*check, "--out", desk.path / "out", "--json")
    reported = json.loads(done.stdout)
    assert done.exit_code == 1 and {"outside_coverage", "provenance_missing"} <= {i["code"] for i in reported["issues"]}
    assert sorted(file.name for file in (desk.path / "out").iterdir()) == ["worklist.gpkg", "worklist.xlsx"]
    assert "未声明覆盖范围" in run(*check).stdout.replace("\n", "").replace(" ", "")
    assert run(*check, "gone").exit_code == 2


def test_diff_of_two_files(desk):
    old = desk.file({"BSM": ["A", "B"], "级别": ["一级", "二级"]}, name="old.gpkg")
    new = desk.file({"BSM": ["A"], "级别": ["二级"]}, name="new.gpkg")
    arguments = ["diff", old, new, "--layers", desk.catalog_path, "--as-of", "2026-11-23"]
    assert run(*arguments).exit_code == 2 and "--as" in run(*arguments).stderr
    done = run(*arguments, "--as", "water_source_zone", "--out", desk.path / "out", "--json")
    (reported,) = json.loads(done.stdout)["layers"]
    assert (reported["counts"]["regraded"], reported["counts"]["removed"]) == (1, 1)
    assert sorted(file.name for file in (desk.path / "out").iterdir()) == ["diff.gpkg", "diff.html", "diff.xlsx"]
    shown = run(*arguments, "--as", "water_source_zone", "--lang", "en").stdout
    assert "regraded 1" in shown and "Secondary protection zone" in shown
    (desk.path / "out" / "result.json").write_text("{}", encoding="utf-8")
    done = run(*arguments, "--as", "water_source_zone", "--runs", desk.path / "out")
    assert done.exit_code == 2 and "--runs" in done.stderr
