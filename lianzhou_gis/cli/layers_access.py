"""``lianzhou-gis layers access compile``: what the items of an access list decide, confirmed text by text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import FormatError

if TYPE_CHECKING:
    from lianzhou_gis.intake.access_decisions import TextDecision

__all__ = ["access"]


@click.group()
def access() -> None:
    """环境管控单元准入清单 / Access lists of the control units."""


@access.command("compile")
@click.argument("source", type=click.Path(path_type=Path), metavar="LIST")
@click.option("--sheet", help="工作簿中的表名 / sheet of a workbook")
@click.option(
    "--decisions",
    "known",
    type=click.Path(path_type=Path),
    help="填好或沿用的判定表 XLSX / decision table that came back, or of an earlier edition",
)
@click.option("--table", type=click.Path(path_type=Path), help="写出判定表 XLSX / write the decision table")
@click.option("--confirm", is_flag=True, help="在终端逐行确认 / confirm row by row in the terminal")
@click.option("--by", help="确认人，配合 --confirm / who confirms, with --confirm")
@options.date_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="写出可入库的清单 CSV / write the compiled list")
@options.lang
@options.guarded
def compile_access(
    source: Path,
    sheet: str | None,
    known: Path | None,
    table: Path | None,
    confirm: bool,
    by: str | None,
    as_of: str | None,
    output: Path | None,
    lang: str,
) -> None:
    """编制准入清单判定表：每种文字一行，按短语库预填，由具名人员逐行确认后写入清单。

    Make the decision table of an access list: each distinct text once, prefilled, confirmed by a named person.
    """
    from lianzhou_gis.intake.access_decisions import compile_list, decision_table, read_decisions, write_decisions
    from lianzhou_gis.intake.access_list import read_access_table
    from lianzhou_gis.rulebook import Rulebook, day_of

    if confirm and not (by or "").strip():
        raise FormatError("--confirm 须以 --by 写明确认人", "--confirm needs --by: who confirms")
    options.day(as_of)
    day, facts = day_of(as_of), Rulebook.load().facts
    listed = read_access_table(source, facts, sheet=sheet)
    rows = decision_table(listed.items, read_decisions(known, facts) if known else None)
    if confirm:
        rows = [_confirmed(row, str(by), day, lang) for row in rows]
    if table is not None:
        write_decisions(table, rows, day)
        click.echo(str(table), err=True)
    if output is not None:
        output.write_text(compile_list(listed, {row.key: row for row in rows}), encoding="utf-8")
        click.echo(str(output), err=True)
    _print(rows, len(listed.items), lang)


def _confirmed(row: TextDecision, by: str, day: date, lang: str) -> TextDecision:
    """Ask whether a row holds; the answer is recorded with name and date."""
    if row.is_confirmed or row.outcome == "undecided":
        return row
    click.echo(f"\n{row.text}（{row.count}）", err=True)
    shown = "、".join(row.restates) if row.when is None else json.dumps(row.when, ensure_ascii=False)
    click.echo(f"  {shown}", err=True)
    question = "确认按此判定" if lang == "zh" else "Confirm"
    if not click.confirm(question, default=False, err=True):
        return row
    return replace(row, confirmed_by=by.strip(), confirmed_on=day)


def _print(rows: list[TextDecision], items: int, lang: str) -> None:
    """Print how much is decided, by texts and by items."""
    count = {name: sum(row.count for row in rows if row.outcome == name) for name in ("decided", "restated")}
    total = sum(row.count for row in rows)
    confirmed = sum(row.count for row in rows if row.is_confirmed and row.outcome != "undecided")
    rest = total - count["decided"] - count["restated"]
    if lang == "zh":
        click.echo(
            f"清单 {items} 条；未写明行业或条件的禁止、限制类 {total} 条，{len(rows)} 种文字："
            f"可按条件判定 {count['decided']} 条，重申已有规定 {count['restated']} 条，须逐项目人工判断 {rest} 条"
            f"（{rest / max(total, 1):.0%}）；已确认 {confirmed} 条"
        )
        return
    click.echo(
        f"{items} items; {total} prohibit or restrict without naming industries or conditions, in {len(rows)} texts: "
        f"{count['decided']} decided by condition, {count['restated']} restate rules, {rest} left to a person "
        f"({rest / max(total, 1):.0%}); {confirmed} confirmed"
    )
