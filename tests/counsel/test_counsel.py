"""Projects answered from the law texts before any was run: they gate a release of the rulebook.

A difference is settled in writing beside the case (``settled``): either the rule was wrong and was mended, or the
answer was, and the text says why.
"""

from pathlib import Path

import pytest
import shapely
import yaml

FOLDER = Path(__file__).parent
ORDINARY = yaml.safe_load((FOLDER.parent / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))
KEYS = {"name", "why", "day", "zones", "facts", "answer", "worst", "settled"}
AT, HALF, AROUND = (112.438, 24.872), 50, 400
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
]


def project_facts(case):
    """The ordinary warehouse with what the case says; what follows from a code is not said twice."""
    facts = {**ORDINARY, **case["facts"]}
    if "wastewater_route" in case["facts"]:
        facts.pop("wastewater_generated", None)
    if facts["wastewater_route"] == "surface_water":
        facts["new_outfall"] = case["facts"].get("new_outfall", False)
    return facts


@pytest.mark.parametrize("case", CASES)
def test_the_rulebook_answers_as_the_law_was_read(case, county, rectangle, moved):
    assert set(case) <= KEYS and case["why"]
    for number, zone in enumerate(case["zones"]):
        columns = {key: value for key, value in zone.items() if key not in ("theme", "east_m")}
        west = HALF + zone["east_m"] if "east_m" in zone else -AROUND
        shape = rectangle(*AT, west, -AROUND, AROUND + zone.get("east_m", 0) + HALF, AROUND)
        county.add(zone["theme"], shape, zone_id=f"DEMO-Z{number}", **columns)
    facts, columns = project_facts(case), {}
    shape = rectangle(*AT, -HALF, -HALF, HALF, HALF)
    if facts.get("is_linear"):
        shape = shapely.LineString([moved(*AT, -HALF, 0), moved(*AT, HALF, 0)])
        columns = {"corridor_width_m": [20.0]}
    result = county.screen(shape, facts, as_of=str(case["day"]), **columns)
    (row,) = result.sites.itertuples()
    found = dict(zip(result.findings["rule_id"], result.findings["effect"], strict=True))
    asked = sorted({fact for facts in result.gaps["facts"] for fact in facts})
    reported = (found, asked, sorted(set(result.gaps["reason"])))
    assert (row.verdict, row.worst_possible) == (case["answer"], case.get("worst", case["answer"])), reported


def test_there_are_enough_projects_in_both_states_of_the_law():
    cases = [parameter.values[0] for parameter in CASES]
    assert len(cases) >= 120
    assert len({case["name"] for case in cases}) == len(cases)
    assert {str(case["day"]) < "2026-08-15" for case in cases} == {True, False}
