"""Pictures of every kind of map can be taken; with ``LIANZHOU_PICTURES=1`` they are put into the docs."""

import datetime
import io
import os
from pathlib import Path

import pytest

from lianzhou_gis.maps import catalog_map, map_page, page
from lianzhou_gis.runs import Run

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "docs" / "pictures"
NAMES = ("planner", "layers", "public", "editions", "figure_site", "figure_county", "print")
ANEW = os.environ.get("LIANZHOU_PICTURES") == "1"
MOST = 300_000
DAY = "2026-11-24"


@pytest.fixture
def keep(tmp_path):
    """Write a picture, into the docs where they are taken anew."""
    folder = PICTURES if ANEW else tmp_path
    return lambda name, content: retained(folder / f"{name}.png", content)


def retained(path, content, most=MOST):
    """Write a picture with as many colours and as many pixels as the docs have room for."""
    from PIL import Image

    picture = Image.open(io.BytesIO(content)).convert("RGB")
    for wide, colours in ((1400, 256), (1200, 256), (1000, 256), (1000, 128), (900, 64)):
        small = picture.resize((wide, round(picture.height * wide / picture.width)), Image.LANCZOS)
        stream = io.BytesIO()
        # Means keep the colours of the signs, which are few pixels among many.
        small.quantize(colours, kmeans=2).save(stream, "PNG", optimize=True)
        if stream.tell() < most:
            break
    path.write_bytes(stream.getvalue())
    assert 10_000 < path.stat().st_size < most


def shot(visit, html, *, site=None, size=(1400, 900)):
    page_ = visit(html).page
    page_.set_viewport_size({"width": size[0], "height": size[1]})
    page_.wait_for_timeout(500)
    if site:
        page_.locator(".lz-site").filter(has_text=site).first.click()
        page_.wait_for_timeout(1500)
    return page_


def drawn(page_):
    """Whether zones are seen on the map: pixels of the canvas, or shapes over it."""
    return page_.evaluate(
        """() => document.querySelectorAll("path.lz-shape").length > 0
          || [...document.querySelectorAll(".leaflet-pane canvas")].some((tile) =>
            tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data.some((value) => value))"""
    )


def test_the_planners_map_its_print_and_its_figures(run, visit, tmp_path):
    from lianzhou_gis.maps.figures import figure, write_figure

    opened = shot(visit, map_page(run), site="S1")
    assert drawn(opened) and len(opened.screenshot()) > 30_000
    opened.get_by_role("button", name="打印").click()
    opened.wait_for_timeout(600)
    opened.emulate_media(media="print")
    assert len(opened.screenshot(full_page=True)) > 30_000
    assert write_figure(figure(run, "S1"), tmp_path / "a.png", dpi=60).stat().st_size > 10_000


def test_the_map_of_layers(county, square, visit):
    county.add("water_source_zone", square(112.45, 24.87, 3000), grade="二级", zone_id="DEMO-SY", name="甲")
    opened = shot(visit, page(catalog_map(county.write(), as_of=DAY)), size=(1000, 700))
    assert drawn(opened)


def test_the_docs_have_every_picture():
    text = (ROOT / "docs" / "maps.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"pictures/{name}.png" in text
        assert 10_000 < (PICTURES / f"{name}.png").stat().st_size < MOST


DEMO, CATALOG = ROOT / "layers" / "demo", ROOT / "layers" / "layers.yaml"


@pytest.fixture(scope="module")
def demo_run():
    from lianzhou_gis.formats import read_facts, read_sites
    from lianzhou_gis.screening import screen

    facts = read_facts(DEMO / "sites" / "facts.yaml")
    return Run.of(screen(read_sites(DEMO / "sites" / "sites.gpkg"), CATALOG, facts=facts, as_of=DAY))


def test_the_demo_and_its_print(demo_run, visit, keep):
    opened = shot(visit, map_page(demo_run), site="DEMO-01")
    keep("planner", opened.screenshot())
    opened.get_by_role("button", name="打印").click()
    opened.wait_for_timeout(1500)
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": 1040, "height": 900})
    opened.wait_for_timeout(500)
    keep("print", opened.screenshot(clip={"x": 0, "y": 0, "width": 1040, "height": 1640}, full_page=True))


def test_the_figures_of_the_demo(demo_run, tmp_path, keep):
    from lianzhou_gis.maps.figures import figure, write_figure

    for name, site in (("figure_site", "DEMO-05"), ("figure_county", None)):
        keep(name, write_figure(figure(demo_run, site), tmp_path / f"{name}.png", dpi=150).read_bytes())


def test_the_layers_of_the_demo(visit, keep):
    keep("layers", shot(visit, page(catalog_map(CATALOG, as_of=DAY))).screenshot())


def test_the_editions_of_the_demo(visit, keep):
    from lianzhou_gis.intake.edition_diff import compare_editions
    from lianzhou_gis.intake.editions import editions_of
    from lianzhou_gis.maps.editions_map import editions_map

    pairs, _ = editions_of("demo_redline_2018", "demo_redline", catalog=CATALOG, day=datetime.date(2026, 11, 24))
    diffs = [compare_editions(*pair) for pair in pairs]
    keep("editions", shot(visit, page(editions_map(diffs, region="连州市（合成演示）", day=DAY))).screenshot())


def test_the_public_map_of_the_demo(visit, tmp_path, keep):
    from lianzhou_gis.maps.disclosure import open_source, publish, read_profile

    profile = read_profile(ROOT / "layers" / "profiles" / "public.yaml")
    publish(open_source(CATALOG, as_of=DAY), profile, tmp_path / "public")
    keep("public", shot(visit, (tmp_path / "public" / "index.html").read_text(encoding="utf-8")).screenshot())
