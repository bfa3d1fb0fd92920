"""``lianzhou-gis diff``: what changed between two runs, and whose doing it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lianzhou_gis.runs.difference import RunDifference

__all__ = ["diff"]


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--xlsx", type=click.Path(path_type=Path), help="另存为工作簿 / also write a workbook")
@click.option(
    "--map", "page", type=click.Path(path_type=Path), help="另存为后一次结果的地图，只含有变化的项目 / also write a map"
)
@options.altered
@options.json_option
@options.lang
@options.guarded
def diff(
    before: Path, after: Path, xlsx: Path | None, page: Path | None, altered: bool, as_json: bool, lang: str
) -> None:
    """比较两次核查结果：哪些项目有变化，由图层、规则、项目信息还是范围引起。

    Compare two runs: which sites changed, and whether by layer, rule, fact or site.
    """
    from lianzhou_gis.runs import Run
    from lianzhou_gis.runs.difference import compare_documents

    runs = [Run.open(folder, altered=altered) for folder in (before, after)]
    for run in runs:
        options.note_state(run, lang)
    found = compare_documents(runs[0].document, runs[1].document)
    if xlsx is not None:
        from lianzhou_gis.reports.difference_workbook import write_difference

        write_difference(xlsx, found, runs[1])
        click.echo(str(xlsx), err=True)
    if page is not None:
        from lianzhou_gis.maps import map_page

        changed = {site.site_id for site in found.sites}
        page.write_text(map_page(runs[1].subset(changed)), encoding="utf-8")
        click.echo(str(page), err=True)
    if as_json:
        click.echo(json.dumps(found.record(), ensure_ascii=False, indent=1))
        return
    for line in _lines(found, lang):
        click.echo(line)


def _lines(found: RunDifference, lang: str) -> Iterator[str]:
    zh = lang == "zh"
    none = "无" if zh else "none"
    for cause in found.causes:
        yield cause.text(lang)
    for site in found.sites:
        before, after = ((side or {}).get(lang, none) for side in (site.before, site.after))
        yield f"{site.site_id} {site.name or ''}：{before} → {after}"
        for change in site.changes:
            zone = f"（{change.zone}）" if change.zone else ""
            why = "；".join(cause.text(lang) for cause in change.causes[:3])
            yield (
                f"  {change.title[lang]}{zone}：{change.words(change.before, lang)} → "
                + change.words(change.after, lang)
                + (f"　[{why}]" if why else "")
            )
    if zh:
        yield f"{len(found.sites)} 个项目有变化，{found.same} 个没有。"
    else:
        yield f"{len(found.sites)} sites changed, {found.same} did not."
