"""Names for people that a FileGDB keeps beside its fields."""

from pathlib import Path

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.formats import read_features
from lianzhou_gis.layers.schema_mapping import as_zones, named_columns

CODED = Path(__file__).parents[1] / "data" / "formats" / "filegdb-coded-values.gdb.zip"


def test_codes_become_texts_and_stay_beside_them():
    features = read_features(CODED)
    # The code 9 is not in the domain.
    assert features.frame["ZHGKDYFL"].tolist() == ["优先保护单元", "一般管控单元", 9]
    assert features.frame["ZHGKDYFL_code"].tolist() == [1, 3, 9]
    assert features.aliases == {"HJZHGKDYMC": "环境综合管控单元名称", "ZHGKDYFL": "管控单元分类"}


def test_a_catalog_may_name_fields_or_aliases():
    features = read_features(CODED)
    for reported in ({}, {"ZHGKDYFL": "grade"}, {"管控单元分类": "grade"}):
        entry = LayerEntry(id="units", series="units", theme="control_unit", path="a", columns=reported)
        zones = as_zones(named_columns(features, entry), entry, None, [])
        assert zones["grade"].tolist()[:2] == ["priority", "general"]
        assert zones["name"].tolist() == ["单元甲", "单元乙", "单元丙"]


def test_an_alias_that_another_column_has_changes_nothing():
    features = read_features(CODED)
    features.aliases = {"ZHGKDYFL": "HJZHGKDYMC"}
    assert list(features.named(["HJZHGKDYMC"]).frame.columns) == list(features.frame.columns)
