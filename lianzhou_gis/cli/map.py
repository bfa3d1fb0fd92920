"""``lianzhou-gis map``: the map of a run folder."""

from __future__ import annotations

from pathlib import Path

import click

from lianzhou_gis.cli import options

__all__ = ["map"]


@click.command(name="map")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), help="输出文件，默认 RUN/map.html / output file")
@options.lang
@options.guarded
def map(run: Path, to: Path | None, lang: str) -> None:
    """由结果文件夹生成地图（单个 HTML 文件，不联网）。

    Make the map of a run folder: one HTML file that needs no network.
    """
    from lianzhou_gis.maps import map_page
    from lianzhou_gis.runs import Run

    target = to or run / "map.html"
    target.write_text(map_page(Run.open(run)), encoding="utf-8")
    click.echo(str(target))
