"""``lianzhou-gis demo``: the demo sites against the demo layers."""

from __future__ import annotations

from pathlib import Path

import click

from lianzhou_gis.cli import options
from lianzhou_gis.progress import default_progress

__all__ = ["demo"]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="结果文件夹 / run folder")
@click.option("--overwrite", is_flag=True, help="覆盖已有结果 / replace an earlier run")
@options.date_option
@options.json_option
@click.option("--quiet", is_flag=True, help="只写文件 / write only")
@options.lang
@options.guarded
def demo(out: Path | None, overwrite: bool, as_of: str | None, as_json: bool, quiet: bool, lang: str) -> None:
    """核查演示项目。演示数据均为合成，不是连州市的真实区划。

    Screen the demo sites. All demo data is synthetic, none of it shows Lianzhou's real zones.
    """
    options.day(as_of)

    from lianzhou_gis.cli.screen import finish, leave
    from lianzhou_gis.formats import read_facts, read_sites
    from lianzhou_gis.resources import demo_folder
    from lianzhou_gis.screening import screen

    folder = demo_folder()
    result = screen(
        read_sites(folder / "demo" / "sites" / "sites.gpkg"),
        folder / "layers.yaml",
        facts=read_facts(folder / "demo" / "sites" / "facts.yaml"),
        as_of=as_of,
        progress=default_progress(lang, quiet=quiet),
    )
    finish(result, out=out, overwrite=overwrite, as_json=as_json, lang=lang, quiet=quiet)
    leave(result, None)
