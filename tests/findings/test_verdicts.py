"""From findings and gaps to the answer: what can never happen, and what is printed."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianzhou_gis.findings import Finding, Gap, answer_of
from lianzhou_gis.vocabulary import Effect, GapReason, Verdict

TEXT = {"zh": "文", "en": "text"}


def finding(effect, worst=None, *, doubtful=False):
    values = dict.fromkeys(field.name for field in dataclasses.fields(Finding))
    return Finding(**values | {"effect": Effect(effect), "worst": Effect(worst or effect), "doubtful": doubtful})


def gap(reason, worst="prohibited"):
    values = dict.fromkeys(field.name for field in dataclasses.fields(Gap))
    return Gap(**values | {"reason": GapReason(reason), "worst": Verdict(worst), "detail": TEXT, "facts": ()})


ORDER = list(Effect)
effects = st.sampled_from(ORDER)


def _ordered(one, two, doubtful):
    """A finding whose worst is at least as strict as its effect."""
    worst, effect = sorted((one, two), key=ORDER.index)
    return finding(effect, worst, doubtful=doubtful)


findings = st.lists(st.builds(_ordered, effects, effects, st.booleans()), max_size=6)
asked = st.builds(gap, st.sampled_from(["missing_fact", "access_undecided"]),
                  st.sampled_from(["prohibited", "procedure_required", "needs_judgement", "conditional"]))  # fmt: skip
other = st.builds(gap, st.sampled_from(["layer_missing", "outside_coverage", "no_rule", "invalid_geometry"]))
gaps = st.lists(st.one_of(asked, other), max_size=5)


@given(findings, gaps)
def test_what_is_open_is_never_milder_than_what_is_proven(some, unknown):
    stated = answer_of(some, unknown)
    assert not stated.verdict.stricter_than(stated.worst_possible)
    assert stated.complete == (not unknown)


@given(findings, st.lists(st.one_of(asked, other), min_size=1, max_size=5))
def test_with_a_gap_no_site_ever_reads_as_no_conflict(some, unknown):
    stated = answer_of(some, unknown)
    assert stated.verdict is not Verdict.NO_CONFLICT_FOUND
    assert "未发现" not in stated.label["zh"]
    assert "No conflict" not in stated.label["en"] and "No prohibition" not in stated.label["en"]


@given(findings, gaps, st.one_of(asked, other))
def test_one_more_unknown_never_makes_it_milder(some, unknown, more):
    before, after = answer_of(some, unknown), answer_of(some, [*unknown, more])
    assert not before.worst_possible.stricter_than(after.worst_possible)


@given(findings, gaps, findings)
def test_one_more_finding_never_makes_it_milder(some, unknown, more):
    before, after = answer_of(some, unknown), answer_of([*some, *more], unknown)
    assert not before.worst_possible.stricter_than(after.worst_possible)
    assert not before.verdict.stricter_than(after.verdict)


@given(findings, gaps)
def test_a_proven_prohibition_stays(some, unknown):
    stated = answer_of([*some, finding("prohibited")], unknown)
    assert stated.verdict is stated.worst_possible is Verdict.PROHIBITED


@pytest.mark.parametrize(
    ("some", "unknown", "verdict", "worst", "label"),
    [
        ([], [], "no_conflict_found", "no_conflict_found", "在已核查图层内未发现冲突"),
        (["notice", "notice"], [], "no_conflict_found", "no_conflict_found", "在已核查图层内未发现冲突"),
        (["prohibited"], [], "prohibited", "prohibited", "触及禁止性规定"),
        (["prohibited"], [("layer_missing", "prohibited")], "prohibited", "prohibited", "触及禁止性规定（核查不完整）"),
        (["procedure_required"], [("missing_fact", "prohibited")], "procedure_required", "prohibited",
         "须先履行法定程序（核查不完整，尚不能排除禁止）"),
        (["conditional"], [("missing_fact", "prohibited")], "needs_information", "prohibited",
         "待补充信息（可能触及禁止性规定）"),
        (["conditional"], [("missing_fact", "procedure_required")], "conditional", "procedure_required",
         "须落实管控要求（核查不完整，尚不能排除须先履行法定程序）"),
        (["conditional"], [("layer_empty", "prohibited")], "conditional", "prohibited",
         "须落实管控要求（核查不完整，尚不能排除禁止）"),
        ([], [("missing_fact", "prohibited")], "needs_information", "prohibited", "待补充信息（可能触及禁止性规定）"),
        (["notice"], [("missing_fact", "conditional")], "needs_information", "conditional",
         "待补充信息（可能：须落实管控要求）"),
        ([], [("layer_expired", "prohibited")], "not_assessed", "prohibited", "未核查"),
        ([], [("layer_expired", "prohibited"), ("missing_fact", "conditional")], "needs_information", "prohibited",
         "待补充信息（可能触及禁止性规定）"),
    ],
)  # fmt: skip
def test_what_is_printed(some, unknown, verdict, worst, label):
    stated = answer_of([finding(effect) for effect in some], [gap(*one) for one in unknown])
    assert (stated.verdict.value, stated.worst_possible.value, stated.label["zh"]) == (verdict, worst, label)


def test_a_site_in_zones_that_restrict_nothing_states_in_how_many():
    stated = answer_of([finding("notice")], [], zones=3)
    assert stated.label["zh"] == "未发现禁止或程序性要求（所在管控区 3 处，见附）"
    assert answer_of([finding("conditional")], [], zones=3).label["zh"] == "须落实管控要求"
    assert "管控区" not in answer_of([], [gap("layer_missing")], zones=3).label["zh"]


def test_a_doubtful_overlap_alone_states_so():
    stated = answer_of([finding("needs_judgement", "prohibited", doubtful=True)], [])
    assert stated.label["zh"] == "须由主管部门认定（重叠深度小于定位误差，须实测界址后认定）"
    both = answer_of([finding("needs_judgement", "prohibited", doubtful=True), finding("needs_judgement")], [])
    assert both.label["zh"] == "须由主管部门认定"
    assert both.worst_possible is Verdict.PROHIBITED
