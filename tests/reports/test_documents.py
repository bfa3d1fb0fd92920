"""Documents read again with libraries that did not write them: DOCX by its XML, PDF by pypdf, XLSX by calamine."""

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from lianzhou_gis.errors import FormatError
from lianzhou_gis.reports.api import FORMATS, ReportOptions, write_alternatives, write_reports
from lianzhou_gis.reports.particulars import Particulars
from lianzhou_gis.runs.seal import Alteration, short_seal
from lianzhou_gis.vocabulary import DISCLAIMER

for module in ("docx", "typst", "segno", "fontTools"):
    pytest.importorskip(module)
calamine = pytest.importorskip("python_calamine")
pypdf = pytest.importorskip("pypdf")

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TODAY = date(2026, 11, 24)
GIVEN = {
    "DEMO-A": Particulars(
        project_code="2026-441882-01-03-000001",
        applicant="某某公司（示例）",
        plot_code="4418820000001",
        survey_unit="某单位",
    )
}
OPTIONS = ReportOptions(particulars=GIVEN, today=TODAY)


def written(run, folder, **how):
    return {path.relative_to(folder).as_posix(): path for path in write_reports(run, folder, options=OPTIONS, **how)}


def docx_texts(path):
    """Text of the body, headers and footers, by part; and the East Asian fonts of all runs with text."""
    texts, fonts = {}, set()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.fullmatch(r"word/(document|header\d*|footer\d*)\.xml", name):
                root = ElementTree.fromstring(archive.read(name))
                texts[name] = "".join(item.text or "" for item in root.iter(f"{W}t"))
                for item in root.iter(f"{W}r"):
                    if item.find(f"{W}t") is not None:
                        fonts.add(item.find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia"))
    return texts, fonts


def pdf_pages(path):
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def squeezed(text):
    return re.sub(r"\s", "", text)


def sheet_rows(path, name):
    return calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


@pytest.fixture(scope="module")
def forms(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    return written(run, folder, formats=["docx", "pdf", "xlsx"])


def test_every_site_has_both_and_the_run_one_workbook(forms):
    assert set(forms) == {
        *(f"DEMO-{site}-初筛表.{kind}" for site in "ABC" for kind in ("docx", "pdf")), "初筛结果.xlsx",
    }  # fmt: skip


def test_the_form_is_one_page_that_answers(forms, run):
    record = run.document["sites"][0]
    for site in "ABC":
        first, second = pdf_pages(forms[f"DEMO-{site}-初筛表.pdf"])[:2]
        assert "申请人声明" in squeezed(first) and "审定" in squeezed(first)
        assert "附表一" in squeezed(second) and "附表一" not in squeezed(first).replace("见附表一", "")
    first = squeezed(pdf_pages(forms["DEMO-A-初筛表.pdf"])[0])
    for words in (
        "选址环境管控初筛表", "甲项目（示例）", "2026-441882-01-03-000001", "某某公司（示例）", record["label"]["zh"],
        "可能适用的最严结论", "触及禁止性规定", DISCLAIMER["zh"], run.document["run"]["id"], short_seal(run.document),
        "预筛", "演示数据", "内部资料", "受理编号：（由单位填写）",
    ):  # fmt: skip
        assert squeezed(words) in first, words
    area = f"{record['statutory_area_m2']:,.2f}"
    assert area in first


def test_nothing_states_approved_or_imitates_a_number_of_an_office(forms):
    for path in forms.values():
        if path.suffix == ".pdf":
            text = squeezed("".join(pdf_pages(path)))
            assert "受理编号：（由单位填写）" in text
            assert not re.search(r"(编号|文号)[：:]?[^（]{0,6}〔", text), path.name
            for word in ("审查通过", "合规", "准予", "有效期至", "符合要求"):
                assert word not in text, (path.name, word)


def test_every_page_is_marked(forms):
    for name in ("DEMO-A-初筛表.pdf", "DEMO-B-初筛表.pdf"):
        for page in pdf_pages(forms[name]):
            assert "预筛" in page and "演示数据" in page
            assert squeezed(DISCLAIMER["zh"]) in squeezed(page)


def test_docx_and_pdf_hold_the_same(forms):
    """One content model: what one file says, the other says, but for page numbers and substituted fonts."""
    for site in "AC":
        texts, fonts = docx_texts(forms[f"DEMO-{site}-初筛表.docx"])
        body = squeezed(texts["word/document.xml"])
        pdf = squeezed("".join(pdf_pages(forms[f"DEMO-{site}-初筛表.pdf"])))
        for words in re.findall(r"[\u4e00-\u9fff]{6,}", body):
            assert words[:6] in pdf, words
        assert {"仿宋", "黑体", "方正小标宋简体"} <= fonts and None not in fonts


def test_hostile_names_are_text_only(forms, run):
    name = run.document["sites"][2]["name"]
    assert name.startswith("=HYPERLINK")
    texts, _ = docx_texts(forms["DEMO-C-初筛表.docx"])
    assert name in texts["word/document.xml"]
    assert squeezed(name) in squeezed(pdf_pages(forms["DEMO-C-初筛表.pdf"])[0])
    rows = sheet_rows(forms["初筛结果.xlsx"], "项目")
    assert any(name in row for row in rows)
    with zipfile.ZipFile(forms["初筛结果.xlsx"]) as archive:
        assert not any(b"<f>" in archive.read(part) for part in archive.namelist())


def test_numbers_in_the_workbook_are_numbers(forms, run):
    rows = sheet_rows(forms["初筛结果.xlsx"], "项目")
    head = next(row for row in rows if row[0] == "项目编号")
    first = rows[rows.index(head) + 1]
    assert first[head.index("用地面积（m²）")] == run.document["sites"][0]["statutory_area_m2"]
    assert first[0] == "DEMO-A"
    matrix = sheet_rows(forms["初筛结果.xlsx"], "项目与主题")
    head = next(row for row in matrix if row[0] == "项目编号")
    cells = dict(zip(head, matrix[matrix.index(head) + 1], strict=True))
    assert cells["饮用水水源保护区"] == "禁止" and cells["自然保护区"] == "无"
    findings = sheet_rows(forms["初筛结果.xlsx"], "核查发现")
    restricting = sum(item["effect"] != "notice" for site in run.document["sites"] for item in site["findings"])
    assert sum(row[0].startswith("DEMO-") for row in findings) == restricting


def test_an_unproven_prohibition_has_no_colour(run):
    from lianzhou_gis.reports.site_maps import badge, verdict_range

    assert "stroke-dasharray" in badge("needs_information").svg and 'fill="#' in badge("prohibited").svg
    assert "stroke-dasharray" in verdict_range("conditional", "prohibited").svg
    assert "stroke-dasharray" not in verdict_range("prohibited", "prohibited").svg


def test_an_altered_run_and_an_expired_one_state_so_on_every_page(run, tmp_path):
    altered = replace(run, alterations=(Alteration("content_altered", "result.json", "改", "x"),))
    (path,) = write_reports(altered, tmp_path, formats=["pdf"], sites=["DEMO-B"], options=OPTIONS)
    assert all("不得作为依据" in squeezed(page) for page in pdf_pages(path))
    late = ReportOptions(today=date(2031, 1, 1))
    (path,) = write_reports(run, tmp_path, formats=["pdf"], sites=["DEMO-B"], options=late)
    assert all("现已超过期限" in squeezed(page) for page in pdf_pages(path))


SCRIPT = """
import hashlib, pickle, sys
from pathlib import Path
from datetime import date
from lianzhou_gis.reports.api import ReportOptions, write_reports
run = pickle.loads(Path(sys.argv[1]).read_bytes())
folder = Path(sys.argv[2])
for kind in ("form", "letter", "chapters"):
    formats = ["docx", "pdf", "xlsx"] if kind != "chapters" else ["docx", "pdf"]
    for path in write_reports(run, folder, kind=kind, formats=formats, options=ReportOptions(today=date(2026, 11, 24))):
        print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_two_processes_give_the_same_bytes(run, tmp_path):
    import pickle

    (tmp_path / "run.pickle").write_bytes(pickle.dumps(run))
    stated = []
    for number, seed in enumerate(("1", "2")):
        import os

        command = [sys.executable, "-c", SCRIPT, str(tmp_path / "run.pickle"), str(tmp_path / str(number))]
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": ("UTC", "Asia/Shanghai")[number]}
        stated.append(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert stated[0] == stated[1] and len(stated[0].splitlines()) == 22


def test_the_letter_leaves_the_office_without_zones(run, tmp_path):
    files = written(run, tmp_path, kind="letter", formats=["docx", "pdf", "xlsx"])
    whole = ""
    for path in files.values():
        if path.suffix == ".pdf":
            whole += squeezed("".join(pdf_pages(path)))
        elif path.suffix == ".docx":
            whole += "".join(docx_texts(path)[0].values())
        else:
            whole += str(sheet_rows(path, "信息填报表"))
    for secret in ("甲红线", "秘密水源", "DEMO-HX", "DEMO-SY", "内部资料"):
        assert secret not in whole, secret
    distances = {
        f"{check['nearest_m']:,.2f}" for site in run.document["sites"] for check in site["checks"] if check["nearest_m"]
    }
    assert not [number for number in distances if number in whole]
    for question in run.document["sites"][0]["questions"]:
        assert squeezed(question["question"]["zh"]) in whole


def test_chapters_hold_what_is_proven_and_mark_the_rest(run, tmp_path):
    files = written(run, tmp_path, kind="chapters", formats=["docx"], sites=["DEMO-A"])
    body = docx_texts(files["DEMO-A-论证报告章节.docx"])[0]["word/document.xml"]
    for heading in ("第一章", "第二章", "第三章", "第四章", "第五章", "第六章", "2.5", "3.2", "3.5.3"):
        assert heading in body
    assert body.count("【待补充：") >= 12
    assert "本系统不生成结论" in body


def test_margins_of_letters_are_those_of_the_standard(run, tmp_path):
    files = written(run, tmp_path, kind="letter", formats=["docx"], sites=["DEMO-A"])
    with zipfile.ZipFile(files["DEMO-A-补充信息函.docx"]) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    margins = next(root.iter(f"{W}pgMar"))
    found = [int(margins.get(f"{W}{side}")) for side in ("top", "bottom", "left", "right")]
    assert all(abs(twips - wanted) <= 2 for twips, wanted in zip(found, (2098, 1984, 1588, 1474), strict=True))


def test_alternatives_are_side_by_side_without_a_score(run, tmp_path):
    pdf, workbook = write_alternatives(run, tmp_path, today=TODAY)
    text = squeezed("".join(pdf_pages(pdf)))
    assert all(site["site_id"] in text for site in run.document["sites"])
    rows = sheet_rows(workbook, "方案比较")
    head = next(row for row in rows if row[0] == "比较项")
    assert len(head) == 4
    cells = {row[0]: row[1:] for row in rows}
    assert cells["生态保护红线"][0].startswith("占用")
    assert not any("得分" in str(cell) or "排名" in str(cell) for row in rows for cell in row)


def test_what_is_asked_for_must_exist(run, tmp_path):
    for how, words in (
        ({"kind": "letters"}, "did you mean letter"),
        ({"formats": ["doc"]}, "not written as doc"),
        ({"sites": ["DEMO-Z"]}, "has no site DEMO-Z"),
    ):
        with pytest.raises(FormatError, match=words):
            list(write_reports(run, tmp_path, **how))
    assert set(FORMATS) == {"form", "annex", "letter", "chapters", "boundary"}
    assert list(tmp_path.iterdir()) == []


def test_a_character_without_a_glyph_is_refused_not_boxed(run, tmp_path):
    given = ReportOptions(particulars={"DEMO-A": Particulars(applicant="\U000e0fff甲\ue000")}, today=TODAY)
    from lianzhou_gis.reports.fonts import check_glyphs

    with pytest.raises(FormatError, match="show as boxes"):
        check_glyphs(["甲", "\U0001f9ff"])
    assert list(write_reports(run, tmp_path, formats=["docx"], sites=["DEMO-A"], options=given))


def test_five_hundred_findings_retain_their_head_on_every_page(run, tmp_path):
    from lianzhou_gis.reports.content import Column, DataTable, Heading, Measure, Paper
    from lianzhou_gis.reports.docx_writer import docx_bytes
    from lianzhou_gis.reports.pdf_writer import pdf_bytes

    rows = [[f"第{number}项", "很长的管控区名称" * 4, Measure(number / 7)] for number in range(500)]
    table = DataTable("发现", (Column("项"), Column("管控区"), Column("面积（m²）", 1.0, "right")), rows)
    paper = Paper("核查发现", [Heading("附表"), table], ["预筛"], ["脚注"], "2026-11-23", "x")
    pages = pdf_pages(io.BytesIO(pdf_bytes(paper)))
    assert len(pages) > 8 and all("管控区" in page and "面积" in page for page in pages)
    assert "第499项" in squeezed(pages[-1])
    (tmp_path / "a.docx").write_bytes(docx_bytes(paper))
    with zipfile.ZipFile(tmp_path / "a.docx") as archive:
        assert archive.read("word/document.xml").count(b"<w:tblHeader/>") == 1
