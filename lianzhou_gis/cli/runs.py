"""``lianzhou-gis runs``: the register of runs, keys and signatures, and runs that must be made again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options
from lianzhou_gis.progress import default_progress
from lianzhou_gis.vocabulary import Verdict, label

if TYPE_CHECKING:
    from datetime import date

    from lianzhou_gis.runs.register import DueRun, Register, RegisteredRun, RegisteredSite

__all__ = ["runs"]

_DEFAULT = "runs/register.sqlite"
place = click.option(
    "--register",
    "place",
    envvar="LIANZHOU_GIS_REGISTER",
    default=_DEFAULT,
    show_default=True,
    help="登记库：SQLite 文件，或 postgresql:// 地址 / file, or URL of PostgreSQL",
)


def open_register(place: str) -> Register:
    """Open a register.

    Raises
    ------
    MissingExtraError
        If SQLAlchemy is not installed.
    """
    from lianzhou_gis.errors import extra

    extra("sqlalchemy", "register")
    from lianzhou_gis.runs.register import Register

    return Register(place)


@click.group()
def runs() -> None:
    """核查登记：列出、查找、导出、到期重核、签名。

    Register of runs: list, find, export, runs that are due, signatures.
    """


@runs.command(name="list")
@place
@options.json_option
@options.lang
@options.guarded
def list_runs(place: str, as_json: bool, lang: str) -> None:
    """列出已登记的核查。 List the runs."""
    found = open_register(place).runs()
    _print_runs(found, as_json=as_json, lang=lang)


def _print_runs(found: list[RegisteredRun], *, as_json: bool, lang: str) -> None:
    if as_json:
        click.echo(json.dumps([asdict(run) for run in found], ensure_ascii=False, indent=1))
        return
    from lianzhou_gis.cli.tables import plain_table

    heads = ("运行号", "基准日", "重核期限", "区域", "规则库", "文件夹") if lang == "zh" else (
        "Run", "Day", "Recheck by", "Region", "Rulebook", "Folder")  # fmt: skip
    rows = [(run.run_id, run.as_of, run.recheck_by, run.region, run.rulebook, Path(run.folder).name) for run in found]
    options.console().print(plain_table(heads, rows))


def _print_sites(found: list[RegisteredSite], *, as_json: bool, lang: str) -> None:
    if as_json:
        click.echo(json.dumps([asdict(site) for site in found], ensure_ascii=False, indent=1))
        return
    from lianzhou_gis.cli.tables import plain_table

    heads = ("项目", "名称", "结论", "最严可能", "基准日", "运行号") if lang == "zh" else (
        "Site", "Name", "Verdict", "Worst possible", "Day", "Run")  # fmt: skip
    rows = [
        (
            site.site_id, site.name or "", site.label_zh if lang == "zh" else site.label_en,
            label("verdict", site.worst_possible)[lang], site.as_of, site.run_id,
        )
        for site in found
    ]  # fmt: skip
    options.console().print(plain_table(heads, rows))


@runs.command()
@click.argument("run")
@place
@options.json_option
@options.lang
@options.guarded
def show(run: str, place: str, as_json: bool, lang: str) -> None:
    """显示一次核查的项目；RUN 为运行号或其开头。 Show the sites of a run, by its id or the beginning of it."""
    found, sites = open_register(place).run(run)
    if as_json:
        click.echo(
            json.dumps({**asdict(found), "sites": [asdict(site) for site in sites]}, ensure_ascii=False, indent=1)
        )
        return
    _print_runs([found], as_json=False, lang=lang)
    _print_sites(sites, as_json=False, lang=lang)


@runs.command()
@click.argument("text", default="")
@click.option("--verdict", type=click.Choice([verdict.value for verdict in Verdict]), help="最严可能 / worst possible")
@place
@options.json_option
@options.lang
@options.guarded
def find(text: str, verdict: str | None, place: str, as_json: bool, lang: str) -> None:
    """按项目编号或名称查找。 Find sites by id or name."""
    _print_sites(open_register(place).find(text, verdict=verdict), as_json=as_json, lang=lang)


@runs.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@place
@options.lang
@options.guarded
def add(folders: tuple[Path, ...], place: str, lang: str) -> None:
    """登记结果文件夹。 Enter run folders."""
    register = open_register(place)
    for folder in folders:
        click.echo(register.add(folder))


@runs.command()
@click.argument("file", type=click.Path(path_type=Path))
@place
@options.lang
@options.guarded
def export(file: Path, place: str, lang: str) -> None:
    """导出整个登记库（JSON）。 Export the whole register as JSON."""
    file.write_text(json.dumps(open_register(place).export(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    click.echo(str(file))


@runs.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@place
@options.lang
@options.guarded
def import_(file: Path, place: str, lang: str) -> None:
    """导入另一登记库的导出文件。 Enter what another register exported."""
    count = open_register(place).import_(file)
    click.echo(f"已登记 {count} 次核查" if lang == "zh" else f"Entered {count} runs")


def _due(place: str, catalog: Path | None, today: str | None, lang: str) -> tuple[list[DueRun], date]:
    from lianzhou_gis.rulebook import Rulebook, day_of

    day, layers = day_of(options.day(today, "--today")), None
    if catalog is not None:
        from lianzhou_gis.screening import Screener

        prepared = Screener.prepare(catalog, as_of=day, progress=default_progress(lang))
        layers = {layer.entry.id: layer.sha256 for layer in prepared.layers.layers}
    return open_register(place).due(day, layers=layers, rulebook_sha256=Rulebook.load().sha256), day


@runs.command()
@click.option(
    "--layers", "catalog", type=click.Path(path_type=Path), help="图层目录；给出则比较图层 / compare the layers"
)
@click.option("--today", metavar="DATE", help="默认今天 / default today")
@place
@options.json_option
@options.lang
@options.guarded
def due(catalog: Path | None, today: str | None, place: str, as_json: bool, lang: str) -> None:
    """须重新核查的：已过期限，或所依据的图层、规则已更新。 Runs that must be made again, and why."""
    found, _ = _due(place, catalog, today, lang)
    if as_json:
        records = [{**asdict(item.run), "reasons": list(item.reasons)} for item in found]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    for item in found:
        click.echo(
            f"{item.run.run_id} {item.run.as_of} {Path(item.run.folder).name}："
            + "；".join(why[lang] for why in item.reasons)
        )
    click.echo(f"{len(found)} 次核查须重做" if lang == "zh" else f"{len(found)} runs are due")


@runs.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option("--due", "only_due", is_flag=True, help="登记库中须重做的全部 / all that are due in the register")
@click.option("--layers", "catalog", type=click.Path(path_type=Path), default=Path("layers/layers.yaml"),
              show_default=True,
              help="图层目录 / catalog of layers")  # fmt: skip
@click.option("--today", metavar="DATE", help="默认今天 / default today")
@place
@options.json_option
@options.lang
@options.guarded
def rescreen(
    folders: tuple[Path, ...], only_due: bool, catalog: Path, today: str | None, place: str, as_json: bool, lang: str
) -> None:
    """按今天的法规和图层重新核查，只列结论有变化的项目。

    Screen again by the law and the layers of today; lists only what flips.
    """
    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.errors import LianzhouError
    from lianzhou_gis.runs.difference import compare_documents
    from lianzhou_gis.runs.document import as_document
    from lianzhou_gis.runs.folder import Run
    from lianzhou_gis.runs.repeat import repeat

    chosen = list(folders)
    day = options.day(today, "--today")
    if only_due:
        items, _ = _due(place, catalog, today, lang)
        chosen += [Path(item.run.folder) for item in items]
    opened = Catalog.open(catalog)
    records = []
    for folder in chosen:
        try:
            document = Run.open(folder).document
            again = as_document(repeat(folder, document, opened, as_of=day, progress=default_progress(lang)))
        except LianzhouError as error:
            click.echo(f"{folder.name}：{error.text(lang)}", err=True)
            records.append({"folder": folder.name, "error": {"zh": error.zh, "en": error.en}})
            continue
        found = compare_documents(document, again)
        records.append({"folder": folder.name, **found.record()})
        if not as_json:
            flips = [site for site in found.sites if site.verdict_changed]
            for site in flips:
                click.echo(
                    f"{folder.name} {site.site_id}：{(site.before or {}).get(lang)} → {(site.after or {}).get(lang)}"
                )
            total = len(document["sites"])
            click.echo(
                f"{folder.name}：{total} 个项目中 {len(flips)} 个结论有变化" if lang == "zh"
                else f"{folder.name}: {len(flips)} of {total} verdicts change"
            )  # fmt: skip
    if as_json:
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))


@runs.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.lang
@options.guarded
def key(file: Path, lang: str) -> None:
    """生成签名密钥（ed25519），打印公钥。 Make a key for signatures; prints the public key."""
    from lianzhou_gis.runs.signature import make_key

    click.echo(make_key(file))


@runs.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--key", "file", required=True, type=click.Path(path_type=Path), help="runs key 生成的文件 / the private key"
)
@click.option("--signer", required=True, help="签名的单位或人 / office or person")
@options.lang
@options.guarded
def sign(run: Path, file: Path, signer: str, lang: str) -> None:
    """为结果文件夹签名。 Sign a run folder."""
    from lianzhou_gis.runs.signature import sign_run

    click.echo(sign_run(run, file, signer=signer))
