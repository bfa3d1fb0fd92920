"""Pages as people see them: DOCX opened in LibreOffice, PDF as pictures; those of the docs are taken here."""

import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from lianzhou_gis.reports.api import ReportOptions, write_reports

pypdf = pytest.importorskip("pypdf")
for module in ("docx", "typst", "segno", "fontTools"):
    pytest.importorskip(module)

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
OPTIONS = ReportOptions(today=date(2026, 11, 24))
DPI = 60


def needed(program):
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing, and in CI nothing may be left out")
        pytest.skip(f"{program} is missing: sh tests/reports/install.sh")
    return program


def converted(path, folder):
    """The PDF that LibreOffice makes of a DOCX."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [needed("soffice"), profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder / f"{path.stem}.pdf"


def squeezed(text):
    return re.sub(r"\s", "", text)


def lines_of(page):
    return [line for line in (squeezed(line) for line in page.extract_text().splitlines()) if line]


@pytest.mark.parametrize("kind", ["form", "letter", "chapters"])
def test_documents_open_in_an_office_program(run, tmp_path, kind):
    (path,) = write_reports(run, tmp_path, kind=kind, formats=["docx"], sites=["DEMO-A"], options=OPTIONS)
    pages = [lines_of(page) for page in pypdf.PdfReader(converted(path, tmp_path)).pages]
    for number, lines in enumerate(pages):
        assert any("预筛" in line for line in lines), number
        body = [line for line in lines if not re.search(r"初步筛查|第\d+页|^—\d+—$|运行号", line)]
        # A heading is never the last line of a page.
        assert not re.match(r"(附表[一二三四五六七八九十]|第[一二三四五六]章|\d\.\d)", body[-1]), (number, body[-1])
    if kind == "form":
        first = "".join(pages[0])
        assert "申请人声明" in first and "经办" in first and "审定" in first
        assert "附表一" in "".join(pages[1])


def pictures(path, folder):
    """The pages of a PDF as arrays, and the files they are in."""
    subprocess.run([needed("pdftoppm"), "-r", str(DPI), "-png", str(path), str(folder / path.stem)], check=True)
    return sorted(folder.glob(f"{path.stem}*.png"))


def test_nothing_is_cut_at_the_edges(run, tmp_path):
    files = list(write_reports(run, tmp_path, formats=["pdf"], options=OPTIONS))
    files += write_reports(run, tmp_path, kind="chapters", formats=["pdf"], sites=["DEMO-A"], options=OPTIONS)
    for path in files:
        for page in pictures(path, tmp_path):
            ink = matplotlib.image.imread(page)[..., :3].min(axis=2) < 0.75
            edge = round(20 / 25.4 * DPI)
            assert ink.any()
            assert not ink[:, :edge].any() and not ink[:, -edge:].any(), page.name
            rows = np.flatnonzero(ink.any(axis=1))
            assert rows[0] > 5 / 25.4 * DPI and rows[-1] < (297 - 5) / 25.4 * DPI


def test_pictures_of_the_docs_are_those_of_the_demo(tmp_path):
    text = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
    names = re.findall(r"pictures/(form|annex|letter)\.png", text)
    assert names == ["form", "annex", "letter"]
    if os.environ.get("LIANZHOU_PICTURES"):
        take_pictures(tmp_path)
    assert all(10_000 < (PICTURES / f"{name}.png").stat().st_size < 400_000 for name in names)


def take_pictures(folder):
    """Write the pages of the demo that the docs show."""
    from lianzhou_gis.formats import read_facts, read_sites
    from lianzhou_gis.runs import Run
    from lianzhou_gis.screening import screen

    demo = ROOT / "layers" / "demo" / "sites"
    facts = read_facts(demo / "facts.yaml")
    result = screen(read_sites(demo / "sites.gpkg"), ROOT / "layers" / "layers.yaml", facts=facts, as_of="2026-11-23")
    run = Run.of(result)
    for kind, site, taken in (("form", "DEMO-12", {1: "form", 3: "annex"}), ("letter", "DEMO-09", {1: "letter"})):
        (path,) = write_reports(run, folder, kind=kind, formats=["pdf"], sites=[site], options=OPTIONS)
        for page, name in taken.items():
            command = [needed("pdftoppm"), "-r", "90", "-f", str(page), "-l", str(page), "-png", "-singlefile"]
            subprocess.run([*command, str(path), str(PICTURES / name)], check=True)
