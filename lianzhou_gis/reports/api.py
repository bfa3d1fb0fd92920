"""Documents of a run, written to a folder: which kinds there are, in which formats, under which names."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from lianzhou_gis.errors import FormatError, did_you_mean
from lianzhou_gis.progress import Counter
from lianzhou_gis.reports.alternatives import comparison_paper, write_comparison
from lianzhou_gis.reports.annex import annex_blocks
from lianzhou_gis.reports.answer_sheet import write_answer_sheet
from lianzhou_gis.reports.boundary import (
    Encoding,
    Survey,
    overlap_dxf,
    overlap_shapefile,
    parcel_txt,
    platform_shapefile,
)
from lianzhou_gis.reports.chapters import chapters_paper
from lianzhou_gis.reports.content import Paper
from lianzhou_gis.reports.docx_writer import docx_bytes
from lianzhou_gis.reports.form import form_paper
from lianzhou_gis.reports.letter import letter_paper
from lianzhou_gis.reports.page_frame import Frame
from lianzhou_gis.reports.particulars import Particulars
from lianzhou_gis.reports.pdf_writer import pdf_bytes
from lianzhou_gis.reports.site_maps import SiteMaps
from lianzhou_gis.reports.site_view import RunView, SiteView
from lianzhou_gis.reports.workbook import write_run_workbook

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["FORMATS", "KINDS", "Kind", "ReportOptions", "write_alternatives", "write_reports"]

Kind = Literal["form", "annex", "letter", "chapters", "boundary"]
# Formats of each kind; those written by default stand first, up to the bar.
FORMATS: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "form": (("docx", "pdf"), ("xlsx",)),
    "annex": (("docx", "pdf"), ("xlsx",)),
    "letter": (("docx", "xlsx"), ("pdf",)),
    "chapters": (("docx",), ("pdf",)),
    "boundary": (("shp", "txt"), ("dxf",)),
}
KINDS: tuple[Kind, ...] = tuple(FORMATS)
_NAMES: dict[str, str] = {"form": "初筛表", "annex": "初筛表附表", "letter": "补充信息函", "chapters": "论证报告章节",
                           "boundary": "边界"}  # fmt: skip
_COMPARISON = "方案比较"
_WORKBOOK = "初筛结果.xlsx"
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]|^\.+|[. ]+$')


@dataclass(frozen=True)
class ReportOptions:
    """How documents are made.

    Attributes
    ----------
    particulars : mapping of site_id to Particulars
        The entry ``""`` holds for sites without one.
    today : datetime.date or None
        Default today in China.
    survey, encoding : str
        Of the boundary shapefile.
    """

    particulars: Mapping[str, Particulars] | None = None
    today: date | None = None
    survey: Survey = "初步调查"
    encoding: Encoding = "UTF-8"


def chosen_formats(kind: str, formats: Sequence[str] | None) -> tuple[str, ...]:
    """Return the formats to write, checked.

    Raises
    ------
    FormatError
        For an unknown kind, or a format that it does not have.
    """
    if kind not in FORMATS:
        raise FormatError.from_code("report_kind", kind=kind, guess=did_you_mean(kind, KINDS), kinds=KINDS)
    default, others = FORMATS[kind]
    if formats is None:
        return default
    wanted = tuple(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in (*default, *others)]
    if unknown or not wanted:
        raise FormatError.from_code("report_format", format=unknown, kind=kind, formats=(*default, *others))
    return wanted


def chosen_sites(run: Run, sites: Sequence[str] | None) -> list[str]:
    """Return the ids of the sites to write, checked.

    Raises
    ------
    FormatError
        For a site that the run does not have.
    """
    known = [str(site["site_id"]) for site in run.document["sites"]]
    if sites is None:
        return known
    for name in sites:
        if name not in known:
            raise FormatError.from_code("report_site", site=name, guess=did_you_mean(name, known))
    return list(dict.fromkeys(sites))


def file_stem(site_id: str, taken: set[str]) -> str:
    """Return a file name for a site id, its own for each id.

    Examples
    --------
    >>> file_stem("../a b", set()), file_stem("A", {"a"})
    ('__a b', 'A-2')
    """
    stem = _UNSAFE.sub("_", site_id)[:80] or "_"
    name, number = stem, 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.casefold())
    return name


def _written(path: Path, content: bytes) -> Path:
    """Write a file so that no half of it is ever seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        draft = Path(name)
        draft.chmod(0o644)
        draft.replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _written_by(path: Path, write: Callable[[Path], object]) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        write(draft)
        return _written(path, draft.read_bytes())


def write_reports(
    run: Run,
    folder: str | Path,
    *,
    kind: str = "form",
    formats: Sequence[str] | None = None,
    sites: Sequence[str] | None = None,
    options: ReportOptions | None = None,
    progress: Counter | None = None,
) -> Iterator[Path]:
    """Write documents of a run, one for each site and format, and yield the path of each as it is written.

    Parameters
    ----------
    run : Run
    folder : path
        Made where it does not exist; files in it are replaced.
    kind : {"form", "annex", "letter", "chapters", "boundary"}
    formats : sequence of str, optional
        Default those that the kind is filed in; see :data:`FORMATS`. An ``xlsx`` of forms is one workbook of all
        sites.
    sites : sequence of str, optional
        Default all of them.
    options : ReportOptions, optional
    progress : callable, optional
        Called after every site with how many are done, and of how many.

    Raises
    ------
    FormatError
        For an unknown kind, format or site, or a site that cannot be written so.
    MissingExtraError
        If the extra ``reports`` is not installed.
    """
    given = options or ReportOptions()
    wanted, names = chosen_formats(kind, formats), chosen_sites(run, sites)
    today = given.today or datetime.now(ZoneInfo("Asia/Shanghai")).date()
    frame = Frame(run, today, outward=kind == "letter")
    view, maps, target = RunView(run), SiteMaps(run, names), Path(folder)
    particulars = given.particulars or {}
    shared = particulars.get("", Particulars())
    for name in particulars:
        if name and name not in view.sites:
            raise FormatError.from_code("report_site", site=name, guess=did_you_mean(name, view.sites))
    views = [SiteView(view, name, particulars.get(name, shared)) for name in names]
    if kind in ("form", "annex") and "xlsx" in wanted and views:
        yield _written_by(target / _WORKBOOK, lambda path: write_run_workbook(path, views, frame))
    taken: set[str] = set()
    for number, site in enumerate(views):
        if progress is not None and number:
            progress(number, len(views))
        stem = f"{file_stem(site.site_id, taken)}-{_NAMES[kind]}"
        if kind == "boundary":
            yield from _boundary(site, target, stem, wanted, given)
            continue
        # A workbook of a thousand sites needs no page of any.
        paper = _paper(kind, site, maps, frame) if {"docx", "pdf"} & set(wanted) else None
        if paper is not None and "docx" in wanted:
            yield _written(target / f"{stem}.docx", docx_bytes(paper))
        if paper is not None and "pdf" in wanted:
            yield _written(target / f"{stem}.pdf", pdf_bytes(paper))
        if kind == "letter" and "xlsx" in wanted:
            yield _written_by(target / f"{stem}.xlsx", lambda path, site=site: write_answer_sheet(path, site, frame))  # type: ignore[misc]
    if progress is not None:
        progress(len(views), len(views))


def write_alternatives(run: Run, folder: str | Path, *, today: date | None = None) -> list[Path]:
    """Write the sites of a run side by side as PDF and XLSX, and return the paths."""
    frame = Frame(run, today or datetime.now(ZoneInfo("Asia/Shanghai")).date())
    view, target = RunView(run), Path(folder)
    views = [SiteView(view, name) for name in view.sites]
    return [
        _written(target / f"{_COMPARISON}.pdf", pdf_bytes(comparison_paper(views, frame))),
        _written_by(target / f"{_COMPARISON}.xlsx", lambda path: write_comparison(path, views, frame)),
    ]


def _paper(kind: str, site: SiteView, maps: SiteMaps, frame: Frame) -> Paper:
    if kind == "form":
        return form_paper(site, maps, frame, annex_blocks(site))
    if kind == "annex":
        return frame.paper(f"{_NAMES['annex']}", annex_blocks(site)[1:], subject=site.name)
    if kind == "letter":
        return letter_paper(site, frame)
    return chapters_paper(site, maps, frame)


def _boundary(site: SiteView, folder: Path, stem: str, formats: Sequence[str], given: ReportOptions) -> Iterator[Path]:
    place = folder / stem
    if "shp" in formats:
        if site.particulars.plot_code:
            name, content = platform_shapefile(site, survey=given.survey, encoding=given.encoding)
            yield _written(place / name, content)
        name, content = overlap_shapefile(site, encoding=given.encoding)
        yield _written(place / name, content)
    if "txt" in formats:
        yield _written_by(place / "界址点.txt", lambda path: parcel_txt(site, path))
    if "dxf" in formats:
        yield _written(place / "红线与占用.dxf", overlap_dxf(site))
