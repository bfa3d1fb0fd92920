"""``lianzhou-gis screen``: sites in, verdicts out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import FactError
from lianzhou_gis.progress import default_progress
from lianzhou_gis.vocabulary import Verdict

if TYPE_CHECKING:
    from lianzhou_gis.result import Result

__all__ = ["pairs_of", "screen"]


def pairs_of(texts: tuple[str, ...]) -> dict[str, str]:
    """Return the facts given by ``--set``."""
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise FactError.from_code("fact_option_malformed", text=text)
        pairs[key.strip()] = value.strip()
    return pairs


def finish(
    result: Result, *, out: Path | None, overwrite: bool, as_json: bool, fail_on: str | None, lang: str, quiet: bool
) -> None:
    """Write and print the result; exit with 1 if a verdict reaches ``fail_on``."""
    if out is not None:
        default_progress(lang, quiet=quiet)("writing")
        result.save(out, overwrite=overwrite)
    if as_json:
        from lianzhou_gis.runs import as_document

        click.echo(json.dumps(as_document(result), ensure_ascii=False, indent=1))
    elif not quiet:
        from lianzhou_gis.cli.question_list import questions_text
        from lianzhou_gis.cli.tables import sites_table, summary

        window = options.console()
        window.print(sites_table(result, lang))
        questions = questions_text(result, lang)
        if questions is not None:
            window.print(questions)
        window.print(summary(result, lang))
    if out is not None and not quiet:
        name = "结果文件夹（内部使用）" if lang == "zh" else "Run folder (restricted)"
        click.echo(f"{name}: {out}", err=as_json)
    if fail_on is not None:
        worst = {answer.worst_possible for answer in result.assessment.answers.values()}
        if any(not Verdict(fail_on).stricter_than(verdict) for verdict in worst):
            sys.exit(1)


@click.command()
@click.argument("sites", nargs=-1, required=True)
@options.catalog
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), help="项目信息 YAML/JSON / file of facts")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="一条项目信息，可重复 / one fact, repeatable")
@click.option("--layer", help="文件中有多个图层时指明一个 / which layer of a file that holds several")
@click.option("--crs", help="坐标系，如 EPSG:4525 / reference system of the sites")
@click.option(
    "--datum", type=click.Choice(["wgs84", "cgcs2000", "gcj02", "bd09"]), help="经纬度的基准 / datum of lon/lat"
)
@click.option("--corridor-width", type=float, metavar="M", help="线性工程的走廊宽度（米）/ width of lines, metres")
@click.option(
    "--accuracy", type=float, metavar="M", help="界址精度（米，限差）/ accuracy of the borders, metres, a limit"
)
@click.option(
    "--points",
    type=click.Choice(["footprint", "outfall"]),
    default="footprint",
    help="点位是用地还是排污口 / what a site given as a point is",
)
@options.date_option
@click.option("--against", metavar="DATE", help="与另一基准日比较，只列变化及原因 / list only what flips, and why")
@click.option("--themes", help="只核查这些主题，逗号分隔 / only these themes, comma separated")
@click.option("--overrides", type=click.Path(path_type=Path), help="人工判断 YAML/JSON / file of judgements")
@click.option("--out", type=click.Path(path_type=Path), help="结果文件夹；不给则不写文件 / run folder")
@click.option("--overwrite", is_flag=True, help="覆盖已有结果 / replace an earlier run")
@options.json_option
@click.option(
    "--fail-on",
    type=click.Choice([verdict.value for verdict in Verdict]),
    help="最坏可能达到或严于此结论时退出码为 1 / exit 1 at this worst_possible or stricter",
)
@options.lang
@options.guarded
def screen(
    sites: tuple[str, ...],
    catalog: Path,
    facts_file: Path | None,
    sets: tuple[str, ...],
    layer: str | None,
    crs: str | None,
    datum: str | None,
    corridor_width: float | None,
    accuracy: float | None,
    points: Literal["footprint", "outfall"],
    as_of: str | None,
    against: str | None,
    themes: str | None,
    overrides: Path | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    fail_on: str | None,
    lang: str,
) -> None:
    """核查项目选址：SITES 为界址点 TXT、拐点坐标表（XLSX、CSV）、DXF、KML、Shapefile、GeoPackage、FileGDB 等。

    Screen proposed sites: parcel TXT, tables of corners (XLSX, CSV), DXF, KML, Shapefile, GeoPackage, FileGDB ...
    """
    options.day(as_of)
    options.day(against, "--against")
    pairs = pairs_of(sets)

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.findings import read_overrides
    from lianzhou_gis.formats import read_facts, read_sites
    from lianzhou_gis.geodesy import Region
    from lianzhou_gis.screening import screen as run

    entries = Catalog.open(catalog)
    region = Region(entries.region.name, entries.region.bounds) if entries.region.bounds else None
    given: Any = list(sites) if len(sites) > 1 else sites[0]
    read = read_sites(
        given,
        layer=layer,
        crs=crs,
        datum=datum,
        region=region,
        corridor_width_m=corridor_width,
        accuracy_m=accuracy,
        points=points,
    )
    chosen = [theme.strip() for theme in themes.split(",")] if themes is not None else None
    known = read_facts(facts_file) if facts_file else None
    judged = read_overrides(overrides) if overrides else ()
    result = run(
        read,
        entries,
        facts=known,
        sets=pairs,
        as_of=as_of,
        themes=chosen,
        overrides=judged,
        progress=default_progress(lang),
    )
    if against is not None:
        other = run(
            read, entries, facts=known, sets=pairs, as_of=against, themes=chosen, progress=default_progress(lang)
        )
        _tell_flips(result, other, as_json=as_json, lang=lang)
    finish(
        result,
        out=out,
        overwrite=overwrite,
        as_json=as_json and against is None,
        fail_on=fail_on,
        lang=lang,
        quiet=against is not None,
    )


def _tell_flips(result: Result, other: Result, *, as_json: bool, lang: str) -> None:
    """Print only what flips between the two days, and why."""
    from lianzhou_gis.cli.flips import flips_document, flips_table, flips_text
    from lianzhou_gis.compare import flips

    found = flips(result, other)
    first, second = sorted((result.as_of, other.as_of))
    if as_json:
        click.echo(json.dumps(flips_document(found, (first, second)), ensure_ascii=False, indent=1))
        return
    window = options.console()
    window.print(flips_table(found, (first, second), lang))
    window.print(flips_text(found, len(result.sites_in), lang))
