"""Every control of the planner's map, clicked through in Chromium with the network off."""

import re

import pyproj
import pytest

from lianzhou_gis.maps import map_page

pytestmark = pytest.mark.browser
GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)


@pytest.fixture
def opened(run, visit):
    found = visit(map_page(run))
    yield found
    assert found.quiet


@pytest.fixture
def page(opened):
    return opened.page


def ink(page, pane):
    """How many pixels of a pane's tiles are drawn on."""
    return page.evaluate(
        """(pane) => [...document.querySelectorAll(`.leaflet-lz-zones-${pane}-pane canvas`)].map((tile) => {
            const data = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data;
            let drawn = 0;
            for (let index = 3; index < data.length; index += 4) drawn += data[index] > 0;
            return drawn; }).reduce((a, b) => a + b, 0)""",
        pane,
    )


def middle(page):
    box = page.locator(".folium-map").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_layers_are_switched_and_faded(page):
    box = page.get_by_label("饮用水水源保护区（2）")
    assert ink(page, 0) > 1000
    box.uncheck()
    assert page.locator(".leaflet-lz-zones-0-pane canvas").count() == 0
    box.check()
    page.wait_for_timeout(400)
    assert ink(page, 0) > 1000
    page.get_by_label("饮用水水源保护区 不透明度").fill("30")
    faded = page.locator(".leaflet-lz-zones-0-pane .leaflet-layer").first.evaluate("(tile) => tile.style.opacity")
    assert float(faded) == 0.3


def test_what_lies_over_the_zones_is_switched(page):
    for words, path, number in (
        ("占用部分", ".lz-piece", 4),
        ("未核查范围（斜线）", ".lz-gap", 1),
        ("项目（4）", ".lz-shape", 4),
    ):
        assert page.locator(f".leaflet-overlay-pane path{path}").count() == number
        box = page.get_by_role("checkbox", name=words, exact=True)
        box.uncheck()
        assert page.locator(f".leaflet-overlay-pane path{path}").count() == 0
        box.check()
        assert page.locator(f".leaflet-overlay-pane path{path}").count() == number


def test_a_site_by_keyboard_its_findings_and_the_way_to_the_nearest_zone(page, hostile):
    lines = page.locator(".lz-site")
    # By verdict: S0 is not assessed and stands last.
    lines.first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert lines.last.evaluate("(line) => line === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert lines.last.get_attribute("aria-pressed") == "true"
    assert page.locator("#lz-findings h2").text_content() == f"S0 {hostile[0]}"
    row = page.locator("#lz-findings tbody tr").first
    for words in ("禁止", "一级保护区内禁止建设无关项目", "第319条", "另行选址", "1234.50 m²", "25.00%"):
        assert words in row.text_content()
    metres = GEOD.inv(112.4005, 24.81, 112.4005, 24.83)[2]
    assert page.locator(".lz-distance").text_content() == f"敏感目标 {metres / 1000:.3f} km"
    assert page.locator("path.lz-nearest").count() == 1
    page.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", selected=True).text_content() == "未核查与缺项（1）"
    page.locator("#lz-findings .lz-close").click()
    assert page.locator("#lz-findings").is_hidden()
    assert page.locator("path.lz-nearest").count() == 0


def test_the_judgement_of_a_person_is_beside_the_finding(run, visit):
    run.document["sites"][0]["findings"][0]["override"] = {
        "finding_id": run.document["sites"][0]["findings"][0]["finding_id"],
        "decision": "经论证可行",
        "office": "连州分局",
        "by": "张三",
        "decided_on": "2026-11-20",
        "reason": "现状用地",
        "evidence": "示例〔2026〕1号",
    }
    page = visit(map_page(run)).page
    page.locator(".lz-site").last.click()
    cell = page.locator("#lz-findings tbody tr").first.locator("td").last
    assert cell.locator("p").all_text_contents() == [
        "人工判断：经论证可行", "判断单位：连州分局", "判断人：张三", "日期：2026-11-20", "理由：现状用地",
        "依据：示例〔2026〕1号",
    ]  # fmt: skip

    assert "禁止" in page.locator("#lz-findings tbody tr").first.inner_text()


def test_search_finds_sites_and_zones(page):
    search = page.get_by_role("search").get_by_role("searchbox")
    search.fill("s1")
    assert page.locator(".lz-hit").count() == 1
    search.fill("示例 小学")
    assert page.get_by_role("search").get_by_role("status").text_content() == "找到 1 项"
    page.locator(".lz-hit").click()
    page.wait_for_timeout(500)
    assert "敏感目标 · 学校 · 示例小学" in page.locator(".lz-here").inner_text()
    assert page.locator("path.lz-lit").count() == 1
    search.fill("没有这个")
    assert page.get_by_role("search").get_by_role("status").text_content() == "没有找到"
    search.press("Escape")
    assert search.input_value() == ""


def test_verdicts_are_filtered(page):
    chip = page.locator(".lz-chip")
    assert "触及禁止性规定 3" in chip.first.inner_text()
    chip.first.click()
    assert chip.first.get_attribute("aria-pressed") == "true"
    assert page.locator(".lz-site:visible").count() == 3


def test_the_pointer_is_reported_in_degrees_and_in_the_metres_of_its_zone(page):
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.move(x + 40, y + 10)
    page.wait_for_timeout(200)
    reported = page.locator(".lz-pointer").inner_text()
    lon, lat, zone, north, east = map(
        float, re.search(r"([\d.]+)°E\s+([\d.]+)°N\s+(\d+) 带\s+X ([\d.]+)\s+Y ([\d.]+)", reported).groups()
    )
    assert zone == 37 if lon < 112.5 else zone == 38
    expected = pyproj.Transformer.from_crs(4490, 4488 + int(zone), always_xy=True).transform(lon, lat)
    assert (east, north) == pytest.approx(expected, abs=0.2)


def test_measuring(page):
    page.get_by_role("button", name="测量").click()
    x, y = middle(page)
    for place in ((x - 100, y), (x + 100, y), (x + 100, y + 80)):
        page.mouse.click(*place)
    reported = page.locator(".lz-measure p").inner_text()
    assert "3 点" in reported and "椭球面" in reported and "公顷" in reported
    assert page.locator(".lz-here").is_hidden()
    page.get_by_role("button", name="重新测量").click()
    assert "依次点击" in page.locator(".lz-measure p").inner_text()
    page.get_by_role("button", name="测量", exact=True).click()
    assert page.locator(".lz-measure").is_hidden()


def test_a_click_shows_every_zone_under_it(page):
    page.locator(".lz-site").filter(has_text="S0 ").click()
    page.locator("#lz-findings .lz-close").click()
    page.wait_for_timeout(600)
    box = page.locator(".folium-map").bounding_box()
    page.mouse.click(box["x"] + 500, box["y"] + 30)
    assert "此处的管控区" in page.locator(".lz-here").inner_text()
    page.locator(".lz-here .lz-close").click()
    assert page.locator(".lz-here").is_hidden()


def test_full_screen_and_the_whole_map(page):
    page.get_by_role("button", name="全屏").click()
    page.wait_for_timeout(400)
    assert page.evaluate("document.fullscreenElement !== null")
    page.get_by_role("button", name="全屏").click()
    page.wait_for_timeout(400)
    assert page.evaluate("document.fullscreenElement === null")
    page.locator(".leaflet-control-zoom-in").click()
    page.wait_for_timeout(500)
    before = page.locator(".leaflet-control-scale-line").inner_text()
    page.get_by_role("button", name="全图").click()
    page.wait_for_timeout(700)
    assert page.locator(".leaflet-control-scale-line").inner_text() != before


def test_the_paper_has_map_legend_scale_and_sources_but_no_tools(opened, page):
    page.locator(".lz-site").first.click()
    page.get_by_role("button", name="打印").click()
    page.wait_for_timeout(600)
    assert page.evaluate("window.printed") == 1
    page.emulate_media(media="print")
    for shown in (".folium-map", ".lz-legend", ".leaflet-control-scale", ".lz-source", "#lz-findings table"):
        assert page.locator(shown).first.is_visible(), shown
    for hidden in (".lz-tools", ".lz-search", ".lz-pointer", ".leaflet-control-zoom"):
        assert page.locator(hidden).is_hidden(), hidden
    assert len(page.pdf(prefer_css_page_size=True)) > 20_000
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".lz-tools").is_visible()


def test_the_table_twin_shows_the_same(page, hostile):
    page.get_by_role("button", name="表格").click()
    twin = page.locator("#lz-tables")
    assert twin.is_visible()
    rows = twin.locator("table").first.locator("tbody tr")
    assert rows.count() == 4
    assert [rows.nth(number).locator("td").nth(1).text_content() for number in (0, 3)] == [hostile[1], hostile[0]]
    twin.get_by_text("敏感目标（1）").click()
    assert "示例小学" in twin.locator("details table").last.inner_text()
    page.get_by_role("button", name="表格").click()
    assert twin.is_hidden()
