"""What is generated of the rulebook: pages, matrix, cards, wording; what is committed is what is written now."""

import csv
import io
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from lianzhou_gis.rulebook import Rulebook, read_cases
from lianzhou_gis.rulebook.authoring.matrix import SIGNS, Matrix, Place
from lianzhou_gis.rulebook.authoring.matrix_page import matrix_page
from lianzhou_gis.rulebook.authoring.matrix_workbook import write_xlsx
from lianzhou_gis.rulebook.authoring.page_parts import table
from lianzhou_gis.rulebook.authoring.pages import pages_of, write_pages
from lianzhou_gis.rulebook.card import card
from lianzhou_gis.rulebook.wording import condition_in_words, place_in_words, time_in_words
from lianzhou_gis.vocabulary import DISCLAIMER, Effect, themes

BOOK = Rulebook.load()
COMMITTED = Path(__file__).parents[3] / "docs" / "rulebook"
MATRIX = Matrix(BOOK)
OLD, NEW = MATRIX.kinds.states
WHARF = {"fact": "wharf", "is": True}
KINDS = {kind.id: kind for kind in MATRIX.kinds.types}


def test_what_is_committed_is_what_is_written_now(tmp_path):
    written = write_pages(BOOK, tmp_path)
    assert sorted(path.name for path in COMMITTED.iterdir()) == sorted(path.name for path in written)
    stale = [path.name for path in written if (COMMITTED / path.name).read_bytes() != path.read_bytes()]
    assert stale == [], "run: lianzhou-gis rules docs"


def test_pages_are_small_and_state_what_they_are():
    for name, text in pages_of(BOOK).items():
        assert len(text.encode()) < 80_000, name
        assert DISCLAIMER["zh"] in text and re.match(r"# .+（.+）\n", text), name


def test_every_theme_law_and_kind_of_project_has_its_page_and_is_in_the_index():
    pages = pages_of(BOOK)
    cited = {item.law for rule in BOOK.rules for version in rule.versions for item in version.citations}
    wanted = {f"theme-{name}" for name in themes()} | {f"law-{law}" for law in cited}
    wanted |= {f"project-{kind}" for kind in KINDS} | {"matrix", "coverage", "facts"}
    index = pages["index.md"]
    for name in wanted:
        assert f"{name}.md" in pages
        assert f"\n{name}\n" in index
    for rule in BOOK.rules:
        assert sum(f"`{rule.id}`" in text for name, text in pages.items() if name.startswith("theme-")) == 1, rule.id


def test_a_page_that_is_no_more_is_removed_and_one_that_was_written_by_hand_is_retained(tmp_path):
    write_pages(BOOK, tmp_path)
    (tmp_path / "theme-gone.md").write_text((tmp_path / "matrix.md").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "own.md").write_text("# mine\n", encoding="utf-8")
    write_pages(BOOK, tmp_path)
    assert not (tmp_path / "theme-gone.md").exists()
    assert (tmp_path / "own.md").exists()


def test_the_table_of_proofs_has_a_row_for_every_version_and_article():
    rows = list(csv.DictReader(io.StringIO((COMMITTED / "coverage.csv").read_text(encoding="utf-8-sig"))))
    wanted = {
        (rule.id, str(version.effective_from), item.law, item.article)
        for rule in BOOK.rules
        for version in rule.versions
        for item in version.citations
    }
    assert {(row["rule"], row["from"], row["law"], row["article"]) for row in rows} == wanted
    assert all(int(row["hits"]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("place", "kind", "old", "new"),
    [
        (Place("livestock_prohibited_zone", "no_farms", "overlap"), "pig_farm", "禁", "禁"),
        (Place("water_source_zone", "secondary", "overlap"), "tourism", "禁", "禁"),
        (Place("water_source_zone", "secondary", "overlap"), "warehouse", "程", "程"),
        (Place("water_source_zone", "primary", "overlap"), "power_line", "论", "论"),
        (Place("contaminated_plot", "listed", "overlap"), "housing", "禁", "禁"),
        (Place("contaminated_plot", "suspected", "overlap"), "warehouse", "示?程", "示?禁"),
        (Place("karst_strong", None, "overlap"), "filling_station", "禁", "禁"),
        (Place("water_function", "II", "within", "outfall"), "sewage_plant", "禁", "禁"),
        (Place("receptor", "school", "overlap"), "warehouse", "示", "示"),
    ],
)
def test_cells_of_the_matrix_by_hand(place, kind, old, new):
    assert MATRIX.cell(place, KINDS[kind], OLD).sign == old
    assert MATRIX.cell(place, KINDS[kind], NEW).sign == new


def test_no_cell_is_milder_than_a_rule_that_is_known_to_apply():
    order = list(Effect)
    for place in MATRIX.places():
        for kind in KINDS.values():
            cell = MATRIX.cell(place, kind, NEW)
            for rule_id, known in cell.rules:
                version = BOOK.rule(rule_id).version(NEW)
                if known and not version.unverified:
                    assert order.index(cell.proven) <= order.index(version.effect), (place, kind.id, rule_id)
            if cell.proven is not None:
                assert order.index(cell.possible) <= order.index(cell.proven)


def test_the_page_of_the_matrix_has_every_place_and_no_script():
    page = matrix_page(MATRIX, "matrix.xlsx")
    assert "<script" not in page
    assert page.count("<thead>") == 1 and page.count('<th title="') >= len(KINDS)
    for kind in themes().values():
        rows = [place for place in MATRIX.places() if place.theme == kind.id]
        assert not rows or kind.label["zh"] in page
    assert all(sign in page for sign in SIGNS.values())


def test_the_workbook_is_one_page_and_the_same_bytes_every_time(tmp_path):
    write_xlsx(MATRIX, tmp_path / "a.xlsx")
    write_xlsx(MATRIX, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    heads = [cell.value for cell in sheet[2]][1:]
    assert heads == [kind.title["zh"] for kind in KINDS.values()]
    rows = {row[0].value: [cell.value for cell in row[1:]] for row in sheet.iter_rows(min_row=3)}
    place = Place("water_source_zone", "secondary", "overlap")
    assert rows[place.words["zh"]] == [MATRIX.text(place, kind) for kind in KINDS.values()]
    # One page each way is what a workbook means where it names no number.
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, None)


def test_a_prefix_registered_for_xml_by_another_library_leaves_the_workbook_as_it_is(tmp_path, monkeypatch):
    write_xlsx(MATRIX, tmp_path / "a.xlsx")
    monkeypatch.setitem(ElementTree._namespace_map, "http://purl.org/dc/terms/", "dct")
    write_xlsx(MATRIX, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_card_names_everything_that_a_lawyer_asks_for(rule):
    cases = [case for case in read_cases(BOOK) if case.rule == rule.id] if rule.id.startswith("karst") else []
    for lang in ("zh", "en"):
        text = card(rule, cases, BOOK, lang)
        for version in rule.versions:
            assert version.paraphrase[lang] in text and version.action[lang] in text and version.authority[lang] in text
            assert str(version.effective_from) in text
            for citation in version.citations:
                assert citation.text(lang) in text and citation.issuer[lang] in text
        for case in cases:
            assert case.name in text


@pytest.mark.parametrize(
    ("tree", "zh", "en"),
    [
        (None, "不论何种项目", "whatever the project"),
        ({"fact": "livestock", "is": True}, "畜禽养殖：是", "livestock: yes"),
        ({"not": {"fact": "livestock", "is": True}}, "并非（畜禽养殖：是）", "not (livestock: yes)"),
        (
            {"all": [{"fact": "noise", "is": True}, {"any": [WHARF, {"fact": "quarry", "is": False}]}]},
            "产生噪声的工业企业：是，且（码头、装卸站：是，或采石、采砂、取土：否）",
            None,
        ),
        ({"fact": "industry_code", "in": ["A0313"]}, "行业代码属于 A0313 猪的饲养", None),
    ],
)  # fmt: skip
def test_conditions_in_words(tree, zh, en):
    from lianzhou_gis.rulebook.parser import condition_of

    read = condition_of(tree, BOOK.facts, "test")
    assert condition_in_words(read, BOOK.facts, "zh") == zh
    if en is not None:
        assert condition_in_words(read, BOOK.facts, "en") == en


@pytest.mark.parametrize(
    ("rule_id", "words"),
    [
        ("source.primary_unrelated", "占用饮用水水源保护区（一级保护区）"),
        ("receptor.waste_distance", "敏感目标 1000 米以内"),
        ("source.outfall", "排污口位于饮用水水源保护区（一级保护区、二级保护区）"),
        ("park.industry_outside", "未全部位于工业园区之内"),
        ("general.eia", "不限地点，依项目信息判断"),
        ("function.named_waters_plan", None),
    ],
)
def test_places_in_words(rule_id, words):
    version = BOOK.rule(rule_id).version(date(2026, 11, 23))
    stated = place_in_words(version, "zh")
    assert stated == words if words else all(name in stated for name in version.named)
    assert time_in_words(version, "zh").startswith(str(version.effective_from))


def test_a_table_cannot_be_broken_by_what_is_in_it():
    assert table(["甲"], [("一|二\n三",)]).splitlines()[-1] == "| 一｜二<br>三 |"


def test_every_fact_has_label_unit_and_help_in_both_languages():
    for fact in BOOK.facts:
        for text in (fact.label, fact.question, fact.help):
            assert text is not None and text["zh"].strip() and text["en"].strip(), fact.name
        assert fact.type != "number" or fact.unit, fact.name
        assert fact.help["zh"] in (COMMITTED / "facts.md").read_text(encoding="utf-8")
