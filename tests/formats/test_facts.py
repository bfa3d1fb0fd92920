"""Facts from columns, files and the command line."""

import geopandas as gpd
import pytest
import shapely

from lianzhou_gis.errors import FactError, FormatError
from lianzhou_gis.formats import merge_facts, read_facts, read_sites
from lianzhou_gis.rulebook import FactVocabulary, Rulebook

VOCABULARY = Rulebook.load().facts
BOX = shapely.box(112.49, 24.82, 112.492, 24.822)


def sites(**columns):
    return read_sites(gpd.GeoDataFrame({"site_id": ["A"], **columns}, geometry=[BOX], crs="EPSG:4490"))


def test_set_beats_file_beats_column():
    given = sites(livestock_head=["100"], 畜禽养殖=["否"], tourism=["no"])
    known, issues = merge_facts(
        given,
        {"all": {"livestock_head": 200, "livestock": True}, "sites": {"A": {"livestock_head": 300}}},
        {"livestock_head": "400"},
        VOCABULARY,
    )
    assert known == {"A": {"livestock_head": 400.0, "livestock": True, "tourism": False}}
    conflicts = [issue for issue in issues if issue.code == "fact_conflict"]
    # Of livestock_head column and file, then file and --set; of livestock column and file.
    assert len(conflicts) == 3


def test_columns_that_are_no_facts_are_named_once():
    _, issues = merge_facts(sites(备注=["x"]), None, None, VOCABULARY)
    assert [issue.code for issue in issues] == ["column_not_a_fact"]


def test_a_claim_counts_only_with_its_document():
    known, issues = merge_facts(sites(), {"national_major_project": True}, None, VOCABULARY)
    assert known["A"]["national_major_project"] is None
    assert [issue.code for issue in issues] == ["claim_without_document"]
    given = {
        "national_major_project": True,
        "national_major_project_document": "示例函〔2026〕1号，示例机关，2026-01-05",
    }
    known, issues = merge_facts(sites(), given, None, VOCABULARY)
    assert known["A"]["national_major_project"] is True and not issues


@pytest.mark.parametrize(
    "facts", [{"livestok": True}, {"sites": {"A": {"livestok": 1}}}, {"sites": {"B": {}}}, {"livestock": "perhaps"}]
)
def test_what_is_not_known_is_refused(facts):
    with pytest.raises(FactError):
        merge_facts(sites(), facts, None, VOCABULARY)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a: 1\na: 2\n"),
        ("a.yaml", "x: &y [1]\nz: *y\n"),
        ("a.yaml", "- 1\n- 2\n"),
        ("a.yaml", "{unclosed"),
        ("a.yaml", "sites: [1]\n"),
        ("a.yaml", "all: {}\nother: {}\n"),
        ("a.json", '{"a": 1, "a": 2}'),
        ("a.json", "{"),
        ("a.yaml", "!!python/object/apply:os.system ['true']"),
    ],
)
def test_broken_files_name_the_file(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FormatError, match=name):
        read_facts(path)


def test_yaml_json_and_gbk(tmp_path):
    (tmp_path / "a.yaml").write_bytes("all: {畜禽养殖: 是}\nsites: {A: {tourism: no}}\n".encode("gb18030"))
    (tmp_path / "a.json").write_text(
        '{"all": {"畜禽养殖": "是"}, "sites": {"A": {"tourism": false}}}', encoding="utf-8"
    )
    for name in ("a.yaml", "a.json"):
        known, _ = merge_facts(sites(), read_facts(tmp_path / name), None, VOCABULARY)
        assert known == {"A": {"livestock": True, "tourism": False}}
    (tmp_path / "empty.yaml").write_text("")
    assert merge_facts(sites(), read_facts(tmp_path / "empty.yaml"), None, VOCABULARY)[0] == {"A": {}}


def test_a_former_name_with_one_meaning_is_carried_over():
    entry = {"type": "yes_no", "zh": "废气", "en": "waste gas", "question": {"zh": "？", "en": "?"}}
    vocabulary = FactVocabulary({"waste_gas": {**entry, "formerly": {"air_emission": "same"}}})
    known, issues = merge_facts(sites(), {"all": {"air_emission": "yes"}}, None, vocabulary)
    assert known == {"A": {"waste_gas": True}}
    assert [(issue.severity, issue.code) for issue in issues] == [("info", "fact_formerly")]
    known, _ = merge_facts(
        sites(), {"all": {"air_emission": True}, "sites": {"A": {"waste_gas": False}}}, None, vocabulary
    )
    assert known == {"A": {"waste_gas": False}}


@pytest.mark.parametrize("given", ["file", "site", "column", "set"])
def test_a_former_name_that_was_split_is_unknown_and_names_its_successors(given):
    frame = sites(biomass_boiler=["no"]) if given == "column" else sites()
    facts = {"file": {"biomass_boiler": False}, "site": {"sites": {"A": {"biomass_boiler": False}}}}.get(given)
    known, issues = merge_facts(frame, facts, {"biomass_boiler": "no"} if given == "set" else None, VOCABULARY)
    assert known == {"A": {}}
    assert [(issue.severity, issue.code) for issue in issues] == [("warning", "fact_formerly")]
    assert "fuel_kind" in issues[0].zh and "heating_boiler" in issues[0].en


def test_the_document_of_a_former_claim_goes_with_it():
    known, issues = merge_facts(
        sites(), {"unavoidable_argued": True, "unavoidable_argued_document": "x"}, None, VOCABULARY
    )
    assert known == {"A": {}} and {issue.code for issue in issues} == {"fact_formerly"}


def test_former_values_of_a_choice():
    known, issues = merge_facts(sites(), {"limited_activity_class": "0"}, None, VOCABULARY)
    assert known["A"] == {"limited_activity_class": "not_listed"}
    assert [(issue.severity, issue.code) for issue in issues] == [("info", "fact_value_formerly")]
    known, issues = merge_facts(sites(), {"limited_activity_class": 6}, None, VOCABULARY)
    assert known["A"] == {"limited_activity_class": None}
    assert [(issue.severity, issue.code) for issue in issues] == [("warning", "fact_value_formerly")]
    with pytest.raises(FactError):
        merge_facts(sites(), {"limited_activity_class": 0.5}, None, VOCABULARY)
