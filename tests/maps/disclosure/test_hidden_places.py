"""Names of places that must not be found, and names of settlements that are like them."""

import pytest

from lianzhou_gis.maps.disclosure.text_folding import fold
from lianzhou_gis.vocabulary.hidden_places import hidden_kind, hidden_kinds

INTAKES = [
    *(
        "取水口",
        "取水坝",
        "取水塔",
        "提水站",
        "抽水站",
        "城南水厂",
        "水源点",
        "渗渠",
        "集水廊道",
        "高位水池",
        "抽水孔",
        "净水厂",
    ),
    *(
        "井",
        "井1",
        "1#井",
        "1号井",
        "主井",
        "备用水井",
        "水井冲村1号井",
        "水 井",
        "取·水·口",
        "１＃井",
        "自来水厂",
        "钻孔1",
    ),
    *("J1", "ZK1", "ZK-12", "SJ-3", "Wellfield", "Well 3", "pumping station", "borehole", "Intake"),
    *("qushuikou", "Qu Shui Kou", "qǔshuǐkǒu", "shuijing"),
]
SETTLEMENTS = [
    *(
        "水井冲村",
        "水井冲村水源地",
        "龙井村水源准保护区",
        "深井镇",
        "水厂社区",
        "井冈村",
        "天井山",
        "古井村",
        "井边村",
        "井塘",
    ),
    *("机井屯", "水井头自然村", "市井", "东陂镇", "一级保护区", "1号水源二级区"),
    *("ZH44188210001", "YS4418823210001", "V1"),
]


@pytest.mark.parametrize("name", INTAKES)
def test_an_intake_is_known_by_its_name(name):
    kind = hidden_kind(fold(name)) or hidden_kind(fold(name, bare=True))
    assert kind is not None and kind.id == "intake"


@pytest.mark.parametrize("name", SETTLEMENTS)
def test_a_settlement_is_no_intake(name):
    assert hidden_kind(fold(name)) is None


def test_a_village_with_a_well_beside_a_well():
    assert hidden_kind(fold("1号井（龙井村）")) is not None and hidden_kind(fold("1号井 龙井村")) is not None


def test_every_kind_is_found_by_each_of_its_words():
    for kind in hidden_kinds():
        assert all(hidden_kind(fold(word)) is not None for word in kind.words)
