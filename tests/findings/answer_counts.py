"""Interviews of an applicant who knows everything: how many answers, in how many rounds, settle a project at a place.

``python tests/findings/answer_counts.py`` writes the table of ``docs/questions.md`` anew.
"""

from datetime import date
from pathlib import Path

import geopandas as gpd
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.cli.answers import site_questionnaire
from lianzhou_gis.formats import FactsFile, read_sites
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.rulebook.project_types import read_project_types
from lianzhou_gis.screening import screen

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "questions.md"
DAY = date(2026, 11, 23)
PLACES = {
    "保安镇村边": (112.438, 24.872),
    "保安镇丘陵": (112.40, 24.85),
    "工业园内": (112.396, 24.7235),
    "丰阳镇": (112.2422, 25.00594),
    "连州镇城区": (112.3722, 24.8051),
}
HALF_DEGREE = 0.0004
OUTFALL = "112.40,24.80"
# What depends on the case and not on the type, as this applicant knows it.
CASE = {
    "soil_survey_done": False,
    "risk_assessment_done": False,
    "reach_below_standard": False,
    "solid_waste_route_secured": True,
    "in_high_pollution_catalogue": False,
    "against_industrial_policy": False,
    "national_major_project": False,
    "unavoidable_redline": False,
    "unavoidable_habitat": False,
    "reduction_source": False,
    "land_change": "change_of_use",
    "target_use": "other",
    "previous_use": "other",
    "outfall": OUTFALL,
}
MAX_ROUNDS = 8


class Applicant:
    """Answers what is asked from what is true of a type of project."""

    def __init__(self, truth):
        self.truth = truth
        self.answers = {}
        self.counts = []

    def answer(self, questions, vocabulary):
        """Answer one round; count every list, and every question asked by itself, as one answer."""
        given, count = {}, 0
        for one in questions.lists:
            count += 1
            for name in one.facts:
                absent = False if name.startswith("access_item.") else vocabulary.get(name).not_there()
                truth = self.truth.get(name, absent if name.startswith("access_item.") else None)
                # A choice that is there is asked for by itself.
                if truth == absent or isinstance(absent, bool):
                    given[name] = truth
        while left := questions.still_open(given):
            count += 1
            given[left[0]] = self.truth.get(left[0])
        unknown = sorted(name for name, value in given.items() if value is None)
        assert not unknown, f"no true answer to {unknown}"
        self.answers |= given
        self.counts.append(count)


def interviews(rulebook=None):
    """Return by type and place: the answers of each round, and the final answer."""
    rulebook = rulebook or Rulebook.load()
    kinds = read_project_types(rulebook)
    rows, applicants = [], {}
    for kind in kinds.types:
        known = {name: value for name, value in kinds.facts_of(kind, rulebook, DAY).items() if value is not None}
        for place, (x, y) in PLACES.items():
            shape = shapely.box(x - HALF_DEGREE, y - HALF_DEGREE, x + HALF_DEGREE, y + HALF_DEGREE)
            width = None
            if known.get("is_linear"):
                shape, width = shapely.LineString([(x - HALF_DEGREE, y), (x + HALF_DEGREE, y)]), 20.0
            site_id = f"{kind.id}@{place}"
            rows.append((site_id, width, shape))
            applicants[site_id] = Applicant({**CASE, **known})
    table = {"site_id": [row[0] for row in rows], "accuracy_m": 0.5, "corridor_width_m": [row[1] for row in rows]}
    frame = gpd.GeoDataFrame(table, geometry=[row[2] for row in rows], crs="EPSG:4490")
    sites, catalog = read_sites(frame), Catalog.open(ROOT / "layers" / "layers.yaml")
    for _ in range(MAX_ROUNDS):
        facts = FactsFile({}, {name: one.answers for name, one in applicants.items()}, "answers")
        result = screen(sites, catalog, rulebook, facts=facts, as_of=DAY)
        asked = False
        for site_id, applicant in applicants.items():
            questions = site_questionnaire(result, site_id)
            if questions:
                asked = True
                applicant.answer(questions, rulebook.facts)
        if not asked:
            break
    return kinds, {name: (tuple(one.counts), result.assessment.answers[name]) for name, one in applicants.items()}


def table(kinds, found):
    """Return the table of the page: answers and rounds of each type at each place, and the verdict."""
    lines = [
        "| 项目类型 | " + " | ".join(PLACES) + " | 最多 |",
        "|---" * (len(PLACES) + 2) + "|",
    ]
    for kind in kinds.types:
        own = [found[f"{kind.id}@{place}"] for place in PLACES]
        cells = [f"{sum(counts)} 项 / {len(counts)} 轮，{answer.label['zh']}" for counts, answer in own]
        most = f"{max(sum(counts) for counts, _ in own)} / {max(len(counts) for counts, _ in own)}"
        lines.append(f"| {kind.title['zh']} | " + " | ".join(cells) + f" | {most} |")
    return "\n".join(lines)


if __name__ == "__main__":
    head = PAGE.read_text(encoding="utf-8").split("\n| 项目类型", 1)[0]
    PAGE.write_text(f"{head}\n{table(*interviews())}\n", encoding="utf-8")
