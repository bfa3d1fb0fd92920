"""``lianzhou-gis layers diff``: the changes between two editions, and the sites whose verdicts they change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import CatalogError
from lianzhou_gis.vocabulary import themes

if TYPE_CHECKING:
    from lianzhou_gis.intake.edition_diff import EditionDiff
    from lianzhou_gis.intake.reruns import RunOutcome

__all__ = ["diff"]

_SHOWN = 40


def _print(diffs: list[EditionDiff], runs: list[RunOutcome] | None, lang: str) -> None:
    from lianzhou_gis.cli.tables import plain_table
    from lianzhou_gis.intake.edition_diff import STATUSES
    from lianzhou_gis.intake.edition_tables import STATUS_LABELS, grade_label

    window, zh = options.console(), lang == "zh"
    for item in diffs:
        names = [edition.entry.id if edition else "-" for edition in (item.old, item.new)]
        window.print(f"{item.entry.name[lang]}: {names[0]} → {names[1]}")
        counts = "，".join(
            f"{STATUS_LABELS[status][lang]} {item.count(status)}" for status in STATUSES if item.count(status)
        )
        window.print(counts or ("没有区域" if zh else "no zones"))
        heads = (
            ("级别", "旧版 m²", "新版 m²", "增加 m²", "减少 m²", "净变化 m²")
            if zh
            else ("Grade", "Old m2", "New m2", "Gained m2", "Lost m2", "Net m2")
        )
        rows = [
            (grade_label(item.theme, grade)[lang], *(f"{value:,.2f}" for value in (*balance, balance[1] - balance[0])))
            for grade in item.grades
            for balance in [item.balance(grade)]
        ]
        gained, lost = item.outer()
        total = "合计（不分级别）" if zh else "All grades"
        window.print(
            plain_table(heads, [*rows, (total, "", "", f"{gained:,.2f}", f"{lost:,.2f}", f"{gained - lost:,.2f}")])
        )
        changes = [
            (
                grade_label(item.theme, change.old_grade)[lang],
                grade_label(item.theme, change.new_grade)[lang],
                f"{change.area_m2:,.2f}",
            )
            for change in item.ground
        ]
        window.print(plain_table(("原为", "现为", "m²") if zh else ("Was", "Is", "m2"), changes))
        changed = [zone for zone in item.zones if zone.status != "unchanged"]
        columns = ("变化", "旧编号", "新编号", "名称", "增加 m²", "减少 m²") if zh else (
            "Change", "Old id", "New id", "Name", "Gained m2", "Lost m2"
        )  # fmt: skip
        listed = [
            (
                STATUS_LABELS[zone.status][lang],
                zone.old_id,
                zone.new_id,
                zone.name,
                f"{zone.gained_m2:,.2f}",
                f"{zone.lost_m2:,.2f}",
            )
            for zone in changed[:_SHOWN]
        ]
        if listed:
            window.print(plain_table(columns, listed))
        if len(changed) > _SHOWN:
            more = len(changed) - _SHOWN
            window.print(f"另有 {more} 个，见 --out 或 --json" if zh else f"{more} more: see --out or --json")
    if runs is not None:
        titles = ("核查结果", "基准日", "项目", "名称", "原结论", "新结论", "原因") if zh else (
            "Run", "As of", "Site", "Name", "Verdict then", "Verdict now", "Why"
        )  # fmt: skip
        window.print(plain_table(titles, [row for run in runs for row in run.rows(lang)]))


@click.command()
@click.argument("old")
@click.argument("new")
@options.catalog
@click.option("--as", "theme", type=click.Choice(list(themes())), metavar="THEME", help="文件的主题 / theme of files")
@click.option("--mapping", type=click.Path(path_type=Path), help="文件的字段与级别 YAML / YAML of columns and grades")
@click.option("--crs", help="文件的坐标系 / reference system of files")
@click.option(
    "--runs", type=click.Path(path_type=Path), help="核查结果所在文件夹：列出结论会改变的项目 / folder of earlier runs"
)
@click.option("--out", type=click.Path(path_type=Path), help="写出表格、GeoPackage 与地图的文件夹 / folder to write to")
@options.date_option
@options.json_option
@options.lang
@options.guarded
def diff(old: str, new: str, catalog: Path, **given: Any) -> None:  # noqa: ANN401 - the options above
    """比较两个版本：OLD 与 NEW 各为图层编号、文件，或两个图层目录。

    Compare two editions: OLD and NEW are each the id of a layer or a file, or both are catalogs.
    """
    options.day(given["as_of"])

    from lianzhou_gis.intake import read_mapping
    from lianzhou_gis.intake.edition_diff import compare_editions
    from lianzhou_gis.intake.edition_tables import diff_document, write_diff
    from lianzhou_gis.intake.editions import editions_of
    from lianzhou_gis.intake.reruns import rerun, runs_in
    from lianzhou_gis.rulebook import day_of

    lang, day = given["lang"], day_of(given["as_of"])
    folders = runs_in(given["runs"]) if given["runs"] else None
    pairs, issues = editions_of(
        old,
        new,
        catalog=catalog,
        day=day,
        theme=given["theme"],
        options=read_mapping(given["mapping"]) if given["mapping"] else None,
        crs=given["crs"],
    )
    for issue in issues:
        click.echo(issue.message[lang], err=True)
    diffs = [compare_editions(first, second) for first, second in pairs]
    if folders is not None and any(
        edition is not None and not edition.of_catalog for pair in pairs for edition in pair
    ):
        raise CatalogError.from_code("runs_need_editions")
    runs = None if folders is None else [rerun(folder, diffs) for folder in folders]
    written = []
    if given["out"] is not None:
        from lianzhou_gis.maps import page
        from lianzhou_gis.maps.editions_map import editions_map

        region = next(edition for pair in pairs for edition in pair if edition is not None).catalog.region.name
        pages = {"diff.html": page(editions_map(diffs, region=region, day=day.isoformat()))}
        written = write_diff(diffs, runs, given["out"], day, pages)
    if given["as_json"]:
        click.echo(json.dumps(diff_document(diffs, runs), ensure_ascii=False, indent=1))
    else:
        _print(diffs, runs, lang)
    for path in written:
        click.echo(str(path), err=given["as_json"])
