"""``lianzhou-gis layers check``: checks that layers are complete, current, valid and consistent with each other."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options

if TYPE_CHECKING:
    from lianzhou_gis.intake.checking import LayersCheck

__all__ = ["check"]

_SEVERITIES = ("error", "warning", "info")


def _print(found: LayersCheck, lang: str) -> None:
    from lianzhou_gis.cli.tables import plain_table

    zh = lang == "zh"
    window = options.console()
    heads = ("图层", "区域数", "状态", "面积 km²", "数量", "错误", "疑问", "提示") if zh else (
        "Layer", "Zones", "Status", "Area km2", "Count", "Errors", "Warnings", "Infos"
    )  # fmt: skip
    rows = []
    for report in found.reports:
        severities = [item.severity for item in found.defects if item.layer_id == report.entry.id]
        counted = report.counted
        rows.append(
            (
                report.entry.id,
                report.zones,
                report.status,
                f"{report.area_m2 / 1e6:.2f}",
                "" if counted is None else f"{counted['found']}/{counted['expected']}",
                *(severities.count(severity) for severity in _SEVERITIES),
            )
        )
    window.print(plain_table(heads, rows))
    columns = (
        ("程度", "图层 / 区域", "问题", "说明", "位置") if zh else ("Severity", "Layer / zone", "Kind", "What", "Place")
    )
    window.print(
        plain_table(
            columns,
            [
                (
                    item.severity,
                    " / ".join(part for part in (item.layer_id, item.zone_id) if part),
                    item.title[lang],
                    item.zh if zh else item.en,
                    "" if item.place is None else f"{item.place.lon:.5f} {item.place.lat:.5f}",
                )
                for item in found.defects
            ],
        )
    )


@click.command()
@click.argument("names", nargs=-1, metavar="[LAYER]...")
@options.catalog
@options.date_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="写出核对清单（XLSX 与 GeoPackage）的文件夹 / folder of the worklist"
)
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="error",
    show_default=True,
    help="达到或严于此程度时退出码为 1 / exit 1 at this severity or a worse one",
)
@options.json_option
@options.lang
@options.guarded
def check(
    names: tuple[str, ...], catalog: Path, as_of: str | None, out: Path | None, fail_on: str, as_json: bool, lang: str
) -> None:
    """检查基准日有效的图层：完整性、图形、级别、面积、衔接与相互矛盾；可写出核对清单。

    Check the layers of a day: complete, valid, graded, consistent with each other; writes a worklist for their owners.
    """
    options.day(as_of)

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.intake.checking import check_layers
    from lianzhou_gis.intake.worklist import write_worklist
    from lianzhou_gis.rulebook import Rulebook, day_of

    found = check_layers(Catalog.open(catalog), day_of(as_of), facts=Rulebook.load().facts, subset=names)
    written = write_worklist(found, out) if out is not None else []
    if as_json:
        click.echo(json.dumps(found.document(), ensure_ascii=False, indent=1))
    else:
        _print(found, lang)
    for path in written:
        click.echo(str(path), err=as_json)
    if found.reaches(fail_on):
        sys.exit(1)
