"""Figures on paper: what stands in them, in which colours and letters, where things lie, and the same bytes again."""

import os
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely

pytest.importorskip("matplotlib")

from matplotlib import font_manager
from matplotlib.colors import to_hex
from matplotlib.image import imread
from matplotlib.patches import PathPatch

from lianzhou_gis.cli import main
from lianzhou_gis.errors import FormatError, MissingExtraError, MissingFileError
from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger
from lianzhou_gis.maps.figures import decorations, figure, fonts, layers_figure, write_figure
from lianzhou_gis.runs import Run
from lianzhou_gis.vocabulary import other_style, patterns, theme

try:
    fonts.families_for(["连州"])
except MissingExtraError:
    if os.environ.get("CI"):
        raise
    pytest.skip("no Chinese font is installed", allow_module_level=True)


def texts(drawn):
    return [text.get_text() for axes in drawn.axes for text in axes.texts]


def patches(axes):
    return [patch for patch in axes.patches if isinstance(patch, PathPatch)]


def main_axes(drawn):
    return drawn.axes[1]


def test_what_is_on_the_sheet(run):
    reported = "\n".join(texts(figure(run, "S0")))
    for words in (
        "初步筛查，不作为审批依据", "合成演示数据 不代表真实区划", "内部使用", "空白不表示没有管控区", "北", "图例",
        "位置图", "2026-01-01", "触及禁止性规定", "未核查范围（斜线）", "占用部分", "一级保护区（1）",
        "CGCS2000", "第 37 带", "000（A4 图幅）", "E", "N", "用地 4,938.00 平方米",
    ):  # fmt: skip
        assert words in reported, words
    # The run looked at one theme only; a figure says so where it could be taken for an all-clear.
    assert "未核查的主题：生态保护红线" in re.sub(r"\s", "", reported)


def test_signs_are_those_of_the_style_table(run):
    drawn = main_axes(figure(run))
    faces = {to_hex(patch.get_facecolor()) for patch in patches(drawn) if patch.get_fill()}
    hatched = {(to_hex(patch.get_edgecolor()), patch.get_hatch()) for patch in patches(drawn) if patch.get_hatch()}
    for grade in theme("water_source_zone").grades[:2]:
        assert grade.style.fill in faces
        assert (grade.style.fill, patterns()[grade.style.pattern].hatch) in hatched
    _, gap = other_style("gap")
    assert (gap.fill, patterns()[gap.pattern].hatch) in hatched
    lines = {to_hex(patch.get_edgecolor()) for patch in patches(drawn)}
    assert theme("water_source_zone").grades[0].style.line in lines


def test_the_pixels_have_the_colours(run, tmp_path):
    drawn = figure(run, themes=["water_source_zone"])
    picture = imread(write_figure(drawn, tmp_path / "a.png", dpi=100))[..., :3]
    assert picture.shape[:2] == (826, 1169)
    box = main_axes(drawn).get_position()
    high, wide = picture.shape[:2]
    inner = picture[int((1 - box.y1) * high) : int((1 - box.y0) * high), int(box.x0 * wide) : int(box.x1 * wide)]
    # The ground of the primary zone is its colour over white at the tint of its pattern.
    style = theme("water_source_zone").grades[0].style
    colour = np.array([int(style.fill[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    expected = 1 - patterns()[style.pattern].tint * (1 - colour)
    assert (np.abs(inner - expected).max(axis=-1) < 0.02).mean() > 0.01


def test_sites_lie_where_they_are(run):
    axes = main_axes(figure(run, "S1"))
    square = from_cgcs2000(np.array([shapely.box(112.42, 24.8, 112.43, 24.81)], dtype=object), gauss_kruger(37))[0]
    corners = {tuple(np.round(point, 1)) for point in shapely.get_coordinates(square)}
    drawn = [{tuple(np.round(point, 1)) for point in patch.get_path().vertices} for patch in patches(axes)]
    assert any(corners <= own for own in drawn)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    assert west < square.bounds[0] and east > square.bounds[2] and south < square.bounds[1] < north


def test_the_scale_is_true_on_paper(run):
    drawn = figure(run, "S0")
    axes = main_axes(drawn)
    wide_mm = axes.get_position().width * drawn.get_size_inches()[0] * 25.4
    (west, east) = axes.get_xlim()
    denominator = int(re.search(r"1:([\d ]+)（A4", "\n".join(texts(drawn))).group(1).replace(" ", ""))
    assert (east - west) * 1000 / wide_mm == pytest.approx(denominator, rel=1e-6)


@pytest.mark.parametrize(("lon", "zone"), [(112.4, 37), (112.6, 38)])
def test_the_graticule_is_in_degrees_of_the_zone(lon, zone):
    frame = decorations.frame_around(shapely.box(lon, 24.8, lon + 0.02, 24.82), 188, 150)
    assert frame.zone == zone
    lines = list(decorations._lines(frame))
    assert 3 <= sum(upright for upright, *_ in lines) <= 8
    upright, reported, xy = lines[0]
    degrees, minutes = map(int, re.match(r"(\d+)°(\d+)′", reported).groups())
    seconds = int(found.group(1)) if (found := re.search(r"′(\d+)″", reported)) else 0
    value = degrees + minutes / 60 + seconds / 3600
    point = from_cgcs2000(np.array([shapely.Point(value, frame.lonlat[1])], dtype=object), gauss_kruger(zone))[0]
    assert upright and xy[0] == pytest.approx((point.x, point.y), abs=0.01)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_bytes_again(run, tmp_path, kind):
    one = write_figure(figure(run, "S0"), tmp_path / f"one.{kind}").read_bytes()
    two = write_figure(figure(run, "S0"), tmp_path / f"two.{kind}").read_bytes()
    assert one == two
    assert not re.search(rb"20\d\d-\d\d-\d\dT|CreationDate|matplotlib\.org", one)


def test_hostile_names_stay_text(run, tmp_path):
    long = "很长的名称" * 60
    for record, name in zip(
        run.document["sites"], [r"$\frac{1}{0}$ $x$", long, "<script>&\x00\u202e", "{{7}}"], strict=True
    ):
        record["name"] = name
    for site in ("S0", "S1", "S2", "S3"):
        drawn = figure(run, site)
        ElementTree.parse(write_figure(drawn, tmp_path / f"{site}.svg"))
        write_figure(drawn, tmp_path / f"{site}.png", dpi=40)
        if site == "S0":
            assert any(r"$\frac{1}{0}$ $x$" in text for text in texts(drawn))
    svg = (tmp_path / "S2.svg").read_text(encoding="utf-8")
    assert "<script" not in svg and not re.search(r"(href|src)=\"(?!#)", svg)


def test_every_letter_has_its_glyph_or_is_refused(run, monkeypatch):
    assert fonts.families_for(["连州市北°"])[0] in fonts._KNOWN
    run.document["sites"][0]["name"] = "名称\U0001f9ff"
    with pytest.raises(FormatError, match=r"U\+1F9FF"):
        figure(run, "S0")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    assert "Noto" in fonts.families_for(["连州"])[0], "a font installed after the list was cached is found"
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    with pytest.raises(MissingExtraError) as refused:
        fonts.families_for(["连州"])
    assert "fonts-noto-cjk" in refused.value.zh and "--font" in refused.value.en


def test_a_font_that_is_named(tmp_path):
    (tmp_path / "no.ttf").write_bytes(b"x")
    with pytest.raises(FormatError, match="not a readable font"):
        fonts.families_for(["a"], tmp_path / "no.ttf")
    with pytest.raises(MissingFileError):
        fonts.families_for(["a"], tmp_path / "gone.ttf")
    latin = font_manager.findfont("DejaVu Sans")
    with pytest.raises(FormatError, match=r"州 U\+"):
        fonts.families_for(["州"], latin)


def test_what_is_asked_for_wrongly(run, tmp_path):
    with pytest.raises(FormatError, match="no site S9"):
        figure(run, "S9")
    with pytest.raises(FormatError, match="no theme water"):
        figure(run, themes=["water"])
    with pytest.raises(FormatError, match="change the ending"):
        write_figure(figure(run), tmp_path / "a.jpg")


def test_from_a_run_folder_a_result_and_a_catalog(county, square, tmp_path, capsys):
    county.add("water_source_zone", square(112.45, 24.87, 600), grade="二级", zone_id="DEMO-SY", name="甲")
    result = county.screen(square(112.45, 24.87, 100))
    folder = result.save(tmp_path / "run")
    result.plot("DEMO-S", to=tmp_path / "door.svg")

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            main(["map", *map(str, arguments)])
        return done.value.code

    assert call(folder, "--figure", tmp_path / "cli.svg", "--site", "DEMO-S") == 0
    assert (tmp_path / "door.svg").read_bytes() == (tmp_path / "cli.svg").read_bytes()
    assert (
        call("--layers", county.folder / "layers.yaml", "--figure", tmp_path / "layers.pdf", "--as-of", "2026-11-23")
        == 0
    )
    assert (tmp_path / "layers.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert call(folder, "--figure", tmp_path / "x.jpg") == 2
    assert call(folder, "--site", "DEMO-S") == 2
    assert call(folder, "--figure", tmp_path / "x.png", "--site", "DEMO-T") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and "是否指 DEMO-S" in lines[2]
    assert "图上空白不表示没有管控区" in "".join(
        texts(layers_figure(county.folder / "layers.yaml", as_of="2026-11-23"))
    )
    assert Run.open(folder)
