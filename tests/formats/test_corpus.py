"""Every file of the corpus leads to what ``docs/formats.md`` says of it."""

import re
from pathlib import Path

import pytest
import shapely

from lianzhou_gis.errors import LianzhouError
from lianzhou_gis.formats import read_features, read_sites
from lianzhou_gis.geodesy import Plane, Region

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "data" / "formats"
REGION = Region("连州市", (112.0, 24.4, 112.8, 25.3))
PLOT_M2 = 39_977.61


def table():
    """The rows of the table: file, options, answer."""
    rows = []
    for line in (ROOT / "docs" / "formats.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 5 and (CORPUS / cells[0]).is_file():
            rows.append((cells[0], dict(pair.split("=") for pair in cells[3].split()), cells[4]))
    return rows


def answer(name, options, read=read_features):
    try:
        return read(CORPUS / name, region=REGION, **options)
    except LianzhouError as error:
        return error


def test_every_file_is_in_the_table():
    assert {name for name, _, _ in table()} == {path.name for path in CORPUS.iterdir()}


@pytest.mark.parametrize(("name", "options", "row"), table(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_the_table_states_happens(name, options, row):
    got = answer(name, options)
    if row.startswith("refused: "):
        assert isinstance(got, LianzhouError), "it was read"
        assert row.removeprefix("refused: ").replace("\\|", "|") in got.en
        assert got.en.startswith(name) and got.zh.startswith(name) and "\n" not in got.en + got.zh
        return
    assert not isinstance(got, LianzhouError), got
    kinds = [shape.geom_type if shape is not None else "none" for shape in got.frame.geometry]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    codes = "".join(f", `{code}`" for code in dict.fromkeys(issue.code for issue in got.issues))
    assert row == f"read: {counted}" + (f"; {codes[2:]}" if codes else "")


@pytest.mark.parametrize(("name", "options", "row"), table(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_plot_is_where_and_as_large_as_it_is(name, options, row):
    """All files show the same plot of 200 m, some of them twice or with a hole of 50 m."""
    if "Polygon" not in row:
        return
    areas = shapely.area(Plane().project(answer(name, options).frame.geometry.to_numpy()))
    for area in areas[areas > 1]:
        # A half circle over one side, a circle of 50 m, a hole of 50 m.
        expected = [PLOT_M2, PLOT_M2 + 15_700, 7_850, PLOT_M2 - 2_498.6, 2 * PLOT_M2]
        assert min(abs(area - number) / number for number in expected) < 2e-3


@pytest.mark.parametrize(("name", "options", "row"), table(), ids=lambda value: value if isinstance(value, str) else "")
def test_sites_come_through_the_same_readers(name, options, row):
    got = answer(name, options, read_sites)
    if not isinstance(got, LianzhouError) and got.second is not None and row.startswith("refused: "):
        # A layer of two readings is refused; sites are screened in both.
        assert row.removeprefix("refused: ") in got.second.readings[got.columns["site_id"][0]].message.en
        return
    if row.startswith("refused: "):
        assert isinstance(got, LianzhouError) and row.removeprefix("refused: ").replace("\\|", "|") in got.en
    else:
        count = sum(
            int(number) for number in re.findall(r"(\d+) (?:\w*Polygon|LineString|Point|GeometryCollection|none)", row)
        )
        assert len(got) == count
        lost = sum(int(number) for number in re.findall(r"(\d+) none", row))
        assert sum(gap.reason in ("no_footprint", "invalid_geometry") for gap in got.gaps) >= lost
