"""The public page in Chromium, on a desk and on a phone."""

import pytest

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def opened(published, visit):
    found = visit((published[0] / "index.html").read_text(encoding="utf-8"))
    found.page.wait_for_selector("#pg-app[data-ready]")
    return found


@pytest.fixture
def phone(opened):
    opened.page.set_viewport_size(PHONE)
    opened.page.wait_for_timeout(300)
    return opened.page


def tap(page, share_x=0.5, share_y=0.5):
    box = page.locator("#pg-map").bounding_box()
    page.mouse.click(box["x"] + box["width"] * share_x, box["y"] + box["height"] * share_y)
    page.wait_for_timeout(300)


def test_it_opens_offline_and_states_what_it_is(opened):
    page = opened.page
    assert opened.quiet
    assert page.get_by_role("heading", level=1).inner_text() == "水源保护区公示图"
    assert "公众版示意图" in page.locator("#pg-head").inner_text()
    assert "未标注审图号" in page.locator(".pg-credit").inner_text()
    assert "图上空白不表示没有其他管控要求" in page.locator("#pg-panel").inner_text()
    page.get_by_text("表格视图").click()
    assert "其他（合并）" in page.locator("#pg-panel").inner_text()
    page.get_by_text("资料来源").click()
    assert "未绘出" in page.locator("#pg-panel").inner_text()
    assert opened.quiet


def test_a_zone_found_by_name_states_what_applies_and_whom_to_ask(opened):
    page = opened.page
    page.get_by_label("查找").fill("0号 水源二级")
    page.locator(".pg-found button").first.click()
    panel = page.locator("#pg-panel").inner_text()
    for words in ("0号水源二级区", "二级保护区", "禁止", "《生态环境法典》", "咨询：某市生态环境局", "没有绘出"):
        assert words in panel
    page.wait_for_timeout(300)
    tap(page, 0.42, 0.5)
    assert "这里属于" in page.locator("#pg-panel").inner_text()


def test_an_address_leads_to_its_town(opened):
    page = opened.page
    page.get_by_label("查找").fill("东陂镇塘头坪村１２号")
    assert "地址只能定位到这里" in page.locator(".pg-found").inner_text()
    page.keyboard.press("Enter")
    panel = page.locator("#pg-panel").inner_text()
    assert "东陂镇" in panel and "伸入这里的管控区" in panel and "0号水源二级区" in panel
    # What applies there, and whom to ask.
    assert "禁止：" in panel and "咨询：某市生态环境局" in panel and "点按地图上的具体位置" in panel
    page.get_by_label("查找").fill("没有这个地方")
    assert "没有查到" in page.locator("#pg-search").inner_text()


def test_coordinates_and_the_keyboard(opened):
    page = opened.page
    page.get_by_label("查找").fill("112.3, 24.8")
    page.keyboard.press("Enter")
    assert "东陂镇" in page.locator("#pg-panel").inner_text()
    page.locator("#pg-map").focus()
    page.keyboard.press("Enter")
    assert "这里属于" in page.locator("#pg-panel").inner_text()
    page.get_by_label("查找").fill("100.5, 20.5")
    page.keyboard.press("Enter")
    assert "不在图示范围内" in page.locator("#pg-panel").inner_text()


def test_on_a_phone_nothing_covers_the_answer(phone):
    tap(phone)
    panel = phone.locator("#pg-panel")
    heading = panel.locator("h2").first
    box = heading.bounding_box()
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('#pg-panel') !== null"
    assert phone.evaluate(on_top, [box["x"] + 5, box["y"] + box["height"] / 2])
    assert box["y"] + box["height"] < PHONE["height"] and box["width"] <= PHONE["width"]
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    grab = phone.get_by_role("button", name="收起")
    assert grab.bounding_box()["height"] >= 44
    high = phone.locator("#pg-map").bounding_box()["height"]
    grab.click()
    phone.wait_for_timeout(200)
    assert phone.locator("#pg-map").bounding_box()["height"] > high


def test_buttons_are_large_enough_for_a_finger(phone):
    sizes = phone.eval_on_selector_all(
        "button, input[type=search]",
        "all => all.map(b => b.getBoundingClientRect()).filter(r => r.width).map(r => [r.width, r.height])",
    )
    assert sizes and all(width >= 44 and height >= 44 for width, height in sizes)


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_it_is_accessible(opened, size):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened.page
    page.set_viewport_size(size)
    assert [item["id"] for item in axe.run(page).response["violations"]] == []
    tap(page)
    page.get_by_text("表格视图").click()
    page.get_by_text("资料来源").click()
    page.get_by_role("button", name="图例").click()
    assert [item["id"] for item in axe.run(page).response["violations"]] == []


def test_pages_of_the_data_are_accessible(published, visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for name in ("index.html", "water_source_zone.html", "contaminated_plot.html"):
        opened = visit((published[0] / "data" / name).read_text(encoding="utf-8"))
        assert [item["id"] for item in axe.run(opened.page).response["violations"]] == []
        assert opened.quiet


def test_paper_shows_map_legend_and_words_without_controls(opened):
    page = opened.page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.wait_for_timeout(300)
    assert page.locator("#pg-map").bounding_box()["height"] > 300
    assert page.locator(".pg-legend").is_visible() and page.locator("#pg-panel").is_visible()
    for hidden in ("#pg-search", ".pg-tools", ".leaflet-control-zoom"):
        assert not page.locator(hidden).is_visible()


def test_the_map_on_paper_is_drawn_whole(published, chromium, tmp_path):
    """Printed from a phone: every part of the map has colour, not only what the screen showed."""
    from PIL import Image

    page = chromium.new_page(viewport=PHONE)
    page.goto((published[0] / "index.html").as_uri())
    page.wait_for_selector("#pg-app[data-ready]")
    tap(page)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.locator("#pg-map").screenshot(path=tmp_path / "map.png")
    page.close()
    with Image.open(tmp_path / "map.png") as picture:
        wide, high = picture.size
        assert high > 450
        corner = picture.convert("RGB").crop((0, high * 3 // 5, wide, high - 40))
        assert len(corner.getcolors(1 << 20)) > 20


def test_hostile_names_stay_text(attempt, filled, visit):
    filled.zones["administrative"][0]["name"] = "</script><img src=x onerror=alert(1)>{{7*7}}${alert(2)}"
    folder = attempt()
    for name in ("index.html", "data/administrative.html", "data/index.html"):
        opened = visit((folder / name).read_text(encoding="utf-8"))
        assert opened.page.locator("img[src=x]").count() == 0 and opened.quiet
