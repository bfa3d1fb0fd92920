"""``lianzhou-gis layers import``: a file becomes a layer of a catalog."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import FormatError
from lianzhou_gis.vocabulary import themes

if TYPE_CHECKING:
    from lianzhou_gis.intake import AccessList, Imported, ImportOptions, ImportQuestion, ImportSource, Plan

__all__ = ["import_layer", "pairs", "print_imported"]

_ENTRY = (
    "id", "series", "coverage", "data_date", "valid_from", "valid_to", "publisher", "document", "licence",
    "disclosure", "secrecy", "survey_crs", "expected_count", "count_by", "uncounted", "official_area_m2", "accuracy_m",
)  # fmt: skip


def pairs(texts: tuple[str, ...], flag: str) -> dict[str, str]:
    """Return the pairs that a repeated flag gives as LEFT=RIGHT."""
    found = {}
    for text in texts:
        # A value of the file may hold the sign itself: the last one counts.
        left, equals, right = text.rpartition("=")
        if not equals or not left.strip() or not right.strip():
            raise FormatError.from_code("pair_malformed", option=flag, text=text)
        found[left.strip()] = right.strip()
    return found


def _answer(question: ImportQuestion, lang: str) -> dict[str, Any]:
    """Ask a person one question; an empty answer leaves."""
    click.echo(question.message.texts[lang], err=True)
    for number, choice in enumerate(question.choices, start=1):
        click.echo(f"  {number}. {choice}", err=True)
    prompt = "回答（编号或文字，留空放弃）" if lang == "zh" else "Answer (number or text; empty to give up)"
    answer = click.prompt(prompt, default="", show_default=False, err=True).strip()
    if not answer:
        raise FormatError.from_code("import_unanswered")
    if answer.isdigit() and 1 <= int(answer) <= len(question.choices):
        answer = question.choices[int(answer) - 1]
    if question.kind == "expected_count":
        return {"expected_count": int(answer)} if answer.isdigit() else {"uncounted": answer}
    if question.kind == "constant_grade":
        return {"constant_grade": True}
    if question.kind == "coded_column":
        named = question.subject or ""
        return {"columns": {named: "grade"}} if answer == named else {"not_grade": (named,)}
    if question.kind == "grade_column":
        return {"columns": {answer: "grade"}}
    if question.kind == "grade":
        return {"fill": {"grade": answer}} if question.subject is None else {"grades": {question.subject: answer}}
    return {"no_coverage": True} if answer in ("无", "none", "no") else {"coverage": answer}


def _planned(source: ImportSource, answers: ImportOptions, access: AccessList | None, lang: str) -> Plan:
    """Return the plan, with what is open asked where there is somebody to ask."""
    from lianzhou_gis.intake import plan_import

    plan = plan_import(source, answers, access=access)
    while plan.questions and sys.stdin.isatty():
        answers = answers.updated(**_answer(plan.questions[0], lang))
        plan = plan_import(source, answers, access=access)
    return plan


def _print_reading(plan: Plan, lang: str) -> None:
    """Print how the file is read: columns and grades."""
    from lianzhou_gis.cli.tables import plain_table

    window, proposal, zh = options.console(), plan.proposal, lang == "zh"
    if proposal.columns:
        window.print(
            plain_table(
                ("本系统字段", "文件字段", "由来") if zh else ("Ours", "Theirs", "How"),
                [(item.ours, item.theirs, item.how) for item in proposal.columns],
            )
        )
    if proposal.grades:
        window.print(
            plain_table(
                ("文件中的级别", "区域数", "级别", "由来") if zh else ("Their grade", "Zones", "Grade", "How"),
                [(item.value, item.count, item.grade or "unknown", item.how) for item in proposal.grades],
            )
        )
    if proposal.unused:
        heads = (
            ("未使用的字段", "取值数", "空", "取值（个数）")
            if zh
            else ("Unused column", "Values", "Empty", "Value (zones)")
        )
        window.print(
            plain_table(
                heads,
                [
                    (
                        item.name,
                        item.distinct,
                        item.empty,
                        ", ".join(f"{value} ({count})" for value, count in item.values)
                        + (" …" if item.distinct > len(item.values) else ""),
                    )
                    for item in proposal.unused
                ],
            )
        )


def print_imported(done: Imported, lang: str) -> None:
    """Print what an import did."""
    from lianzhou_gis.cli.tables import issues_table
    from lianzhou_gis.formats.kinds import is_database
    from lianzhou_gis.intake.catalog_file import entry_text

    window, zh = options.console(), lang == "zh"
    if done.issues:
        window.print(issues_table(done.issues, lang))
    window.print(entry_text(done.entry))
    table = [done.entry.layer] if is_database(done.entry.path) and done.entry.layer else []
    listed = ", ".join([*table, *done.files])
    if done.dry_run:
        click.echo(
            f"试运行，未写入任何文件；将写入 {listed}" if zh else f"Dry run: nothing was written. It would be {listed}"
        )
    else:
        click.echo(f"已入库：{listed}" if zh else f"Imported: {listed}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "theme", required=True, type=click.Choice(list(themes())), metavar="THEME", help="主题 / theme")
@options.catalog
@click.option("--mapping", type=click.Path(path_type=Path), help="说明字段与级别的 YAML / YAML of answers")
@click.option("--column", "columns", multiple=True, metavar="THEIRS=OURS", help="字段对应，可重复 / a column")
@click.option("--grade", "grades", multiple=True, metavar="VALUE=GRADE", help="级别对应，可重复 / a grade")
@click.option("--fill", multiple=True, metavar="OURS=VALUE", help="空白处一律取此值，可重复 / value of empty cells")
@click.option("--id", help="图层编号，默认为主题 / id, default the theme")
@click.option("--series", help="作为该系列的新版本 / enter as an edition of this series")
@click.option("--coverage", help="覆盖范围：文件、WKT、administrative:代码、union / area for which the layer speaks")
@click.option("--no-coverage", is_flag=True, help="写明没有覆盖范围，不能排除冲突 / say that it can clear nothing")
@click.option("--layer", "layer", help="文件中的图层名 / layer in the file")
@click.option("--crs", help="文件的坐标系 / reference system of the file")
@click.option(
    "--datum", type=click.Choice(["wgs84", "cgcs2000", "gcj02", "bd09"]), help="经纬度的基准 / datum of lon/lat"
)
@click.option("--encoding", help="文字编码 / encoding of texts")
@click.option("--survey-crs", help="边线为直线的坐标系 / system in which edges are straight")
@click.option("--data-date", metavar="DATE", help="数据日期 / day of the data")
@click.option("--valid-from", metavar="DATE", help="生效日期 / first day in force")
@click.option("--valid-to", metavar="DATE", help="失效日期 / last day in force")
@click.option("--publisher", help="发布单位 / publisher")
@click.option("--document", help="批准文号 / document")
@click.option("--licence", help="使用许可 / licence")
@click.option("--disclosure", type=click.Choice(["public", "internal", "restricted"]), help="公开程度，默认 restricted")
@click.option(
    "--secrecy",
    type=click.Choice(["none", "secret", "confidential"]),
    help="密级，按来源文件：不涉密、秘密、机密；不写即未标注 / classification as the document states it",
)
@click.option("--accuracy", "accuracy_m", type=float, metavar="M", help="平面精度（米）/ accuracy, metres")
@click.option("--expected-count", type=int, help="应有数量 / how many a complete layer has")
@click.option("--count-by", help="按此字段计数 / column that is counted")
@click.option("--uncounted", metavar="WHY", help="无法得知应有数量的原因和说明人 / why nobody can count it, by whom")
@click.option("--constant-grade", is_flag=True, help="写明全部区域同级 / say that all zones have one grade")
@click.option("--not-grade", multiple=True, metavar="COLUMN", help="该字段与级别无关，可重复 / no column of grades")
@click.option(
    "--official-area", "official_area_m2", type=float, metavar="M2", help="批复总面积（平方米）/ approved area"
)
@click.option(
    "--access-list", type=click.Path(path_type=Path), help="管控单元的准入清单 XLSX/CSV / access list of the units"
)
@click.option("--access-sheet", help="准入清单的工作表 / sheet of the access list")
@click.option("--store", metavar="URL", help="存入 PostGIS：postgresql://…?table=模式.表 / keep it in a PostGIS")
@click.option("--synthetic", is_flag=True, help="合成演示图层 / a synthetic layer")
@click.option("--dry-run", is_flag=True, help="只显示将会做什么 / only show what would happen")
@options.date_option
@options.json_option
@options.lang
@options.guarded
def import_layer(file: Path, theme: str, catalog: Path, **given: Any) -> None:  # noqa: ANN401 - the options above
    """把文件入库为图层：识别字段与级别、修复并记录、写入图层目录。

    Bring a file in as a layer: find its columns and grades, repair with a record, write the entry of the catalog.
    """
    options.day(given["as_of"])

    from lianzhou_gis.intake import carry_out, parse_options, read_access_table, read_mapping, read_source
    from lianzhou_gis.rulebook import Rulebook, day_of

    lang = given["lang"]
    answers = read_mapping(given["mapping"]) if given["mapping"] else parse_options({}, "")
    flags = {name: given[name] for name in _ENTRY if given[name] is not None}
    flags |= {name: True for name in ("synthetic", "no_coverage", "constant_grade") if given[name]}
    answers = answers.updated(
        columns=pairs(given["columns"], "--column"),
        grades=pairs(given["grades"], "--grade"),
        fill=pairs(given["fill"], "--fill"),
        not_grade=given["not_grade"],
        **flags,
    )
    facts = Rulebook.load().facts
    source = read_source(
        file,
        theme,
        catalog,
        day=day_of(given["as_of"]),
        facts=facts,
        layer=given["layer"],
        crs=given["crs"],
        datum=given["datum"],
        encoding=given["encoding"],
        named=answers.columns,
    )
    listed = given["access_list"]
    access = read_access_table(listed, facts, sheet=given["access_sheet"]) if listed else None
    plan = _planned(source, answers, access, lang)
    if not given["as_json"]:
        _print_reading(plan, lang)
        for question in plan.questions[1:]:
            click.echo(question.message.texts[lang], err=True)
    done = carry_out(plan, dry_run=given["dry_run"], store=given["store"])
    if given["as_json"]:
        click.echo(json.dumps({"dry_run": done.dry_run, **done.record()}, ensure_ascii=False, indent=1))
    else:
        print_imported(done, lang)
