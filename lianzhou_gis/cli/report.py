"""``lianzhou-gis report``: the documents of a run folder."""

from __future__ import annotations

from pathlib import Path

import click

from lianzhou_gis.cli import options
from lianzhou_gis.progress import default_counter, default_progress

__all__ = ["report"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--site", "sites", multiple=True, metavar="ID", help="只写该项目，可重复 / only this site, repeatable")
@click.option(
    "--kind",
    type=click.Choice(["form", "annex", "letter", "chapters", "boundary"]),
    default="form",
    show_default=True,
    help="初筛表、附表、补充信息函、论证报告章节、边界文件 / which document",
)
@click.option("--format", "formats", help="docx、pdf、xlsx、shp、txt、dxf，逗号分隔 / formats, comma separated")
@click.option("--out", type=click.Path(path_type=Path), help="输出文件夹，默认 RUN/reports / output folder")
@click.option("--particulars", type=click.Path(path_type=Path), help="项目代码、建设单位等 YAML / entries of the form")
@click.option(
    "--survey", type=click.Choice(["初步调查", "详细调查"]), default="初步调查", help="边界文件的调查阶段 / stage"
)
@click.option("--encoding", type=click.Choice(["UTF-8", "GBK"]), default="UTF-8", help="边界文件编码 / of the boundary")
@options.altered
@options.lang
@options.guarded
def report(
    run: Path,
    sites: tuple[str, ...],
    kind: str,
    formats: str | None,
    out: Path | None,
    particulars: Path | None,
    survey: str,
    encoding: str,
    altered: bool,
    lang: str,
) -> None:
    """由结果文件夹写出初筛表等文件（DOCX 供编辑，PDF 供归档）。

    Write the documents of a run folder: DOCX to edit, PDF to file, XLSX, boundary files.
    """
    from lianzhou_gis.reports.api import ReportOptions, chosen_formats, write_reports
    from lianzhou_gis.reports.particulars import read_particulars
    from lianzhou_gis.runs import Run
    from lianzhou_gis.runs.seal import DERIVED

    wanted = [name.strip() for name in formats.split(",")] if formats is not None else None
    chosen_formats(kind, wanted)
    given = read_particulars(particulars) if particulars is not None else None
    opened = Run.open(run, altered=altered)
    options.note_state(opened, lang)
    step = default_progress(lang)
    step("writing")
    for path in write_reports(
        opened,
        out or run / DERIVED,
        kind=kind,
        formats=wanted,
        sites=sites or None,
        options=ReportOptions(particulars=given, survey=survey, encoding=encoding),  # type: ignore[arg-type]
        progress=default_counter(lang),
    ):
        click.echo(str(path))
