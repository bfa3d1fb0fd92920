"""Cards show what is open first, and hostile text only ever as text."""

from datetime import date
from html.parser import HTMLParser

import geopandas as gpd
import pytest

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import CatalogError, RunError
from lianzhou_gis.reports import catalog_card
from lianzhou_gis.rulebook import Rulebook

HOSTILE = "</div><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}${alert(3)}\"'"
TAGS = {
    "div", "b", "span", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip


class Read(HTMLParser):
    """The tags, attributes and texts that a browser would find."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), set(), []
        self.feed(html)
        self.text = "".join(self.texts)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def result(county, square):
    county.entries["water_source_zone"]["title"] = {"zh": HOSTILE, "en": HOSTILE}
    county.add("water_source_zone", square(112.44, 24.87, 400), grade="primary", name=HOSTILE)
    county.entries["receptor"]["path"] = "gone.gpkg"
    sites = gpd.GeoDataFrame(
        {"site_id": ["A", HOSTILE], "name": [HOSTILE, None], "accuracy_m": [0.5, 0.5], "livestock": ["no", "no"]},
        geometry=[square(112.44, 24.87, 120), square(112.5, 24.9, 120)],
        crs="EPSG:4490",
    )
    return county.screen(sites)


def shown(result):
    water = result.layers["water_source_zone"]
    finding = next(item for item in result.assessment.finding_records if item.zone_name == HOSTILE)
    return {
        "result": result,
        "sites": result.sites_in,
        "catalog": result.catalog,
        "layer": water,
        "evidence": result.finding(finding.finding_id),
        "rulebook": result.rulebook,
        "rule": result.rulebook.rule(finding.rule_id),
    }


def test_hostile_text_stays_text_on_every_card(result):
    for name, thing in shown(result).items():
        read = Read(thing._repr_html_())
        assert read.tags <= TAGS, name
        assert read.attributes <= {"style", "class", "scope", "role", "aria-label", "href", "rel"}, name
        if name not in ("rulebook", "rule"):
            assert "</div><script>alert(1)</script><img src=x" in read.text, name
        assert "\n" not in repr(thing)


def test_what_is_open_comes_before_what_was_found(result):
    text = Read(result._repr_html_()).text
    site = text[text.index("图层缺失") :]
    assert site.index("图层缺失") < site.index("待回答") < site.index("提示：")
    assert "初步筛查，不作为审批依据" in text
    assert "合成演示数据" in text


def test_themes_that_were_not_looked_at_are_named_beside_the_verdict(county, square):
    text = Read(county.screen(square(112.44, 24.87, 100), themes=["receptor"])._repr_html_()).text
    assert "仅核查：敏感目标；未核查：生态保护红线、饮用水水源保护区" in text
    assert "核查全部" in Read(county.screen(square(112.44, 24.87, 100))._repr_html_()).text


def test_a_card_counts_what_it_leaves_out(county, square):
    squares = [square(112.40 + number / 200, 24.87, 100) for number in range(15)]
    sites = gpd.GeoDataFrame({"site_id": [f"S{n:02d}" for n in range(15)]}, geometry=squares, crs="EPSG:4490")
    result = county.screen(sites)
    assert "另有 3 个项目" in Read(result._repr_html_()).text
    assert "另有 3 个项目" in Read(result.sites_in._repr_html_()).text


def test_states_of_editions_are_reported_for_the_day(county):
    county.entries["receptor"] |= {"valid_from": "2020-01-01", "valid_to": "2025-12-31"}
    catalog = Catalog.open(county.write())
    before, after = (Read(catalog_card(catalog, date(year, 6, 1))).text for year in (2025, 2026))
    assert "已于 2025-12-31 失效" not in before
    assert "已于 2025-12-31 失效，未采用" in after


def test_a_link_that_is_no_web_address_is_not_a_link():
    from lianzhou_gis.reports.cards import _outward

    assert _outward("https://flk.npc.gov.cn/x") == "https://flk.npc.gov.cn/x"
    assert _outward("javascript:alert(1)") is None
    assert "javascript" not in Rulebook.load().rule("plot.survey_due")._repr_html_()


def test_unknown_names_state_which_are_near(result):
    with pytest.raises(CatalogError, match="did you mean water_source_zone"):
        result.layers["water_source_zon"]
    with pytest.raises(RunError, match="this result has no finding nothing"):
        result.finding("nothing")
    with pytest.raises(CatalogError, match="did you mean receptor"):
        result.catalog.load(themes=["receptors"])
