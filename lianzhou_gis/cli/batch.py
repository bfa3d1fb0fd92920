"""``lianzhou-gis batch``: screens very many sites into a folder of GeoParquet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options
from lianzhou_gis.cli.screen import pairs_of
from lianzhou_gis.cli.usage import FAULT

if TYPE_CHECKING:
    from lianzhou_gis.batch import Progress

__all__ = ["batch"]

# Share between two lines of progress where output is not a terminal.
_STEP = 0.05


class _ProgressLine:
    """Writes progress: over one line in a terminal, every few per cent elsewhere."""

    def __init__(self, lang: str, quiet: bool) -> None:
        self._lang, self._quiet, self._last = lang, quiet, -1.0

    def __call__(self, state: Progress) -> None:
        share = state.done / state.total
        live = sys.stderr.isatty()
        if self._quiet or (not live and share < 1.0 and share - self._last < _STEP):
            return
        self._last = share
        left = "" if state.left_s is None else _duration(state.left_s, self._lang)
        text = (
            f"{state.done:,} / {state.total:,} 个项目　{state.rate:.0f} 个/秒　剩余 {left}"
            if self._lang == "zh"
            else f"{state.done:,} / {state.total:,} sites  {state.rate:.0f}/s  {left} left"
        )
        click.echo(("\r\033[K" if live else "") + text, err=True, nl=not live or share >= 1.0)


def _duration(seconds: float, lang: str) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if lang == "zh":
        return f"{hours} 小时 {minutes} 分" if hours else f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


@click.command()
@click.argument("sites", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="结果文件夹；中断后用同一命令继续 / folder")
@options.catalog
@click.option("--layer", help="文件中的图层 / layer of the file")
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), help="项目信息 YAML/JSON / file of facts")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="一条项目信息，可重复 / one fact, repeatable")
@click.option("--crs", help="坐标系，如 EPSG:4525 / reference system of the sites")
@click.option(
    "--datum", type=click.Choice(["wgs84", "cgcs2000", "gcj02", "bd09"]), help="经纬度的基准 / datum of lon/lat"
)
@options.date_option
@click.option("--themes", help="只核查这些主题，逗号分隔 / only these themes, comma separated")
@click.option(
    "--chunk", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="每块项目数 / sites a chunk"
)
@click.option("--workers", type=click.IntRange(1, 512), help="进程数，默认为处理器数 / processes, default all cores")
@click.option("--scheduler", metavar="ADDRESS", help="dask 调度器地址，用多台机器 / dask scheduler, for many machines")
@options.json_option
@click.option("--quiet", is_flag=True, help="不显示进度 / no progress")
@options.lang
@options.guarded
def batch(
    sites: Path,
    out: Path,
    catalog: Path,
    layer: str | None,
    facts_file: Path | None,
    sets: tuple[str, ...],
    crs: str | None,
    datum: str | None,
    as_of: str | None,
    themes: str | None,
    chunk: int,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    quiet: bool,
    lang: str,
) -> None:
    """批量核查大量项目：SITES 为 GeoParquet、GeoPackage 或 FlatGeobuf；可中断，可继续。

    Screen very many sites: GeoParquet, GeoPackage or FlatGeobuf; can be stopped and taken up again.
    """
    options.day(as_of)
    pairs = pairs_of(sets)

    import json

    from lianzhou_gis.batch import run_batch
    from lianzhou_gis.formats import read_facts

    try:
        found = run_batch(
            sites,
            catalog,
            out,
            layer=layer,
            crs=crs,
            datum=datum,
            facts=read_facts(facts_file) if facts_file else None,
            sets=pairs,
            as_of=as_of,
            themes=[theme.strip() for theme in themes.split(",")] if themes is not None else None,
            chunk=chunk,
            workers=workers,
            scheduler=scheduler,
            progress=_ProgressLine(lang, quiet),
        )
    except KeyboardInterrupt:
        text = "已停止；用同一命令继续" if lang == "zh" else "stopped; the same command continues"
        click.echo(f"\n{text}: {out}", err=True)
        sys.exit(130)
    if as_json:
        click.echo(json.dumps(found.summary, ensure_ascii=False, indent=1))
    else:
        zh = f"{found.sites:,} 个项目，其中 {found.failed:,} 个无法核查（已列为缺项）；结果文件夹（内部使用）"
        en = f"{found.sites:,} sites, {found.failed:,} of them could not be screened (gaps); folder (restricted)"
        click.echo(f"{zh if lang == 'zh' else en}: {out}")
    if found.faults:
        sys.exit(FAULT)
