"""Rules that apply to sites through zones, decided on the ground of each rule: the union of its zones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lianzhou_gis.findings.rules_in_force import Doubt
from lianzhou_gis.overlay import LayerIndex, Overlay

__all__ = ["Applications", "decide_on_grounds"]

Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Applications:
    """Rules that apply to sites through zones: a row for every overlap and rule.

    Attributes
    ----------
    site, rule : ndarray of int
        Position of the site, number of the rule.
    row : ndarray of int
        Position of the overlap.
    doubt : ndarray of int
        How certain it is that the rule applies there, a :class:`Doubt`.
    """

    site: Positions
    rule: Positions
    row: Positions
    doubt: Positions


def decide_on_grounds(found: Applications, overlay: Overlay, with_setback: Flags) -> Applications:
    """Return applications with doubts decided on the ground of each rule.

    Where every zone of a rule is doubtful alone, the site is related to their union, with the stricter zones of the
    same source that the index has cut from milder ones. If that overlap is certain, so is the rule at every zone that
    the site meets.

    Parameters
    ----------
    found : Applications
    overlay : Overlay
    with_setback : ndarray of bool, shape (rules,)
        Rules decided by distance: of these each zone counts alone.
    """
    rows = overlay.overlap_columns
    open_rows = np.flatnonzero((found.doubt != Doubt.CERTAIN) & ~with_setback[found.rule])
    # The outfall is a point: it lies in one zone or another.
    open_rows = open_rows[rows["subject"][found.row[open_rows]] == "footprint"]
    if not len(open_rows):
        return found
    rules = len(with_setback)
    group = found.site.astype(np.int64) * rules + found.rule
    certain = np.unique(group[found.doubt == Doubt.CERTAIN])
    open_rows = open_rows[~np.isin(group[open_rows], certain)]
    meets = rows["relation"][found.row] != "near"
    open_rows = open_rows[np.isin(group[open_rows], group[open_rows[meets[open_rows]]])]
    keys, which = np.unique(group[open_rows], return_inverse=True)
    site, zone, ground = (keys // rules).astype(np.intp), rows["zone"][found.row[open_rows]], which.astype(np.intp)
    zone, ground = _with_stricter(overlay, site, zone, ground)
    several = np.bincount(ground, minlength=len(keys)) > 1
    if not several.any():
        return found
    error = np.zeros(len(keys))
    np.maximum.at(error, which, rows["error_m"][found.row[open_rows]])
    number = np.cumsum(several) - 1
    chosen = several[ground]
    related = overlay.relate_to_grounds(site[several], error[several], zone[chosen], number[ground[chosen]])
    hit = (related["relation"] == "overlap") | (related["relation"] == "within")
    firm = np.zeros(len(keys), dtype=bool)
    firm[several] = hit & ~related["doubtful"]
    settled = open_rows[firm[which] & meets[open_rows]]
    doubt = found.doubt.copy()
    doubt[settled] = Doubt.CERTAIN
    return replace(found, doubt=doubt)


def _with_stricter(
    overlay: Overlay, site: Positions, zone: Positions, ground: Positions
) -> tuple[Positions, Positions]:
    """Return the zones of each ground with the stricter ones of the same source near the site, each once."""
    rows, index = overlay.overlap_columns, overlay.index
    first = np.searchsorted(rows["site"], site)
    last = np.searchsorted(rows["site"], site, side="right")
    zones, grounds = [zone], [ground]
    for number, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        around = rows["zone"][begin:end]
        around = around[(rows["relation"][begin:end] != "near") | rows["within_error"][begin:end]]
        stricter = _stricter(index, zone[ground == number], around)
        zones.append(stricter)
        grounds.append(np.full(len(stricter), number, dtype=np.intp))
    count = max(len(index.layer_of_zone), 1)
    pairs = np.unique(np.concatenate(grounds).astype(np.int64) * count + np.concatenate(zones))
    return (pairs % count).astype(np.intp), (pairs // count).astype(np.intp)


def _stricter(index: LayerIndex, milder: Positions, candidates: Positions) -> Positions:
    """Return the candidates by which the index may have cut one of some zones."""
    cuts = (
        (index.source_code[candidates][:, None] == index.source_code[milder])
        & (index.source_code[milder] >= 0)
        & (index.layer_of_zone[candidates][:, None] == index.layer_of_zone[milder])
        & (index.grade_rank[candidates][:, None] < index.grade_rank[milder])
    )
    return np.asarray(candidates[cuts.any(axis=1)], dtype=np.intp)
