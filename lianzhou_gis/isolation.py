"""Keeps a fault of one site to that site: the others are screened, and it is a gap of its own."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import Issue, LianzhouError
from lianzhou_gis.formats import SiteGap, Sites
from lianzhou_gis.result import Result
from lianzhou_gis.table import cells
from lianzhou_gis.vocabulary import GapReason

__all__ = ["fault_place", "screen_isolated"]

Screen = Callable[[Sites], Result]


def fault_place(error: BaseException) -> str:
    """Return the kind of an exception and where in this package it rose: ``TypeError, depth.py:120``.

    Examples
    --------
    >>> fault_place(ValueError("text that may hold private data"))
    'ValueError'
    """
    package = Path(__file__).parent
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(package)
    ]
    where = f", {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def screen_isolated(sites: Sites, run: Screen) -> Result:
    """Screen sites; a site for which an unexpected exception rises becomes a gap ``internal_error``.

    Parameters
    ----------
    sites : Sites
    run : callable
        Screens some sites.

    Raises
    ------
    LianzhouError, MemoryError
        Of the run, at once: they concern the input or the machine and no single site.
    Exception
        Of the run, where no single site is to blame.
    """
    try:
        return run(sites)
    except (LianzhouError, MemoryError):
        raise
    except Exception:
        failing = _failing(sites, np.arange(len(sites)), run)
        if not failing:
            raise
        result = run(_without_shapes(sites, failing))
    issues = [
        Issue.from_code("error", "internal_error", f"site {sites.columns['site_id'][row]}", reason=why)
        for row, why in failing.items()
    ]
    return replace(result, issues=(*result.issues, *issues))


def _failing(sites: Sites, rows: npt.NDArray[np.intp], run: Screen) -> dict[int, str]:
    """Return the rows of sites that fail when screened alone, found by halves, with the place of the fault."""
    try:
        run(_some(sites, rows))
    except (LianzhouError, MemoryError):
        raise
    except Exception as error:
        if len(rows) == 1:
            return {int(rows[0]): fault_place(error)}
        first, second = np.array_split(rows, 2)
        return _failing(sites, first, run) | _failing(sites, second, run)
    return {}


def _some(sites: Sites, rows: npt.NDArray[np.intp]) -> Sites:
    columns = sites.columns.take(rows)
    ids = set(columns["site_id"].tolist())
    return replace(
        sites,
        columns=columns,
        facts={name: row for name, row in sites.facts.items() if name in ids},
        gaps=tuple(gap for gap in sites.gaps if gap.site_id in ids),
        second=None,
    )


def _without_shapes(sites: Sites, failing: dict[int, str]) -> Sites:
    """Return sites of which the failing ones have no shape, and a gap that says why."""
    changed = {}
    for name in ("geometry", "outfall"):
        shapes = list(sites.columns[name])
        for row in failing:
            shapes[row] = None
        changed[name] = cells(shapes)
    gaps = [
        SiteGap(
            str(sites.columns["site_id"][row]),
            GapReason.INTERNAL_ERROR,
            Issue.from_code("error", "internal_error", "", reason=why).message,
        )
        for row, why in failing.items()
    ]
    return replace(sites, columns=sites.columns.assign(**changed), gaps=(*sites.gaps, *gaps))
