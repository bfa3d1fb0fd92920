"""The letter to the applicant: what must still be known, in plain words, and a sheet to fill in.

It leaves the office: it holds neither the pieces nor the distances of restricted zones, and no finding.
"""

from __future__ import annotations

from datetime import date

from lianzhou_gis.reports.answer_sheet import answer_choices
from lianzhou_gis.reports.content import Block, Column, DataTable, Heading, Measure, Paper, Paragraph, Value
from lianzhou_gis.reports.page_frame import Frame
from lianzhou_gis.reports.site_view import Record, SiteView
from lianzhou_gis.vocabulary import DISCLAIMER, Verdict, label

__all__ = ["letter_paper"]

_TITLE = "关于补充项目选址核查信息的函"


def _meanings(question: Record) -> str:
    """Return what each answer means for the project, as one sentence."""
    replies = question["replies"]
    worst = {reply["value"]: label("verdict", Verdict(reply["worst_possible"]))["zh"] for reply in replies}
    refused = [f"填“{reply['label']['zh']}”的，与已提供的信息矛盾，请核对" for reply in replies if reply["contradicts"]]
    open_ = [reply for reply in replies if not reply["contradicts"]]
    kinds = {worst[reply["value"]] for reply in open_}
    if not open_:
        return "；".join([*refused, "按实际填写，填后重新核查"]) + "。"
    if len(kinds) == 1:
        words = [f"只答这一项，可能适用的最严结论仍为“{kinds.pop()}”，与其他各项一并答复后才能排除"]
    else:
        words = [f"填“{reply['label']['zh']}”的，最严可能为“{worst[reply['value']]}”" for reply in open_]
    return "；".join([*refused, *words]) + "。"


def letter_paper(site: SiteView, frame: Frame) -> Paper:
    """Return the letter of a site."""
    questions = site.open_questions
    day = date.fromisoformat(site.view.record["as_of"])
    blocks: list[Block] = [
        Paragraph(f"{site.particulars.applicant or '（建设单位名称）'}："),
        Paragraph(
            f"你单位“{site.name}”选址初步核查（基准日 {day.year}年{day.month}月{day.day}日）尚缺以下信息，"
            f"请逐项填写所附《信息填报表》，连同依据文件一并提交。",
            indent=True,
        ),
        Heading(f"一、需补充的信息（{len(questions)} 项）"),
    ]
    for number, question in enumerate(questions, start=1):
        blocks.append(Paragraph(f"{number}. {question['question']['zh']}", indent=True))
        hint = site.view.fact_help(question["fact"])
        if hint:
            blocks.append(Paragraph(f"说明：{hint}", face="kai", size_pt=12.0, indent=True))
        blocks.append(Paragraph(f"填写的意义：{_meanings(question)}", face="kai", size_pt=12.0, indent=True))
    if not questions:
        blocks.append(Paragraph("目前没有需要补充的信息。", indent=True))
    blocks += [
        Heading("二、填写要求"),
        Paragraph("不清楚的留空或填“不清楚”：保持待补充，不按“没有”处理。", indent=True),
        Paragraph("请如实填写。所填内容记明填写人和依据文件；填写不实的，由填写单位承担责任。", indent=True),
        Paragraph(f"本次核查为{DISCLAIMER['zh']}的工作环节，补充信息后重新核查。", indent=True),
        Paragraph("联系人及电话：（由单位填写）", indent=True),
        Paragraph("（单位印章）　　　　", align="right"),
        Paragraph("（日期）　　　　　　", align="right"),
        Heading("附：信息填报表"),
        DataTable(
            "信息填报表",
            (Column("序", 0.4, "center"), Column("问题", 2.6), Column("可填的内容", 1.6), Column("答案", 1.2),
             Column("填写人、依据文件", 1.6)),
            [_sheet_row(number, question) for number, question in enumerate(questions, start=1)],
        ),
    ]  # fmt: skip
    return frame.paper(_TITLE, blocks, subject=site.name, official=True)


def _sheet_row(number: int, question: Record) -> list[Value]:
    return [Measure(number, 0), question["question"]["zh"], answer_choices(question), "　", "　"]
