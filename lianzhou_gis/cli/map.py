"""``lianzhou-gis map``: the map of a run folder, or of the layers of a catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import FormatError

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["map"]


@click.command(name="map")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--layers",
    "catalog",
    is_flag=False,
    flag_value="layers/layers.yaml",
    type=click.Path(path_type=Path),
    help="不要项目，只画图层目录 / the layers of this catalog, without any site",
)
@options.date_option
@click.option("--themes", help="只画这些主题，逗号分隔（与 --layers 或 --figure 同用）/ only these themes")
@click.option("--to", type=click.Path(path_type=Path), help="输出文件，默认 RUN/map.html / output file")
@click.option(
    "--basemap",
    metavar="NAME|FILE",
    help="底图：tianditu、tianditu-image、tianditu-terrain，或 .mbtiles、.pmtiles、.tif 文件 / ground under the zones",
)
@click.option("--key", envvar="TIANDITU_KEY", help="天地图密钥 / your own key of Tianditu")
@click.option("--basemap-datum", type=click.Choice(["gcj02"]), help="底图为 GCJ-02 / the basemap is in GCJ-02")
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    help="不写网页，改写 A4 图件：.png、.svg 或 .pdf / a figure on A4 instead of the page",
)
@click.option(
    "--site", metavar="ID", help="图件只围绕该项目，附位置图（与 --figure 同用）/ the figure is about this site"
)
@click.option("--font", type=click.Path(path_type=Path), help="图件所用的字体文件 / font file for the figure")
@options.altered
@options.lang
@options.guarded
def map(
    run: Path | None,
    catalog: Path | None,
    as_of: str | None,
    themes: str | None,
    to: Path | None,
    basemap: str | None,
    key: str | None,
    basemap_datum: str | None,
    figure: Path | None,
    site: str | None,
    font: Path | None,
    altered: bool,
    lang: str,
) -> None:
    """由结果文件夹或图层目录生成地图（单个 HTML 文件，不联网）。

    Make the map of a run folder or of a catalog: one HTML file that needs no network.
    """
    if (run is None) == (catalog is None):
        raise FormatError.from_code("map_source_missing")
    options.day(as_of)
    wanted = [theme.strip() for theme in themes.split(",")] if themes else None
    if figure is not None:
        _figure(figure, run, catalog, as_of=as_of, site=site, wanted=wanted, font=font, altered=altered)
        click.echo(str(figure))
        return
    if site is not None or font is not None:
        raise FormatError.from_code("figure_options_alone")

    from lianzhou_gis.maps import basemap as ground
    from lianzhou_gis.maps import catalog_map, page, payload, with_basemap
    from lianzhou_gis.runs import Run

    opened = None
    if run is not None:
        opened = Run.open(run, altered=altered, remakes="map.html")
        options.note_state(opened, lang)
        data, target = payload(opened), to or _place(run, opened)
    else:
        assert catalog is not None
        data, target = catalog_map(catalog, as_of=as_of, themes=wanted), to or Path("map-layers.html")
    base = ground(basemap, data["bounds"], key=key, gcj02=basemap_datum == "gcj02") if basemap else None
    target.parent.mkdir(exist_ok=True)
    target.write_text(page(with_basemap(data, base)), encoding="utf-8")
    if run is not None and opened is not None and not opened.alterations:
        from lianzhou_gis.runs.seal import reseal

        reseal(run, opened.document, target)
    click.echo(str(target))


def _place(run: Path, opened: Run) -> Path:
    """Return the place of the map of a run: beside its documents where the folder must stay as it is."""
    from lianzhou_gis.runs.seal import DERIVED, SIGNATURE

    sealed = opened.alterations or (run / SIGNATURE).exists()
    return run / DERIVED / "map.html" if sealed else run / "map.html"


def _figure(
    target: Path,
    run: Path | None,
    catalog: Path | None,
    *,
    as_of: str | None,
    site: str | None,
    wanted: list[str] | None,
    font: Path | None,
    altered: bool,
) -> None:
    from lianzhou_gis.maps.figures import figure, layers_figure, refuse_other, write_figure
    from lianzhou_gis.runs import Run

    refuse_other(target)
    if run is not None:
        drawn = figure(Run.open(run, altered=altered), site, themes=wanted, font=font)
    elif site is not None:
        raise FormatError.from_code("figure_site_without_run")
    else:
        assert catalog is not None
        drawn = layers_figure(catalog, as_of=as_of, themes=wanted, font=font)
    write_figure(drawn, target)
