"""Wordings of access lists against answers written by hand: most are decided, none wrongly."""

from pathlib import Path

import pytest
import yaml

from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.rulebook.access_phrases import decide_wording, plain_wording
from lianzhou_gis.rulebook.parser import condition_of

TEXTS = yaml.safe_load(Path(__file__).with_name("access_texts.yaml").read_text(encoding="utf-8"))
BOOK = Rulebook.load()


def facts_of(project):
    code, nature, *more = project.split("/", 2)
    facts = {"industry_code": (code,), "construction_nature": nature, "project_type": "other_type"}
    for pair in more[0].split(",") if more else ():
        name, value = pair.split("=")
        facts[name] = BOOK.facts.parse(name, value, project)[0]
    return facts


def outcome(tree, project):
    text = yaml.safe_dump(tree, allow_unicode=True).replace("fact: access_item\n", "fact: access_item.X\n")
    condition = condition_of(yaml.safe_load(text), BOOK.facts, "X")
    found = condition.evaluate(facts_of(project))
    if found.value is None:
        assert found.missing == {"access_item.X"}, (project, found.missing)
        return "ask"
    return "yes" if found.value else "no"


@pytest.mark.parametrize("row", TEXTS, ids=[row["text"] for row in TEXTS])
def test_a_wording_decides_as_it_reads(row):
    found = decide_wording(row["text"])
    assert found.outcome == row["outcome"], found
    assert list(found.themes) == row.get("themes", [])
    for expected in ("yes", "no", "ask"):
        for project in row.get(expected, ()):
            assert outcome(found.when, project) == expected, project


def test_of_a_realistic_list_four_fifths_are_decided():
    assert len({plain_wording(row["text"]) for row in TEXTS}) == len(TEXTS) > 50
    total = sum(row["count"] for row in TEXTS)
    decided = sum(row["count"] for row in TEXTS if decide_wording(row["text"]).outcome != "undecided")
    assert 250 <= total <= 320 and decided / total >= 0.8, (decided, total)


def test_what_reads_like_a_known_text_and_is_none_stays_undecided():
    for text in (
        "禁止新建化工项目以外的项目",
        "禁止新建非化工项目",
        "禁止新建化工项目的配套设施",
        "除化工外禁止新建造纸项目",
        "2027年前禁止新建造纸项目",
        "距居民区100米内禁止新建造纸项目",
        "禁止新建造纸等项目",
        "生态保护红线外按照规定管理",
        "",
    ):
        assert decide_wording(text).outcome == "undecided", text
