"""What facts say of other facts: cited rows set what was not given, and contradict what was."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lianzhou_gis.rulebook
from lianzhou_gis.errors import RuleError
from lianzhou_gis.rulebook import Rulebook

SHIPPED = Path(lianzhou_gis.rulebook.__file__).parent
BOOK = Rulebook.load()
DAY = date(2026, 11, 23)


def facts_of(**given):
    return BOOK.infer(given, DAY, "site A").facts


@pytest.mark.parametrize(
    ("code", "fact", "value"),
    [
        ("A0313", "livestock", True),
        ("A0313", "livestock_species", "pig"),
        ("C3041", "two_highs", True),
        ("C3021", "two_highs", True),
        ("C1910", "heavy_metal", True),
        ("C1910", "soil_risk", True),
        ("C2631", "chemical", True),
        ("B0912", "ore_mining", True),
        ("B1011", "quarry", True),
        ("N7724", "hazardous_waste_facility", True),
        ("F5265", "storage_oil_or_toxics", True),
        # What follows from what follows.
        ("N7724", "groundwater_risk", True),
        # What the classification defines, whatever the land is for.
        ("C2611", "manufacturing", True),
        ("P8310", "incineration", False),
        ("P8310", "manufacturing", False),
    ],
)
def test_industry_codes_imply(code, fact, value):
    assert facts_of(industry_code=(code,))[fact] == value


@pytest.mark.parametrize("code", ["C2929", "C3360", "C3011", "C2611"])
def test_absence_from_a_list_states_nothing(code):
    inferred = facts_of(industry_code=(code,))
    assert inferred.get("two_highs") is None
    assert inferred.get("heavy_metal") is None


def test_a_coarse_code_implies_nothing_that_it_need_not_be():
    assert facts_of(industry_code=("C30",)).get("two_highs") is None
    assert facts_of(industry_code=("A03",)).get("livestock") is None


@pytest.mark.parametrize(
    ("species", "head", "pigs"),
    [("pig", 3000, 3000), ("layer", 30000, 1000), ("broiler", 60000, 1000), ("dairy_cattle", 10, 100),
     ("beef_cattle", 10, 50), ("sheep", 300, 100)],
)  # fmt: skip
def test_head_counts_as_pigs(species, head, pigs):
    assert facts_of(livestock_species=species, livestock_head=float(head))["livestock_pig_equivalent"] == pigs


@pytest.mark.parametrize(
    ("species", "least"),
    [("pig", 500), ("beef_cattle", 50), ("dairy_cattle", 100), ("sheep", 200), ("broiler", 10000), ("layer", 2000)],
)
def test_a_farm_of_scale_from_its_day_on(species, least):
    at = {"livestock_species": species, "livestock_head": float(least)}
    below = {**at, "livestock_head": least - 1.0}
    assert facts_of(**at)["livestock_large_scale"] is True
    assert facts_of(**at)["livestock_household_only"] is False
    assert facts_of(**below).get("livestock_large_scale") is None
    before = BOOK.infer(at, date(2025, 8, 31)).facts
    assert before.get("livestock_large_scale") is None


def test_a_contradiction_is_reported_and_counts_as_unknown():
    found = BOOK.infer({"industry_code": ("A0313",), "livestock": False, "livestock_large_scale": False}, DAY, "site A")
    assert found.facts["livestock"] is None
    assert found.contradicted == {"livestock"}
    (issue,) = found.issues
    assert (issue.severity, issue.code, issue.where) == ("warning", "fact_contradicted", "site A")
    assert "畜禽养殖" in issue.zh and "A03" in issue.zh
    # What would have followed from the denied fact does not.
    assert not any(item.fact == "livestock_household_only" for item in found.derived)


def test_an_unverified_row_only_doubts():
    found = BOOK.infer({"industry_code": ("C3360",), "heavy_metal": False}, DAY, "site A")
    assert found.facts["heavy_metal"] is False
    assert [issue.code for issue in found.issues] == ["fact_doubted"]
    assert BOOK.infer({"industry_code": ("C3360",)}, DAY).issues == ()


def test_of_an_industry_a_no_follows_only_where_the_classification_itself_states_so():
    """A list of a notice on which a code does not stand says nothing; what GB/T 4754 defines does."""
    for row in BOOK.implications:
        if False in row.sets.values() and "industry_code" in row.when.facts():
            assert row.file == "scope.yaml" and {citation.law for citation in row.citations} == {"gbt_4754"}, row.id
            assert not row.unverified, row.id


def test_a_code_too_coarse_or_unknown_rules_nothing_out():
    assert facts_of(industry_code=("C",)).get("livestock") is False
    assert facts_of(industry_code=("?",)).get("livestock") is None
    assert facts_of(industry_code=("P8310", "A0313"))["livestock"] is True


def test_what_a_type_means_contradicts_what_it_cannot_be():
    found = BOOK.infer({"project_type": "school", "target_use": "industrial"}, DAY, "site A")
    assert found.contradicted == {"target_use"}
    assert "教育" in found.issues[0].zh and "工矿" in found.issues[0].zh


def test_every_row_is_cited_and_dated_within_its_law():
    for row in BOOK.implications:
        assert row.citations, row.id
        for citation in row.citations:
            assert BOOK.laws[citation.law].effective_from <= row.effective_from, (row.id, citation.law)


NAMES = ["livestock", "livestock_household_only", "wastewater_generated", "new_outfall", "heavy_metal", "soil_risk",
         "waste_gas", "chemical", "landfill", "nimby"]  # fmt: skip
known = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([True, False, None]))


@given(known, st.sampled_from(NAMES), st.booleans())
def test_following_an_answer_is_inferring_anew(some, name, value):
    before = BOOK.infer(some, DAY)
    if before.facts.get(name) is not None:
        return
    followed = BOOK.implied_on(DAY).follow(before.facts, {name: value}, before.contradicted)
    anew = BOOK.infer({**some, name: value}, DAY)
    if followed is None:
        assert anew.contradicted > before.contradicted or anew.facts[name] is None
    else:
        assert {key: item for key, item in followed.items() if item is not None} == {
            key: item for key, item in anew.facts.items() if item is not None
        }


@given(known)
def test_what_is_inferred_retains_what_was_given_or_makes_it_unknown(some):
    found = BOOK.infer(some, DAY)
    for name, value in some.items():
        if value is not None:
            assert found.facts[name] in (value, None)
            assert (found.facts[name] is None) == (name in found.contradicted)


ROW = """
implications:
  - id: row
    when: {fact: livestock, is: true}
    sets: {tourism: false}
    effective_from: 2021-01-01
    checked_on: 2026-11-23
    paraphrase: {zh: 意思, en: Meaning}
    citations: [{law: gd_water, article: "21"}]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sets: {tourism: false}", "sets: {tourisme: false}"),
        ("sets: {tourism: false}", "sets: {tourism: perhaps}"),
        ("sets: {tourism: false}", "sets: {}"),
        ("sets: {tourism: false}", "sets: {national_major_project: true}"),
        ("sets: {tourism: false}", "computes: {tourism: {of: livestock_head, times: 1, per: 1}}"),
        ("sets: {tourism: false}", "computes: {livestock_head: {of: livestock_head, times: 1, per: 0}}"),
        ('    citations: [{law: gd_water, article: "21"}]\n', ""),
        ('article: "21"', 'article: "210"'),
        ("when: {fact: livestock, is: true}", "when: {fact: industry_code, is: C9999}"),
        ("effective_from: 2021-01-01", "effective_from: soon"),
        ("implications:", "rows:"),
    ],
)
def test_what_is_no_row_is_refused_by_file(tmp_path, old, new):
    for name in ("facts.yaml", "laws.yaml"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    shutil.copytree(SHIPPED / "rules", tmp_path / "rules")
    (tmp_path / "implications").mkdir()
    (tmp_path / "implications" / "mine.yaml").write_text(ROW, encoding="utf-8")
    (row,) = Rulebook.load(tmp_path).implications
    assert row.sets == {"tourism": False}
    assert old in ROW
    (tmp_path / "implications" / "mine.yaml").write_text(ROW.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RuleError, match=r"mine\.yaml"):
        Rulebook.load(tmp_path)
