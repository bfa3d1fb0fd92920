"""Every sentence of the plan on where or what may be built, and every article on siting, has a rule or says why not."""

from pathlib import Path

import pytest
import yaml

from lianzhou_gis.rulebook import Rulebook

BOOK = Rulebook.load()
TOLD = yaml.safe_load((Path(__file__).parent / "plan_sentences.yaml").read_text(encoding="utf-8"))
IDS = {rule.id for rule in BOOK.rules}
CITED = {}
for _row in [*(version for rule in BOOK.rules for version in rule.versions), *BOOK.implications]:
    for _citation in _row.citations:
        CITED.setdefault(_citation.law, set()).add(_citation.article.partition("(")[0] or _citation.article)


@pytest.mark.parametrize("sentence", TOLD["sentences"], ids=lambda item: f"{item['chapter']} {item['says']}")
def test_a_sentence_has_a_rule_or_states_why_not(sentence):
    assert set(sentence) in ({"chapter", "line", "says", "rules"}, {"chapter", "line", "says", "none"})
    assert set(sentence.get("rules", ())) <= IDS
    assert sentence.get("rules") or sentence.get("none")


def test_every_rule_on_the_plan_is_reported_with_its_chapter():
    """What cites the plan stands in the list, under a chapter that the rule cites."""
    chapters = {}
    for sentence in TOLD["sentences"]:
        for rule_id in sentence.get("rules", ()):
            chapters.setdefault(rule_id, set()).add(sentence["chapter"])
    for rule in BOOK.rules:
        cited = {item.article for version in rule.versions for item in version.citations if item.law == "lz_plan_14"}
        if cited:
            assert cited & chapters.get(rule.id, set()), (rule.id, cited, chapters.get(rule.id))


def test_the_chapters_go_from_the_third_to_the_seventh_in_order():
    order = {numeral: number for number, numeral in enumerate("一二三四五六七八", start=1)}
    places = [tuple(order[part] for part in sentence["chapter"].split(".")) for sentence in TOLD["sentences"]]
    assert places == sorted(places)
    assert {place[0] for place in places} == {3, 4, 5, 6, 7}
    lines = [sentence["line"] for sentence in TOLD["sentences"]]
    assert lines == sorted(lines)


@pytest.mark.parametrize("law", TOLD["articles"])
def test_every_article_on_siting_is_cited(law):
    assert [article for article in TOLD["articles"][law] if str(article) not in CITED[law]] == []


def test_articles_without_a_rule_state_why_and_really_have_none():
    for law, articles in TOLD["articles_without_rule"].items():
        for article, why in articles.items():
            assert why and str(article) not in CITED[law] and article not in TOLD["articles"][law], (law, article)
