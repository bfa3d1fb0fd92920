"""Law texts against the rulebook: what changed, vanished or is new, and which words no rule covers."""

import json
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from lianzhou_gis.cli import main
from lianzhou_gis.errors import MissingFileError, RuleError
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.rulebook.authoring.law_texts import article_hash, match_law, read_law_texts
from lianzhou_gis.rulebook.authoring.review_log import Review, add_review, read_reviews
from lianzhou_gis.rulebook.authoring.rulebook_diff import diff_rulebooks
from lianzhou_gis.rulebook.authoring.text_comparison import anchors_as_yaml, compare_texts, read_anchors
from lianzhou_gis.rulebook.files import SHIPPED

# Words of our own: no law stands in the tests either.
TEXT = """# 示例水条例

第一条 为了示例。

第四十四条 禁止在甲区内新建、改建、扩建无关项目。

除甲、乙外，经市政府批准的除外。

第四十四条之一　插入的条文。

第四十五条 有关部门应当公布，依照第三条规定执行。
"""
FACTS = """livestock: {type: yes_no, zh: 养殖, en: livestock, question: {zh: 问？, en: ask}}
construction_nature:
  {type: choice, choices: {new: {zh: 新建, en: new}, old: {zh: 旧, en: old}}, zh: 性质, en: nature,
   question: {zh: 问？, en: ask}}
"""
LAWS = """water: {title: {zh: 示例水条例, en: Water}, issuer: {zh: 甲, en: A}, link: null, effective_from: 2021-01-01,
  effective_to: null, articles: 60, text: 2021-09-29}
"""
RULE = """defaults: {everywhere: true, checked_on: 2026-11-30, authority: {zh: 甲, en: A}}
rules:
  - id: one
    title: {zh: 一, en: one}
    effect: prohibited
    when: {fact: livestock, is: true}
    action: {zh: 做, en: do}
    versions:
      - effective_from: 2021-01-01
        paraphrase: {zh: 意, en: meaning}
        citations: [{law: water, article: "44(1)"}, {law: water, article: "45"}]
"""


@pytest.fixture
def book(tmp_path):
    folder = tmp_path / "book"
    (folder / "rules").mkdir(parents=True)
    for name, text in (("facts.yaml", FACTS), ("laws.yaml", LAWS), ("rules/one.yaml", RULE)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "示例水条例(2021-09-29).md").write_text(TEXT, encoding="utf-8")
    return folder


def anchored(book, texts):
    rules = Rulebook.load(book)
    (book / "anchors.yaml").write_text(anchors_as_yaml(rules, texts, "分局", date(2026, 11, 30)), encoding="utf-8")
    return rules


def kinds(rules, texts):
    return {(item.kind, item.article, item.word) for item in compare_texts(rules, texts)}


def test_articles_are_read_by_number_with_all_their_paragraphs(texts):
    (text,) = read_law_texts(texts)
    assert (text.title, text.edition) == ("示例水条例", date(2021, 9, 29))
    assert list(text.articles) == ["1", "44", "44-1", "45"]
    assert text.articles["44"].count("\n") == 1


def test_what_nobody_read_is_stated_and_anchors_end_it(book, texts):
    rules = Rulebook.load(book)
    assert {kind for kind, *_ in kinds(rules, texts)} == {"not_read", "word_uncovered"}
    rules = anchored(book, texts)
    assert {kind for kind, *_ in kinds(rules, texts)} == {"word_uncovered", "new"}
    anchor = read_anchors(rules)["water", "44"]
    assert (anchor.checked_by, anchor.edition, anchor.last) == ("分局", date(2021, 9, 29), 45)


def test_a_word_is_covered_by_a_condition_on_it(book, texts):
    rules = anchored(book, texts)
    assert ("word_uncovered", "44", "新建") in kinds(rules, texts)
    nature = RULE.replace("{fact: livestock, is: true}", "{fact: construction_nature, is: new}")
    (book / "rules/one.yaml").write_text(nature, encoding="utf-8")
    assert ("word_uncovered", "44", "新建") not in kinds(Rulebook.load(book), texts)


@pytest.mark.parametrize(
    ("old", "new", "kind", "article"),
    [
        ("无关项目", "任何项目", "changed", "44"),
        ("第四十五条 ", "第四十六条 ", "vanished", "45"),
        ("第四十五条 有关", "第四十六条 禁止一切。\n\n第四十五条 有关", "new", "46"),
    ],
)
def test_a_changed_text_is_noticed_with_the_rules_that_rest_on_it(book, texts, old, new, kind, article):
    rules = anchored(book, texts)
    path = next(texts.iterdir())
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    (found,) = (item for item in compare_texts(rules, texts) if (item.kind, item.article) == (kind, article))
    assert found.rules == (() if kind == "new" else ("one",))


def test_spaces_and_widths_change_nothing(book, texts):
    rules = anchored(book, texts)
    next(texts.iterdir()).write_text(TEXT.replace("、", " 、　"), encoding="utf-8")
    assert "changed" not in {kind for kind, *_ in kinds(rules, texts)}
    assert article_hash("禁止（一）") == article_hash("禁止(一)")


def test_a_law_without_a_text_is_named(book, texts):
    path = next(texts.iterdir())
    path.rename(texts / "别的条例(2021-09-29).md")
    path = next(texts.iterdir())
    path.write_text(TEXT.replace("示例水条例", "别的条例"), encoding="utf-8")
    assert kinds(Rulebook.load(book), texts) == {("no_text", "", "")}
    with pytest.raises(MissingFileError):
        read_law_texts(texts / "none")


def test_an_edition_of_before_is_not_taken_for_a_revised_law(texts):
    laws = Rulebook.load().laws
    old = texts / "自然保护区条例(2017-10-07).md"
    old.write_text("# 中华人民共和国自然保护区条例\n\n第一条 示例。\n", encoding="utf-8")
    read = read_law_texts(texts)
    assert match_law(laws["reserve_regulation_1994"], read).path == old
    assert match_law(laws["reserve_regulation_2026"], read) is None


def test_every_article_of_a_law_at_hand_that_the_shipped_rules_cite_is_anchored():
    book = Rulebook.load()
    anchors = read_anchors(book)
    for rule in book.rules:
        for version in rule.versions:
            for citation in version.citations:
                number = citation.article.partition("(")[0]
                if book.laws[citation.law].text is not None and number.isdigit():
                    assert (citation.law, number) in anchors, (rule.id, citation.law, number)
    assert all(anchor.checked_on <= date(2026, 12, 31) for anchor in anchors.values())


def test_two_rulebooks_are_reported_apart_by_version_and_field(book, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(book, other)
    text = RULE.replace("effect: prohibited", "effect: procedure_required")
    (other / "rules/one.yaml").write_text(text, encoding="utf-8")
    (change,) = diff_rulebooks(Rulebook.load(book), Rulebook.load(other))
    assert (change.kind, change.what, change.id) == ("changed", "version", "one@2021-01-01")
    assert {name for name, *_ in change.fields} == {"effect", "worst"}
    done = CliRunner().invoke(main, ["rules", "diff", str(book), str(other), "--json"])
    assert json.loads(done.stdout)[0]["id"] == "one@2021-01-01"


def test_reviews_are_added_and_listed(book):
    add_review(Rulebook.load(book), Review("one", date(2021, 1, 1), "法规科", date(2026, 11, 30), "与原文一致"))
    (review,) = read_reviews(Rulebook.load(book))
    assert (review.by, review.remark) == ("法规科", "与原文一致")
    with pytest.raises(RuleError):
        add_review(Rulebook.load(book), Review("one", date(2022, 1, 1), "法规科", date(2026, 11, 30), ""))
    done = CliRunner().invoke(main, ["rules", "log", "one", "--rules", str(book)])
    assert "法规科" in done.stdout and done.exit_code == 0


def test_the_commands_answer_for_the_shipped_rulebook(texts):
    done = CliRunner().invoke(main, ["rules", "texts", str(texts), "--json"])
    assert {item["kind"] for item in json.loads(done.stdout)} == {"no_text"}
    assert (SHIPPED / "anchors.yaml").is_file()
