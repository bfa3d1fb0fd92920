"""The notebooks run from a clean kernel with the network off, keep no outputs, and show what they promise."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")


def ids(path):
    return path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_git_holds_no_outputs(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@pytest.mark.browser
@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_it_runs_from_a_clean_kernel_and_its_page_asks_for_nothing(path, chromium, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    assert any("assert " in cell.source for cell in notebook.cells), "numbers that are shown are asserted"
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT / "notebooks")}}
    ).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in outputs)
    page = tmp_path / "page.html"
    page.write_text(_html(outputs), encoding="utf-8")
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 900})
    try:
        tab = context.new_page()
        asked, stated = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: stated.append(str(error)))
        tab.goto(page.as_uri())
        tab.wait_for_timeout(500)
        assert [url for url in asked if url.startswith("http")] == []
        assert stated == []
        # Maps draw inside their frames too.
        for frame in tab.frames[1:]:
            frame.wait_for_selector(
                ".leaflet-container path, .leaflet-container canvas", state="attached", timeout=15000
            )
    finally:
        context.close()


def _html(outputs):
    """What the outputs show, as a notebook's page would hold it."""
    shown = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    return "<!doctype html><meta charset=utf-8><body>" + "\n<hr>\n".join(shown)
