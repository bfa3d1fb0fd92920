"""The questions of every demo site: each answer, given, leads where it was foretold; no smaller list closes as much."""

from itertools import combinations, product
from pathlib import Path

import geopandas as gpd
import pytest
import yaml

from lianzhou_gis.formats import read_sites
from lianzhou_gis.screening import screen

LAYERS = Path(__file__).parents[2] / "layers"
SITES = LAYERS / "demo" / "sites" / "sites.gpkg"
GIVEN = yaml.safe_load((LAYERS / "demo" / "sites" / "facts.yaml").read_text(encoding="utf-8"))
# A project of which only little is known is asked much.
LITTLE = {"all": {"livestock": False, "is_linear": False}, "sites": {}}


@pytest.fixture(scope="module", params=[(GIVEN, "2026-11-23"), (LITTLE, "2026-08-14")], ids=["facts", "little"])
def asked(request):
    facts, day = request.param
    return facts, day, screen(read_sites(SITES), LAYERS / "layers.yaml", facts=facts, as_of=day)


def again(answers, facts, day):
    """Screen copies of demo sites, each with an answer more: ``(site_id, answer)``."""
    table = read_sites(SITES).table.set_index("site_id", drop=False)
    frame = gpd.GeoDataFrame(table.loc[[site_id for site_id, _ in answers]], crs="EPSG:4490").reset_index(drop=True)
    retained = ["geometry", "outfall", "accuracy_m", "corridor_width_m", "survey_crs", "town"]
    frame = frame[[name for name in retained if name in frame]]
    frame.insert(0, "site_id", [f"C{number}" for number in range(len(answers))])
    known = {
        f"C{number}": {**facts["all"], **facts["sites"].get(site_id, {}), **answer}
        for number, (site_id, answer) in enumerate(answers)
    }
    result = screen(frame, LAYERS / "layers.yaml", facts={"sites": known}, as_of=day)
    rows = result.sites.set_index("site_id")
    open_points = result.gaps[result.gaps["facts"].map(bool)].groupby("site_id").size()
    for number in range(len(answers)):
        row = rows.loc[f"C{number}"]
        yield row["verdict"], row["worst_possible"], int(open_points.get(f"C{number}", 0))


def test_every_answer_at_every_demo_site_moves_the_verdict_as_foretold(asked):
    facts, day, result = asked
    replies = [
        (question.site_id, reply)
        for question in result.questions
        for reply in question.replies
        if not reply.contradicts
    ]
    assert len(replies) > 20
    before = result.gaps[result.gaps["facts"].map(bool)].groupby("site_id").size()
    asking = result.gaps[result.gaps["facts"].map(bool)]
    beyond = set(asking[~asking["reason"].isin(["missing_fact", "access_undecided"])]["site_id"])
    assert {site_id for site_id, _ in replies} - beyond
    answers = [(site_id, dict(reply.sets)) for site_id, reply in replies]
    for (site_id, reply), (verdict, worst, left) in zip(replies, again(answers, facts, day), strict=True):
        assert (verdict, worst) == (reply.verdict, reply.worst_possible), (site_id, reply)
        # What hangs on facts beyond the coverage is no longer asked once it is known to bear, and stays a gap.
        assert site_id in beyond or before[site_id] - left == reply.settles, (site_id, reply)


def test_no_smaller_list_of_questions_closes_as_much(asked):
    """All smaller sets of the questions of a site are tried, with all their answers, where they are few enough."""
    _, _, result = asked
    planner, tried = result.assessment.planner, 0
    facts_of = dict(zip(result.assessment.answers, result.assessment.evaluation.facts, strict=True))
    for site_id, points in result.assessment.points.items():
        own = [question for question in result.questions if question.site_id == site_id]
        short = [question for question in own if question.place is not None]
        if not 2 <= len(short) <= 4 or any(not question.replies for question in own):
            continue
        known = facts_of[site_id]
        follow = planner._rulebook.implied_on(planner._day).follow
        contradicted = result.assessment.contradicted.get(site_id, frozenset())

        def parsed(reply):
            return {name: result.rulebook.facts.parse(name, raw, "test")[0] for name, raw in reply.sets.items()}

        def closed(sets, known=known, points=points, follow=follow, contradicted=contradicted):
            facts = follow(known, sets, contradicted)
            return -1 if facts is None else sum(point.value(facts) is not None for point in points)

        suggested = {}
        for question in short:
            suggested |= next(parsed(reply) for reply in question.replies if reply.value == question.suggested)
        wanted = closed(suggested)
        for fewer in combinations(own, len(short) - 1):
            tried += 1
            for answers in product(*(map(parsed, question.replies) for question in fewer)):
                assert closed({key: value for sets in answers for key, value in sets.items()}) < wanted, site_id
    assert tried or result.questions
