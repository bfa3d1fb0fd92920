"""``lianzhou-gis rules``: the rulebook listed, one rule shown whole, all of it checked."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.cli import options
from lianzhou_gis.cli.rules_texts import diff, log, texts

if TYPE_CHECKING:
    from lianzhou_gis.rulebook import Rulebook, RuleVersion

__all__ = ["rules"]

_folder = click.option(
    "--rules", "folder", type=click.Path(path_type=Path), help="规则库文件夹，默认随软件附带 / folder, default shipped"
)


@click.group()
def rules() -> None:
    """规则清单、说明与检查 / List, show and check the rules."""


def _record(rule: RuleVersion) -> dict[str, Any]:
    """Return a rule as plain data; conditions as written in the rulebook."""
    record = dataclasses.asdict(rule)
    record["when"] = rule.when.tree() if rule.when is not None else None
    return record


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


@rules.command("list")
@_folder
@options.date_option
@click.option("--theme", help="只列此主题 / of this theme only")
@options.json_option
@options.lang
@options.guarded
def list_rules(folder: Path | None, as_of: str | None, theme: str | None, as_json: bool, lang: str) -> None:
    """列出某日有效的规则。

    List the rules in force on a day.
    """
    options.day(as_of)

    from lianzhou_gis.cli.tables import citation_text, plain_table
    from lianzhou_gis.rulebook import Rulebook, day_of
    from lianzhou_gis.vocabulary import label

    found = [rule for rule in Rulebook.load(folder).in_force(day_of(as_of)) if theme in (None, rule.theme)]
    if as_json:
        click.echo(_json([_record(rule) for rule in found]))
        return
    heads = {"zh": ("规则", "内容", "效力", "依据", "生效"), "en": ("Rule", "Title", "Effect", "Rests on", "From")}[
        lang
    ]
    rows = [
        (
            rule.id,
            rule.title[lang],
            label("effect", rule.effect)[lang],
            "\n".join(citation_text(citation, lang) for citation in rule.citations),
            rule.effective_from,
        )
        for rule in found
    ]
    options.console().print(plain_table(heads, rows))


@rules.command()
@click.argument("rule_id")
@_folder
@options.json_option
@options.lang
@options.guarded
def show(rule_id: str, folder: Path | None, as_json: bool, lang: str) -> None:
    """显示一条规则的卡片：内容、施行期间、条款、办理、部门与用例。

    Show one rule as a card: what, who, since when, article, link, what to do, cases.
    """
    from lianzhou_gis.rulebook import Rulebook, read_cases
    from lianzhou_gis.rulebook.card import card

    book = Rulebook.load(folder)
    rule = book.rule(rule_id)
    cases = [case for case in read_cases(book) if case.rule == rule.id]
    if as_json:
        document = {
            "id": rule.id,
            "versions": [_record(version) for version in rule.versions],
            "cases": [dataclasses.asdict(case) for case in cases],
        }
        click.echo(_json(document))
        return
    click.echo(card(rule, cases, book, lang))


@rules.command()
@_folder
@click.option(
    "--type", "kind", metavar="TYPE", help="项目类型，预填其典型信息 / type of project, its typical facts filled in"
)
@click.option("--for", "sites", metavar="SITES", help="为该文件中的项目生成答题表 / answer sheet for these sites")
@options.catalog
@options.date_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="写入文件 / write to a file")
@options.json_option
@options.lang
@options.guarded
def facts(
    folder: Path | None,
    kind: str | None,
    sites: str | None,
    catalog: Path,
    as_of: str | None,
    output: Path | None,
    as_json: bool,
    lang: str,
) -> None:
    """列出规则可能询问的项目信息；给出 --type 或 --for 时生成答题表。

    List the facts that rules may ask for, or write an answer sheet.
    """
    from lianzhou_gis.cli.tables import plain_table
    from lianzhou_gis.rulebook import Rulebook

    if kind is not None or sites is not None:
        text = _sheet(Rulebook.load(folder), kind, sites, catalog, as_of, lang)
        if output is not None:
            output.write_text(text, encoding="utf-8")
        click.echo(text if output is None else str(output), nl=output is not None)
        return
    known = list(Rulebook.load(folder).facts)
    if as_json:
        click.echo(_json([dataclasses.asdict(fact) for fact in known]))
        return
    heads = {"zh": ("名称", "中文名", "可填", "问题与说明"), "en": ("Name", "Label", "Values", "Question and help")}[
        lang
    ]
    kinds = {"yes_no": "yes/no", "codes": "GB/T 4754"}
    rows = [
        (
            fact.name,
            fact.label[lang],
            "\n".join(fact.choices) or kinds.get(fact.type, fact.type) + (f" ({fact.unit})" if fact.unit else ""),
            "\n".join([fact.question[lang], *([fact.help[lang]] if fact.help else [])]),
        )
        for fact in known
    ]
    options.console().print(plain_table(heads, rows))


def _sheet(book: Rulebook, kind: str | None, sites: str | None, catalog: Path, as_of: str | None, lang: str) -> str:
    """Return the answer sheet of a type of project, of sites, or of both."""
    from lianzhou_gis.cli.answers import answer_sheet, site_questionnaire
    from lianzhou_gis.errors import RuleError, did_you_mean
    from lianzhou_gis.rulebook.project_types import read_project_types

    typical = None
    if kind is not None:
        types = {item.id: item for item in read_project_types(book).types}
        if kind not in types:
            zh, en = did_you_mean(kind, types)
            raise RuleError(
                f"没有项目类型 {kind}{zh}；可用的有 {'、'.join(types)}", f"no type {kind}{en}: {', '.join(types)}"
            )
        typical = types[kind].facts
    if sites is None:
        return answer_sheet(book, lang, kind=typical, sites={"S1": None})
    from lianzhou_gis.screening import screen

    result = screen(sites, catalog, book, facts=dict(typical) if typical else None, as_of=as_of)
    found = {site_id: site_questionnaire(result, site_id) for site_id in result.assessment.answers}
    return answer_sheet(book, lang, kind=typical, sites=found)


@rules.command()
@_folder
@options.date_option
@options.json_option
@options.lang
@options.guarded
def check(folder: Path | None, as_of: str | None, as_json: bool, lang: str) -> None:
    """检查规则库并运行全部用例；有错误时退出码为 1。

    Check the rulebook and run its worked cases; exit code 1 where one is wrong.
    """
    options.day(as_of)

    from lianzhou_gis.cli.tables import issues_table
    from lianzhou_gis.rulebook import Rulebook, check_rulebook, day_of, read_cases

    book = Rulebook.load(folder)
    issues = check_rulebook(book, today=day_of(as_of))
    cases = sum(1 for _ in read_cases(book))
    errors = sum(issue.severity == "error" for issue in issues)
    if as_json:
        document = {
            "version": book.version,
            "sha256": book.sha256,
            "rules": len(book.rules),
            "cases": cases,
            "issues": [dataclasses.asdict(issue) for issue in issues],
        }
        click.echo(_json(document))
    else:
        if issues:
            options.console().print(issues_table(issues, lang))
        zh = f"规则库 {book.version}：{len(book.rules)} 条规则，{cases} 个用例，{errors} 处错误"
        en = f"Rulebook {book.version}: {len(book.rules)} rules, {cases} cases, {errors} errors"
        click.echo(zh if lang == "zh" else en)
    if errors:
        sys.exit(1)


@rules.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), default=Path("docs/rulebook"))
@_folder
@options.lang
@options.guarded
def docs(target: Path, folder: Path | None, lang: str) -> None:
    """生成规则库页面（按主题、法规、项目类型）与效力矩阵，默认写入 docs/rulebook。

    Write the rulebook as pages, and the matrix of effects, also as XLSX.
    """
    from lianzhou_gis.rulebook import Rulebook
    from lianzhou_gis.rulebook.authoring.pages import write_pages

    written = write_pages(Rulebook.load(folder), target)
    click.echo(f"{target}: {len(written)} 个文件" if lang == "zh" else f"{target}: {len(written)} files")


for _command in (texts, diff, log):
    rules.add_command(_command)
