import pytest
import shapely

from lianzhou_gis.errors import CatalogError
from lianzhou_gis.maps import catalog_map, page


@pytest.fixture
def shown(county, square, rectangle):
    county.add("water_source_zone", square(112.45, 24.85, 900), grade="primary", name="示例水源", town="示例镇")
    county.add("water_source_zone", square(112.46, 24.85, 900), grade="secondary", name="示例水源二级")
    county.add("administrative", shapely.box(112.2, 24.6, 112.75, 25.2), zone_id="DEMO-A", name="示例镇")
    county.entries["receptor"]["coverage"] = shapely.box(112.2, 24.6, 112.5, 25.2).wkt
    county.entries["karst_strong"]["path"] = "gone.gpkg"
    return lambda **more: catalog_map(county.write(), as_of="2026-11-23", **more)


def test_all_zones_of_the_day_by_theme_with_counts(shown):
    data = shown()
    water = next(layer for layer in data["layers"] if layer["theme"] == "water_source_zone")
    assert water["count"] == len(water["shapes"]) == 3
    assert {row["text"]: row["count"] for row in water["legend"]}["一级保护区"] == 1
    assert water["more"][water["names"].index("示例水源")] == "所在：示例镇"
    assert data["sites"] == [] and data["synthetic"]


def test_what_is_not_covered_or_missing_is_reported(shown):
    data = shown()
    assert any(gap["text"] == "敏感目标：超出图层覆盖范围" for gap in data["gaps"])
    assert "图层缺失" in {row[2] for row in data["tables"][0]["rows"]}
    assert "图层缺失" in {source[3] for source in data["sources"]}


def test_only_the_themes_asked_for(shown):
    assert [layer["theme"] for layer in shown(themes=["receptor"])["layers"]] == ["receptor"]
    with pytest.raises(CatalogError, match="no theme nonsense"):
        shown(themes=["nonsense"])


@pytest.mark.browser
def test_it_opens_without_sites(shown, visit):
    opened = visit(page(shown()))
    assert opened.page.locator(".lz-site").count() == 0
    assert opened.page.locator("path.lz-gap").count() == 1
    opened.page.get_by_role("button", name="表格").click()
    assert "图层缺项" in opened.page.locator("#lz-tables").inner_text()
    assert opened.quiet
