"""axe finds nothing serious, whatever is open."""

import pytest

from lianzhou_gis.maps import map_page

pytestmark = pytest.mark.browser


def serious(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # The words across the map are faint on purpose; the strip above the panel says the same in full.
    found = axe.run(page, context={"exclude": [[".lz-synthetic"]]}).response["violations"]
    return [
        (item["id"], item["impact"], [node["target"] for node in item["nodes"]][:3])
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


def test_the_map_as_it_opens(run, visit):
    assert serious(visit(map_page(run)).page) == []


def test_with_everything_open(run, visit):
    page = visit(map_page(run)).page
    page.locator(".lz-site").first.click()
    page.get_by_role("searchbox").fill("S")
    page.get_by_role("button", name="表格").click()
    page.get_by_role("button", name="测量").click()
    for fold in page.locator(".lz-fold[aria-expanded=false]").all():
        fold.click()
    page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    page.wait_for_timeout(300)
    assert serious(page) == []


def test_on_a_small_screen(run, visit):
    opened = visit(map_page(run))
    opened.page.set_viewport_size({"width": 390, "height": 844})
    assert serious(opened.page) == []
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


def test_a_fault_would_be_seen(run, visit):
    page = visit(map_page(run)).page
    page.evaluate("document.querySelector('.lz-search label').remove()")
    page.evaluate("document.querySelector('.lz-search input').removeAttribute('placeholder')")
    assert serious(page) != []


def test_the_map_of_layers(county, square, visit):
    from lianzhou_gis.maps import catalog_map, page

    county.add("water_source_zone", square(112.45, 24.87, 3000), grade="二级", zone_id="DEMO-SY", name="甲")
    opened = visit(page(catalog_map(county.write(), as_of="2026-11-24")))
    assert serious(opened.page) == []
    opened.page.get_by_role("button", name="表格").click()
    assert serious(opened.page) == []
    assert opened.quiet
