"""``lianzhou-gis rules``: the rulebook listed, one rule shown whole, all of it checked."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.cli import options

if TYPE_CHECKING:
    from lianzhou_gis.rulebook import RuleVersion

__all__ = ["rules"]

_folder = click.option(
    "--rules", "folder", type=click.Path(path_type=Path), help="规则库文件夹，默认随软件附带 / folder, default shipped"
)


@click.group()
def rules() -> None:
    """规则清单、说明与检查 / List, show and check the rules."""


def _record(rule: RuleVersion) -> dict[str, Any]:
    """Return a rule as plain data; conditions as they stand in the rulebook."""
    record = dataclasses.asdict(rule)
    record["when"] = rule.when.tree() if rule.when is not None else None
    return record


def _json(value: Any) -> str:  # noqa: ANN401 - plain data
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
    """显示一条规则的全部版本。

    Show one rule with all its versions.
    """
    from lianzhou_gis.cli.tables import citation_text
    from lianzhou_gis.rulebook import Rulebook
    from lianzhou_gis.vocabulary import label

    rule = Rulebook.load(folder).rule(rule_id)
    if as_json:
        click.echo(_json([_record(version) for version in rule.versions]))
        return
    words = {
        "zh": ("效力", "条件", "含义", "依据", "办理", "部门", "核对于"),
        "en": ("Effect", "When", "Says", "Rests on", "To do", "Authority", "Checked on"),
    }[lang]
    for version in rule.versions:
        until = version.effective_to or ("至今" if lang == "zh" else "now")
        click.echo(f"{rule.id}  {version.title[lang]}  [{version.effective_from} – {until}]")
        condition = "-" if version.when is None else json.dumps(version.when.tree(), ensure_ascii=False)
        values = (
            label("effect", version.effect)[lang],
            condition,
            version.paraphrase[lang],
            "；".join(citation_text(citation, lang) for citation in version.citations),
            version.action[lang],
            version.authority[lang],
            version.checked_on,
        )
        for word, value in zip(words, values, strict=True):
            click.echo(f"  {word}: {value}")


@rules.command()
@_folder
@options.json_option
@options.lang
@options.guarded
def facts(folder: Path | None, as_json: bool, lang: str) -> None:
    """列出规则可能询问的项目信息。

    List the facts that rules may ask for.
    """
    from lianzhou_gis.cli.tables import plain_table
    from lianzhou_gis.rulebook import Rulebook

    known = list(Rulebook.load(folder).facts)
    if as_json:
        click.echo(_json([dataclasses.asdict(fact) for fact in known]))
        return
    heads = {"zh": ("名称", "中文名", "可填", "问题"), "en": ("Name", "Label", "Values", "Question")}[lang]
    kinds = {"yes_no": "yes/no", "codes": "GB/T 4754"}
    rows = [
        (
            fact.name,
            fact.label[lang],
            "\n".join(fact.choices) or kinds.get(fact.type, fact.type) + (f" ({fact.unit})" if fact.unit else ""),
            fact.question[lang],
        )
        for fact in known
    ]
    options.console().print(plain_table(heads, rows))


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
        told = {
            "version": book.version,
            "sha256": book.sha256,
            "rules": len(book.rules),
            "cases": cases,
            "issues": [dataclasses.asdict(issue) for issue in issues],
        }
        click.echo(_json(told))
    else:
        if issues:
            options.console().print(issues_table(issues, lang))
        told_zh = f"规则库 {book.version}：{len(book.rules)} 条规则，{cases} 个用例，{errors} 处错误"
        told_en = f"Rulebook {book.version}: {len(book.rules)} rules, {cases} cases, {errors} errors"
        click.echo(told_zh if lang == "zh" else told_en)
    if errors:
        sys.exit(1)
