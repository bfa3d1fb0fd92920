"""``lianzhou-gis screen``: sites in, verdicts out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from lianzhou_gis.cli import options
from lianzhou_gis.cli.usage import FAULT
from lianzhou_gis.errors import FormatError, did_you_mean
from lianzhou_gis.progress import default_counter, default_progress
from lianzhou_gis.vocabulary import GapReason, Verdict

if TYPE_CHECKING:
    from lianzhou_gis.formats import FactsFile
    from lianzhou_gis.result import Result

__all__ = ["pairs_of", "screen"]


def pairs_of(texts: tuple[str, ...]) -> dict[str, str]:
    """Return the facts given by ``--set``."""
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise FormatError.from_code("fact_option_malformed", text=text)
        pairs[key.strip()] = value.strip()
    return pairs


def with_answers(known: FactsFile | None, answers: FactsFile) -> FactsFile:
    """Return facts overridden by the answers of an applicant."""
    from lianzhou_gis.formats import FactsFile

    before = known or FactsFile()
    sites = dict(before.sites)
    for site_id, given in answers.sites.items():
        sites[site_id] = {**sites.get(site_id, {}), **given}
    return FactsFile(all=before.all, sites=sites, name=answers.name)


def finish(
    result: Result,
    *,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    lang: str,
    quiet: bool,
    shown: Sequence[str] = (),
) -> None:
    """Write and print the result.

    Parameters
    ----------
    shown : sequence of str
        Sites whose card is printed, of several.
    """
    if out is not None:
        default_progress(lang, quiet=quiet)("writing")
        result.save(out, overwrite=overwrite)
    if as_json:
        from lianzhou_gis.runs import as_document

        click.echo(json.dumps(as_document(result), ensure_ascii=False, indent=1))
    elif not quiet:
        _show(result, shown, lang)
    if out is not None and not quiet:
        name = "结果文件夹（内部使用）" if lang == "zh" else "Run folder (restricted)"
        click.echo(f"{name}: {out}", err=as_json)


def _show(result: Result, shown: Sequence[str], lang: str) -> None:
    """Print the card of a single site, or one line each and the cards that were asked for."""
    from lianzhou_gis.cli.site_card import site_card, sites_lines
    from lianzhou_gis.cli.tables import summary

    ids = list(result.assessment.answers)
    unknown = sorted(set(shown) - set(ids))
    if unknown:
        zh, en = did_you_mean(unknown[0], ids)
        raise FormatError(f"--site：没有编号为 {unknown[0]} 的项目{zh}", f"--site: there is no site {unknown[0]}{en}")
    window = options.console()
    if len(ids) > 1:
        window.print(sites_lines(result, lang))
    for site_id in ids if len(ids) == 1 else shown:
        window.print(site_card(result, site_id, lang), end="")
    if len(ids) > 1 and not shown:
        window.print("各项目详情：--site 编号" if lang == "zh" else "Details of a site: --site ID")
    window.print(summary(result, lang))


def leave(result: Result, fail_on: str | None) -> None:
    """Leave with exit code 3 if the program failed on a site, with 1 if one reaches the verdict of ``--fail-on``."""
    failed = [gap.site_id for gap in result.sites_in.gaps if gap.reason is GapReason.INTERNAL_ERROR]
    if failed:
        sys.exit(FAULT)
    if fail_on is not None:
        worst = {answer.worst_possible for answer in result.assessment.answers.values()}
        if any(not Verdict(fail_on).stricter_than(verdict) for verdict in worst):
            sys.exit(1)


@click.command()
@click.argument("sites", nargs=-1, required=True)
@options.catalog
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), help="项目信息 YAML/JSON / file of facts")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="一条项目信息，可重复 / one fact, repeatable")
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="填好的信息填报表 XLSX 或答题表 YAML / sheet filled in, XLSX or YAML (rules facts --for)",
)
@click.option("--ask", "asking", is_flag=True, help="在终端逐项提问 / ask in the terminal what is open")
@click.option(
    "--site", "shown", multiple=True, metavar="ID", help="多个项目时显示其详情 / details of this site, of several"
)
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
@click.option("--compare", is_flag=True, help="各方案并列比较；有 --out 时另存 PDF、XLSX / the sites side by side")
@click.option(
    "--report", "reports", help="同时写出文件，如 form,letter（须有 --out）/ also write documents, with --out"
)
@click.option(
    "--register",
    envvar="LIANZHOU_GIS_REGISTER",
    help="登记到此库：SQLite 文件或 postgresql:// 地址（须有 --out）/ enter the run in this register",
)
@options.json_option
@click.option(
    "--fail-on",
    type=click.Choice([verdict.value for verdict in Verdict]),
    help="可能适用的最严结论达到或严于此项时退出码为 1 / exit 1 at this worst_possible or stricter",
)
@options.lang
@options.guarded
def screen(
    sites: tuple[str, ...],
    catalog: Path,
    facts_file: Path | None,
    sets: tuple[str, ...],
    answers: Path | None,
    asking: bool,
    shown: tuple[str, ...],
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
    compare: bool,
    reports: str | None,
    register: str | None,
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
    kinds = _kinds(reports, out)

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.findings import read_overrides
    from lianzhou_gis.formats import read_facts, read_sites
    from lianzhou_gis.geodesy import Region
    from lianzhou_gis.screening import screen as run

    entries = Catalog.open(catalog)
    region = Region(entries.region.name, entries.region.bounds) if entries.region.bounds else None
    given: Any = list(sites) if len(sites) > 1 else sites[0]
    reading = partial(
        read_sites, given, layer=layer, crs=crs, datum=datum, region=region, accuracy_m=accuracy, points=points
    )
    read = reading(corridor_width_m=corridor_width)
    if asking:
        from lianzhou_gis.cli.answers import ask, ask_width

        if (width := ask_width(read, lang)) is not None:
            read = reading(corridor_width_m=width)
    chosen = [theme.strip() for theme in themes.split(",")] if themes is not None else None
    known = read_facts(facts_file) if facts_file else None
    if answers is not None:
        known = with_answers(known, _read_answers(answers, lang))
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
    if asking:
        from lianzhou_gis.formats import FactsFile

        def again(given: dict[str, dict[str, Any]]) -> Result:
            facts = with_answers(known, FactsFile({}, given, known.name if known else "answers"))
            return run(read, entries, facts=facts, sets=pairs, as_of=as_of, themes=chosen, overrides=judged)

        result = ask(result, again, lang)
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
        lang=lang,
        quiet=against is not None or compare,
        shown=shown,
    )
    if compare or kinds:
        _write_documents(result, out, kinds, compare=compare, lang=lang)
    if register is not None and out is not None:
        from lianzhou_gis.cli.runs import open_register

        open_register(register).add(out)
    leave(result, fail_on)


def _kinds(reports: str | None, out: Path | None) -> list[str]:
    """Return the kinds of documents that are asked for, checked before anything is screened."""
    if reports is None:
        return []
    from lianzhou_gis.reports.api import chosen_formats

    if out is None:
        raise FormatError.from_code("report_without_out")
    kinds = [kind.strip() for kind in reports.split(",")]
    for kind in kinds:
        chosen_formats(kind, None)
    return kinds


def _write_documents(result: Result, out: Path | None, kinds: list[str], *, compare: bool, lang: str) -> None:
    """Write documents into the run folder; with ``compare`` print the sites side by side."""
    from lianzhou_gis.reports.alternatives import comparison_rows
    from lianzhou_gis.reports.api import write_alternatives, write_reports
    from lianzhou_gis.reports.site_view import RunView, SiteView
    from lianzhou_gis.runs import Run
    from lianzhou_gis.runs.seal import DERIVED

    run = Run.of(result)
    if compare:
        from lianzhou_gis.cli.tables import plain_table

        view = RunView(run)
        views = [SiteView(view, name) for name in view.sites]
        table = plain_table(("", *view.sites), comparison_rows(views, lang))
        table.show_lines = True
        options.console().print(table)
    if out is None:
        return
    if compare:
        for path in write_alternatives(run, out / DERIVED):
            click.echo(str(path), err=True)
    for kind in kinds:
        for path in write_reports(run, out / DERIVED, kind=kind, progress=default_counter(lang)):
            click.echo(str(path), err=True)


def _read_answers(path: Path, lang: str) -> FactsFile:
    """Return the answers of a sheet: a table of an applicant, or a file of ``rules facts --for``."""
    from lianzhou_gis.formats import FactsFile

    if path.suffix.lower() not in (".yaml", ".yml"):
        from lianzhou_gis.reports.answer_sheet import read_answer_sheet

        return read_answer_sheet(path)
    from lianzhou_gis.cli.answers import read_answers
    from lianzhou_gis.rulebook import Rulebook

    sheet, stale = read_answers(path, Rulebook.load())
    words = "清单已更新，下列“无此情形”须重新确认" if lang == "zh" else "the list has changed; to be confirmed anew"
    for entry in stale:
        click.echo(f"{words}: {entry}", err=True)
    return FactsFile({}, sheet["sites"], path.name)


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
