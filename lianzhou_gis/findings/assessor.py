"""Overlaps + facts + rules + access lists -> what is decided on every site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import shapely

from lianzhou_gis.findings.assessment import Assessment
from lianzhou_gis.findings.case import Case
from lianzhou_gis.findings.day_rules import DayRules
from lianzhou_gis.findings.layer_gaps import LayerGaps, gaps_of_rules, gaps_of_sites
from lianzhou_gis.findings.questions import QuestionPlanner
from lianzhou_gis.findings.records import Gap, Override
from lianzhou_gis.findings.standing import Standing
from lianzhou_gis.findings.unread import gaps_of_time, points_unread
from lianzhou_gis.formats import Sites
from lianzhou_gis.layers import Layers
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.table import Columns

__all__ = ["Assessor"]

# Different sets of facts of which it is remembered what the rules make of them.
_FACTS_KEPT = 64


class Assessor:
    """The rules and layers of a day, made ready once to judge one table of sites after the other.

    Parameters
    ----------
    layers : Layers
    rulebook : Rulebook
    as_of : datetime.date
    scope : sequence of str
        Themes; rules that need no layer apply whatever the scope.
    """

    def __init__(self, layers: Layers, rulebook: Rulebook, as_of: date, scope: Sequence[str]) -> None:
        self._rulebook, self._day, self._scope = rulebook, as_of, tuple(scope)
        self._rules = DayRules(rulebook, as_of, scope)
        self._items = layers.access_items
        self._layer_gaps = LayerGaps(layers, self._rules.about_outfalls)
        unruled = [name for name in scope if name not in self._rules.of_theme]
        self._of_all = [*gaps_of_rules(unruled), *gaps_of_time(rulebook, as_of)]
        self._loaded = {layer.entry.theme: layer.entry.id for layer in layers.layers if layer.status == "loaded"}
        self._outside = [(name, layer_id) for name, layer_id in self._loaded.items() if self._rules.outside(name)]
        self._standings: dict[str, Standing] = {}

    def assess(
        self,
        sites: Sites,
        facts: Mapping[str, Mapping[str, Any]],
        measured: Overlay,
        *,
        contradicted: Mapping[str, frozenset[str]] | None = None,
        overrides: Sequence[Override] = (),
    ) -> Assessment:
        """Apply the rules to what was measured.

        Parameters
        ----------
        sites : Sites
        facts : mapping of site_id to facts
        measured : Overlay
            Of the sites with the layers and their gaps.
        contradicted : mapping of site_id to set of str, optional
            Facts that are unknown because what was given contradicts itself.
        overrides : sequence of Override
        """
        ids, outfalls = sites.columns["site_id"].tolist(), sites.columns["outfall"].tolist()
        rows, margins = _by_site(measured.overlap_columns), _by_site(measured.margin_columns)
        placed = self._layer_gaps.placed(sites.columns, measured)
        own: dict[str, list[Gap]] = {}
        for gap in gaps_of_sites(sites):
            own.setdefault(gap.site_id, []).append(gap)
        standings: dict[int, Standing] = {}
        cases = []
        unplaced = self._layer_gaps.unplaced(sites.columns)
        for site_id, outfall, everywhere in zip(ids, outfalls, unplaced, strict=True):
            known = facts.get(site_id, {})
            # Of many sites most have the very same facts.
            standing = standings.get(id(known))
            if standing is None:
                standing = standings[id(known)] = self._standing(known)
            given = isinstance(outfall, shapely.Geometry)
            beyond = [pair for pair in self._outside if (site_id, pair[0]) not in measured.within_themes]
            common = [*self._layer_gaps.at(everywhere), *self._of_all]
            met, ends = rows.get(site_id, ()), margins.get(site_id, ())
            cases.append(
                Case(
                    site_id,
                    standing,
                    standing.shared((tuple(beyond), given, everywhere), beyond, given, common),
                    met,
                    ends,
                    placed.get(site_id, ()),
                    own.get(site_id, ()),
                    self._missed(site_id, known, met, ends, measured, given),
                    given,
                )
            )
        return Assessment(
            answers={case.site_id: case.tally.answer() for case in cases},
            cases=tuple(sorted(cases, key=lambda case: case.site_id)),
            facts=facts,
            contradicted=contradicted or {},
            asker=QuestionPlanner(self._rulebook, self._day),
            scope=self._scope,
            ruled=tuple(self._rules.of_theme),
            measured=measured,
            judged=tuple(overrides),
        )

    def _standing(self, facts: Mapping[str, Any]) -> Standing:
        told = repr(sorted(facts.items()))
        if told not in self._standings:
            if len(self._standings) >= _FACTS_KEPT:
                self._standings.clear()
            self._standings[told] = Standing(facts, self._rules, self._items)
        return self._standings[told]

    def _missed(
        self,
        site_id: str,
        facts: Mapping[str, Any],
        rows: Sequence[Any],
        margins: Sequence[Any],
        measured: Overlay,
        outfall: bool,
    ) -> Sequence[Any]:
        """Return what hangs on law that was not read: today nothing, of early days much."""
        if not self._rules.unread:
            return ()
        inside = measured.within_themes
        outside = {name: layer for name, layer in self._loaded.items() if (site_id, name) not in inside}
        return points_unread(
            site_id, facts, self._rules.unread, rows, outside=outside, margins=margins, outfall=outfall
        )


def _by_site(rows: Columns) -> dict[str, list[Any]]:
    """Return the rows of every site as named tuples."""
    found: dict[str, list[Any]] = {}
    for row in rows.rows() if len(rows) else ():
        found.setdefault(row.site_id, []).append(row)
    return found
