"""The pages are built with warnings as errors, and every code line of the tutorial runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(page):
    return FENCE.findall((DOCS / page).read_text(encoding="utf-8"))


def test_pages_are_built_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-3000:]
    assert "拟建项目" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_every_code_line_of_the_tutorial_runs(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "layers", tmp_path / "layers")
    monkeypatch.chdir(tmp_path)
    names, ran = {}, 0
    for kind, code in blocks("tutorial.md"):
        assert kind in ("sh", "python")
        if kind == "python":
            exec(compile(code, "tutorial.md", "exec"), names)
            ran += 1
            continue
        for line in code.splitlines():
            if line.startswith("make "):
                # What makes the set-up that this very test runs in: that it is there is enough.
                assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text(), re.M)
                continue
            program, *arguments = line.split()
            assert program == "lianzhou-gis"
            code = "import sys; from lianzhou_gis.cli import main; sys.exit(main())"
            done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            ran += 1
    assert ran >= 8
    assert (tmp_path / "first-run" / "map.html").stat().st_size > 100_000
