"""``lianzhou-gis rules texts|diff|log``: the rulebook against law texts, against another, and who reviewed it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from lianzhou_gis.cli import options

__all__ = ["diff", "log", "texts"]

folder_option = click.option(
    "--rules", "folder", type=click.Path(path_type=Path), help="规则库文件夹，默认随软件附带 / folder, default shipped"
)
_KINDS = {
    "changed": ("条文已变更", "the article has changed"),
    "vanished": ("条文已不存在", "the article is gone"),
    "new": ("新增条文", "a new article"),
    "not_read": ("条文有规则引用，尚未核对", "cited by rules and not read yet"),
    "word_uncovered": ("用语未见于规则", "an operative word that no rule covers"),
    "no_text": ("文件夹中没有该法规文本", "no text of this law in the folder"),
}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


@click.command()
@click.argument("texts_folder", metavar="FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False))
@folder_option
@click.option(
    "--anchor", "checked_by", metavar="NAME", help="以现有文本记录锚点，写明核对人 / write anchors, checked by"
)
@options.date_option
@options.json_option
@options.lang
@options.guarded
def texts(
    texts_folder: Path, folder: Path | None, checked_by: str | None, as_of: str | None, as_json: bool, lang: str
) -> None:
    """对照法规文本：哪些条文变更、消失、新增，哪些规则依据它们。

    Compare a folder of law texts (one Markdown file a law) with the rulebook.
    """
    options.day(as_of)
    from lianzhou_gis.rulebook import Rulebook, day_of
    from lianzhou_gis.rulebook.authoring.text_comparison import ANCHORS, anchors_as_yaml, as_records, compare_texts

    book = Rulebook.load(folder)
    if checked_by is not None:
        path = book.folder / ANCHORS
        path.write_text(anchors_as_yaml(book, texts_folder, checked_by, day_of(as_of)), encoding="utf-8")
        click.echo(str(path), err=True)
    differences = compare_texts(book, texts_folder)
    if as_json:
        click.echo(_json(as_records(differences)))
        return
    from lianzhou_gis.cli.tables import plain_table

    heads = {"zh": ("法规", "条", "情况", "用语", "依据它的规则"), "en": ("Law", "Article", "What", "Word", "Rules")}[
        lang
    ]
    rows = [
        (
            book.laws[item.law].title[lang],
            item.article,
            _KINDS[item.kind][lang == "en"],
            item.word,
            "\n".join(item.rules),
        )
        for item in differences
    ]
    if rows:
        options.console().print(plain_table(heads, rows))
    counted = {kind: sum(item.kind == kind for item in differences) for kind in _KINDS}
    parts = [f"{words[lang == 'en']} {counted[kind]}" for kind, words in _KINDS.items() if counted[kind]]
    click.echo(("；" if lang == "zh" else "; ").join(parts) or ("条文与规则库一致" if lang == "zh" else "texts agree"))


@click.command()
@click.argument("before", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("after", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@options.json_option
@options.lang
@options.guarded
def diff(before: Path, after: Path | None, as_json: bool, lang: str) -> None:
    """比较两个规则库；只给一个时与随软件附带的比较。

    Compare two rulebooks; with one alone, that and the shipped.
    """
    from lianzhou_gis.rulebook import Rulebook
    from lianzhou_gis.rulebook.authoring.rulebook_diff import diff_rulebooks

    changes = diff_rulebooks(Rulebook.load(before), Rulebook.load(after))
    if as_json:
        click.echo(_json([dataclasses.asdict(change) for change in changes]))
        return
    words = {
        "added": ("新增", "added"), "removed": ("删除", "removed"), "changed": ("变更", "changed"),
        "rule": ("规则", "rule"), "version": ("版本", "version"), "fact": ("项目信息", "fact"), "law": ("法规", "law"),
        "implication": ("推定", "implication"),
    }  # fmt: skip
    for change in changes:
        click.echo(f"{words[change.kind][lang == 'en']} {words[change.what][lang == 'en']} {change.id}")
        for name, one, other in change.fields:
            click.echo(f"    {name}: {one}\n      → {other}")
    click.echo(f"{len(changes)} 处不同" if lang == "zh" else f"{len(changes)} differences")


@click.command()
@click.argument("rule_id", required=False)
@folder_option
@click.option("--add", "day", metavar="DATE", help="记录对该日起版本的复核 / review the version from this day")
@click.option("--by", metavar="NAME", help="复核单位或姓名 / office or name")
@click.option("--remark", default="", help="意见 / remark")
@options.date_option
@options.json_option
@options.lang
@options.guarded
def log(
    rule_id: str | None, folder: Path | None, day: str | None, by: str | None, remark: str, as_of: str | None,
    as_json: bool, lang: str,
) -> None:  # fmt: skip
    """列出或记录规则版本的复核。

    List reviews of versions of rules, or add one.
    """
    options.day(as_of)
    from datetime import date

    from lianzhou_gis.errors import RuleError
    from lianzhou_gis.rulebook import Rulebook, day_of
    from lianzhou_gis.rulebook.authoring.review_log import Review, add_review, read_reviews

    book = Rulebook.load(folder)
    if day is not None:
        if rule_id is None or by is None:
            raise RuleError("复核须写明规则和复核人（--by）", "a review needs a rule and a reviewer (--by)")
        options.day(day, "--add")
        add_review(book, Review(rule_id, date.fromisoformat(day), by, day_of(as_of), remark))
        book = Rulebook.load(folder)
    found = [item for item in read_reviews(book) if rule_id in (None, item.rule)]
    if as_json:
        click.echo(_json([dataclasses.asdict(item) for item in found]))
        return
    for item in found:
        click.echo(f"{item.reviewed_on}  {item.rule}@{item.effective_from}  {item.by}  {item.remark}")
    if not found:
        click.echo("没有复核记录" if lang == "zh" else "no reviews")
