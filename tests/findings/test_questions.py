"""What is asked: answering moves the verdict as foretold, and the short list closes every open point."""

import dataclasses
from datetime import date

import geopandas as gpd
import pytest
import shapely

from lianzhou_gis.findings import questions
from lianzhou_gis.findings.decisions import FactSet, OpenPoint
from lianzhou_gis.findings.questions import QuestionKey
from lianzhou_gis.findings.verdicts import Tally
from lianzhou_gis.rulebook import Rulebook, Test
from lianzhou_gis.vocabulary import Effect, Verdict

PLACE = (112.45, 24.88)


def drawn(county, square, **facts):
    county.add("water_source_zone", square(*PLACE, 900), grade="secondary")
    county.add("ecological_redline", shapely.box(112.45, 24.87, 112.46, 24.89), grade="general")
    county.add("karst_strong", square(*PLACE, 3000))
    county.item("DEMO-2", kind="prohibited", industries="C26;C31", text="禁止新建化工、钢铁（示例）")
    county.item("DEMO-3", kind="restricted", text="限制开发强度过大的项目（示例）")
    return county.screen(square(*PLACE, 200), {**BASE, **facts})


BASE = {"target_use": "industrial", "livestock": False}


def again(county, square, answers, **facts):
    """Screen the same site once for each set of answers, as so many sites."""
    ids = [f"S{number}" for number in range(len(answers))]
    shapes = [square(*PLACE, 200)] * len(ids)
    sites = gpd.GeoDataFrame({"site_id": ids, "accuracy_m": 0.5}, geometry=shapes, crs="EPSG:4490")
    facts = {"all": {**BASE, **facts}, "sites": dict(zip(ids, answers, strict=True))}
    result = county.screen(sites, facts)
    verdicts = result.sites.set_index("site_id")
    for site_id in ids:
        row = verdicts.loc[site_id]
        yield (row["verdict"], row["worst_possible"]), open_points(result.gaps[result.gaps["site_id"] == site_id])


def open_points(gaps):
    return sum(bool(facts) for facts in gaps["facts"])


# Of a residential project much is not asked that an answer to something else can bring up.
@pytest.mark.parametrize("use", ["industrial", "residential", "commercial"])
def test_answering_moves_the_verdict_as_foretold(county, square, use):
    result = drawn(county, square, target_use=use)
    replies = [reply for question in result.questions for reply in question.replies if not reply.contradicts]
    assert len(result.questions) > 15 and len(replies) > 40
    before = open_points(result.gaps)
    answered = again(county, square, [item.sets for item in replies], target_use=use)
    for reply, (verdict, left) in zip(replies, answered, strict=True):
        assert verdict == (reply.verdict, reply.worst_possible), reply
        assert before - left == reply.settles, reply
    assert len({reply.verdict for reply in replies}) > 2


def test_the_short_list_closes_all_but_what_its_answers_open(county, square):
    result = drawn(county, square)
    short = sorted((item for item in result.questions if item.place), key=lambda item: item.place)
    assert [item.place for item in short] == list(range(1, len(short) + 1))
    assert 0 < len(short) < len(result.questions) / 2
    sets = {}
    for question in short:
        replies = {reply.value: reply for reply in question.replies}
        sets |= replies[question.suggested].sets if replies else {question.fact: "T9600"}
    ((_, left),) = again(county, square, [sets])
    # What remains are the points that these answers open themselves; they are asked in the next round.
    assert left < open_points(result.gaps) / 4


def test_those_that_settle_most_come_first(county, square):
    result = drawn(county, square)
    settles = [question.settles for question in result.questions]
    assert settles == sorted(settles, reverse=True)
    assert all(question.settles_always <= question.settles for question in result.questions)


def test_an_answer_against_what_is_known_is_stated_to_contradict(county, square):
    county.add("livestock_prohibited_zone", square(*PLACE, 900), grade="no_farms")
    result = county.screen(square(*PLACE, 200), {"industry_code": "A0313", "livestock": False})
    assert [issue.code for issue in result.issues if issue.code == "fact_contradicted"]
    replies = {reply.value: reply for item in result.questions if item.fact == "livestock" for reply in item.replies}
    assert replies["no"].contradicts and not replies["yes"].contradicts


def test_sites_with_the_same_questions_share_the_work(county, square, monkeypatch):
    counted = []
    plan = questions.QuestionPlanner._plan
    monkeypatch.setattr(questions.QuestionPlanner, "_plan", lambda self, key: counted.append(key) or plan(self, key))
    shapes = [square(112.40 + 0.01 * number, 24.90, 100) for number in range(4)]
    sites = gpd.GeoDataFrame({"site_id": list("ABCD"), "accuracy_m": 0.5}, geometry=shapes, crs="EPSG:4490")
    result = county.screen(sites)
    assert {question.site_id for question in result.questions} == set("ABCD")
    assert len(counted) == 1


def point(fact="livestock", worst="prohibited"):
    test = Test(fact, "is", True)
    return OpenPoint("rule", (fact,), test.evaluate, (test,), Effect(worst), Effect(worst), Verdict(worst), asks=True)


KNOWN = FactSet({"industry_code": ("A0313",)})
ONE, OTHER, LARGE = point(), point(worst="conditional"), point("livestock_large_scale")
CHANGED = {
    "facts": (QuestionKey(FactSet({}), frozenset(), (ONE,), Tally()), {"facts": KNOWN}),
    # That a farm is of large scale says that there is livestock, unless that is contradicted already.
    "contradicted": (
        QuestionKey(FactSet({}), frozenset(), (ONE, LARGE), Tally()),
        {"contradicted": frozenset({"livestock"})},
    ),
    "points": (QuestionKey(KNOWN, frozenset(), (ONE,), Tally()), {"points": (OTHER,)}),
    "settled": (
        QuestionKey(KNOWN, frozenset(), (OTHER,), Tally()),
        {"settled": Tally.from_finding(Effect.PROHIBITED, Effect.PROHIBITED)},
    ),
}


@pytest.mark.parametrize("name", [item.name for item in dataclasses.fields(QuestionKey)])
def test_every_element_of_the_key_of_questions_counts(name):
    key, change = CHANGED[name]
    planner = questions.QuestionPlanner(Rulebook.load(), date(2026, 11, 23))
    assert planner.questions("S", key) != planner.questions("S", dataclasses.replace(key, **change))
    assert planner.questions("S", key) == planner.questions("S", dataclasses.replace(key))
