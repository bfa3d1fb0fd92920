"""Nothing covers what is to be read: labels, tools, legend and the map's first view, at the sizes of real screens."""

import pytest
import shapely

from lianzhou_gis.maps import map_page

pytestmark = pytest.mark.browser
SIZES = [(1400, 900), (1100, 760), (1000, 640)]


def boxes(page, selector):
    return [item.bounding_box() for item in page.locator(selector).all() if item.is_visible()]


def meet(one, other):
    return (
        one["x"] < other["x"] + other["width"] - 1 and other["x"] < one["x"] + one["width"] - 1
        and one["y"] < other["y"] + other["height"] - 1 and other["y"] < one["y"] + one["height"] - 1
    )  # fmt: skip


def opened(visit, html, size):
    page = visit(html).page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.reload()
    page.wait_for_timeout(700)
    return page


@pytest.mark.parametrize("size", SIZES)
def test_the_first_view_shows_every_site_clear_of_legend_and_tools(run, visit, size):
    page = opened(visit, map_page(run), size)
    covers = [*boxes(page, ".lz-legend"), *boxes(page, ".lz-tools"), *boxes(page, "#lz-side")]
    pins = boxes(page, "path.lz-shape")
    assert len(pins) == 4
    for pin in pins:
        middle = {"x": pin["x"] + pin["width"] / 2, "y": pin["y"] + pin["height"] / 2, "width": 2, "height": 2}
        assert not any(meet(middle, cover) for cover in covers), (size, pin)


@pytest.mark.parametrize("size", SIZES)
def test_tools_and_the_pointers_box_are_apart_also_with_findings_open(run, visit, size):
    page = opened(visit, map_page(run), size)
    page.locator(".lz-site").first.click()
    page.wait_for_timeout(900)
    (tools,), (pointer,), scale = (
        boxes(page, ".lz-tools"),
        boxes(page, ".lz-pointer"),
        boxes(page, ".leaflet-control-scale"),
    )
    assert not meet(tools, pointer) and not meet(tools, scale[0]) and not meet(pointer, scale[0])
    frame = page.locator(".folium-map").bounding_box()
    assert tools["y"] + tools["height"] <= frame["y"] + frame["height"]


def test_distances_do_not_cover_each_other(run, visit):
    # Three ways that end within a few metres of each other.
    places = [shapely.box(112.4 + k * 1e-5, 24.83, 112.401 + k * 1e-5, 24.831) for k in range(3)]
    zones = run.tables["zones"]
    one = zones[zones["theme"] == "receptor"].iloc[0]
    for number, name in enumerate(("nature_reserve", "wetland")):
        zones.loc[len(zones)] = one.to_dict() | {
            "theme": name,
            "zone_id": f"Z{number}",
            "grade": None,
            "geometry": places[0],
        }
    site = run.document["sites"][0]
    near = next(check for check in site["checks"] if check["theme"] == "receptor")
    site["checks"] += [near | {"theme": name} for name in ("nature_reserve", "wetland")]
    page = opened(visit, map_page(run), (1400, 900))
    page.locator(".lz-site").filter(has_text="S0 ").click()
    page.wait_for_timeout(1200)
    labels = boxes(page, ".lz-distance")
    assert len(labels) == 3
    assert not any(meet(a, b) for place, a in enumerate(labels) for b in labels[place + 1 :])


def test_a_site_without_findings_opens_on_what_was_looked_at(run, visit):
    site = run.document["sites"][0]
    site["findings"], site["gaps"], site["questions"] = [], [], []
    page = visit(map_page(run)).page
    page.locator(".lz-site").filter(has_text="S0 ").click()
    assert page.get_by_role("tab", selected=True).text_content() == "逐图层核查（2）"
    assert page.get_by_role("tabpanel").locator("tbody tr").count() == 2


def test_legend_folds_and_zoom_by_mouse_and_keyboard(run, visit):
    page = opened(visit, map_page(run), (1400, 900))
    scale = page.locator(".leaflet-control-scale-line")
    before = scale.inner_text()
    page.locator(".leaflet-control-zoom-in").click()
    page.wait_for_timeout(500)
    nearer = scale.inner_text()
    page.locator(".leaflet-control-zoom-out").click()
    page.wait_for_timeout(500)
    assert nearer != before == scale.inner_text()
    page.locator(".folium-map").focus()
    page.keyboard.press("+")
    page.wait_for_timeout(500)
    assert scale.inner_text() == nearer
    summary = page.locator(".lz-legend summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".lz-legend-body").is_hidden()
    page.keyboard.press("Enter")
    fold = page.locator(".lz-fold").first
    shown = fold.get_attribute("aria-expanded")
    fold.focus()
    page.keyboard.press("Enter")
    assert fold.get_attribute("aria-expanded") != shown
