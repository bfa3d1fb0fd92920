"""A program that is killed while it replaces a run loses neither the old nor the new one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lianzhou_gis.runs import working_folder as module
from lianzhou_gis.runs.working_folder import move_into_place, sweep, working_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from lianzhou_gis.runs import working_folder as module
folder = Path(sys.argv[1])
original = Path.rename
def rename(self, target):
    moved = original(self, target)
    if Path(target).name == "earlier":
        os.kill(os.getpid(), signal.SIGKILL)
    return moved
Path.rename = rename
with module.working_folder(folder) as place:
    (place / "run").mkdir()
    (place / "run" / "result.json").write_text("new")
    module.move_into_place(place / "run", folder)
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_text("old")
    return folder


def test_a_run_takes_the_place_of_an_earlier_one(folder):
    with working_folder(folder) as place:
        (place / "run").mkdir()
        (place / "run" / "result.json").write_text("new")
        move_into_place(place / "run", folder)
    assert (folder / "result.json").read_text() == "new"
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_killed_in_the_middle_the_earlier_run_comes_back(folder):
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=os.environ, cwd=Path.cwd())
    assert done.returncode == -9
    assert not folder.exists()
    sweep(folder)
    assert (folder / "result.json").read_text() == "old"
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_where_the_new_one_cannot_be_moved_the_earlier_one_stays(folder):
    with working_folder(folder) as place, pytest.raises(OSError):
        move_into_place(place / "missing", folder)
    assert (folder / "result.json").read_text() == "old"


def test_working_folders_of_running_programs_and_of_others_stay(folder):
    running = folder.parent / f".run-{module._host()}-{os.getpid()}-abc"
    foreign = folder.parent / ".run-00000000-1-abc"
    mine = folder.parent / ".run-notes"
    for place in (running, foreign, mine):
        place.mkdir()
    sweep(folder)
    assert running.exists() and foreign.exists() and mine.exists()
