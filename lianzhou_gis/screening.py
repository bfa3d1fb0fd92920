"""The pipeline: sites in, layers and rules of the date, overlaps, findings, verdicts out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.certificate import Checker
from lianzhou_gis.certificate_sources import CHECKER_ROOMS
from lianzhou_gis.clearance import disagreements_of
from lianzhou_gis.errors import CatalogError, Issue, did_you_mean
from lianzhou_gis.findings import Assessment, Evaluator, Override, QuestionPlanner
from lianzhou_gis.findings.given_facts import IN_PARK, PARK_THEME, in_park_facts, region_facts
from lianzhou_gis.fingerprint import Fingerprint, file_fingerprint
from lianzhou_gis.formats import FactsFile, SiteGap, Sites, merge_facts, outfalls_from_facts, read_sites
from lianzhou_gis.formats.site_sources import SiteSource
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane, Region, StudyArea
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.isolation import screen_isolated
from lianzhou_gis.layers import Cache, Layers, load_layers
from lianzhou_gis.networks import SOURCE_DOWNSTREAM, SOURCE_THEME, DownstreamSearch, RiverLayer
from lianzhou_gis.overlay import LayerIndex, overlay_sites
from lianzhou_gis.progress import Progress, default_progress
from lianzhou_gis.result import Result
from lianzhou_gis.rulebook import Inference, Rulebook, day_of
from lianzhou_gis.second_readings import facts_of_sites, settle_readings
from lianzhou_gis.vocabulary import GapReason
from lianzhou_gis.vocabulary import themes as all_themes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Result", "Screener", "screen"]

Facts = Mapping[str, Any] | FactsFile
# Different sets of facts of which what follows is remembered.
_FACTS_KEPT = 64
_PROCESSORS = os.cpu_count() or 1


def screen(
    sites: SiteSource,
    catalog: Catalog | str | Path,
    rulebook: Rulebook | None = None,
    *,
    crs: CrsLike | None = None,
    datum: str | None = None,
    facts: Facts | None = None,
    sets: Mapping[str, str] | None = None,
    as_of: date | str | None = None,
    themes: Sequence[str] | None = None,
    overrides: Sequence[Override] = (),
    progress: Progress | None = None,
) -> Result:
    """Screen sites against the layers and the rules of a day.

    Parameters
    ----------
    sites : Sites, path, list of paths, WKT, geometry, GeoJSON as a dict, or GeoDataFrame
        What :func:`lianzhou_gis.read_sites` takes, or what it returned.
    catalog : Catalog or path
    rulebook : Rulebook, optional
        Default: the one that is shipped.
    crs, datum : optional
        For sites that are read here; as :func:`lianzhou_gis.read_sites` takes them.
    facts : mapping, optional
        Flat facts for all sites, ``{"all": {...}, "sites": {id: {...}}}``, or a file read by ``read_facts``.
    sets : mapping of str to str, optional
        Facts as texts, stronger than ``facts`` (the command's ``--set``).
    as_of : date or ISO text, optional
        The day whose law and layers apply; default today in China.
    themes : sequence of str, optional
        Default: every theme of the rulebook and of the catalog.
    overrides : sequence of Override, optional
        Judgements of people, recorded beside the findings.
    progress : callable, optional
        Told the name of each step as it begins; default :func:`lianzhou_gis.progress.default_progress`.

    Returns
    -------
    Result

    Raises
    ------
    CatalogError, RuleError, ReferenceSystemError, FormatError, FactError
        For broken input. A layer that fails does not raise: it is a gap of every site that it concerns.
    """
    step = progress or default_progress()
    catalog = catalog if isinstance(catalog, Catalog) else Catalog.open(catalog)
    step("sites")
    index = _frame_index(sites)
    sites = sites if isinstance(sites, Sites) else read_sites(sites, crs=crs, datum=datum, region=_region(catalog))
    screener = Screener.prepare(catalog, rulebook, as_of=as_of, themes=themes, around=_shapes(sites), progress=step)
    result = screener.screen(sites, facts=facts, sets=sets, overrides=overrides, progress=step)
    return _as_given(result, index)


@dataclass(frozen=True)
class Screener:
    """The layers and rules of a day, made ready once, for one table of sites after the other.

    Attributes
    ----------
    catalog : Catalog
    rulebook : Rulebook
    as_of : datetime.date
    scope : tuple of str
        The themes that are looked at.
    layers : Layers
    index : LayerIndex
        The layers in the plane, indexed.
    near_m, setback_m : dict of str to float
        By theme: how far zones are reported, how far rules look beyond a site.
    study : StudyArea or None
        Beyond it zones were left out; sites that need more are screened on layers loaded anew.
    parameters : dict
        As in the result.
    fingerprint : Fingerprint
        Of everything that an answer rests on apart from sites, facts and overrides.

    Examples
    --------
    >>> import lianzhou_gis as lg
    >>> screener = lg.Screener.prepare("layers/layers.yaml", as_of="2026-11-23")
    >>> plot = lg.read_sites("POLYGON ((112.38 24.78, 112.382 24.78, 112.382 24.782, 112.38 24.78))", crs="EPSG:4490")
    >>> len(screener.screen(plot).sites)
    1
    """

    catalog: Catalog
    rulebook: Rulebook
    as_of: date
    scope: tuple[str, ...]
    layers: Layers
    index: LayerIndex
    near_m: dict[str, float]
    setback_m: dict[str, float]
    study: StudyArea | None
    parameters: dict[str, Any]
    fingerprint: Fingerprint

    @classmethod
    def prepare(
        cls,
        catalog: Catalog | str | Path,
        rulebook: Rulebook | None = None,
        *,
        as_of: date | str | None = None,
        themes: Sequence[str] | None = None,
        around: Sequence[Any] = (),
        cache: Cache | None = None,
        progress: Progress | None = None,
        previous: Screener | None = None,
    ) -> Screener:
        """Load and index the layers of a day; parameters as those of :func:`screen`.

        Parameters
        ----------
        around : sequence of shapely geometries or None, optional
            Sites and outfalls, EPSG:4490: where they stick out of the region, layers are read there too.
        cache : Cache, optional
            Cache of layers and indexes between runs; default the folder that the platform has for such files.
        previous : Screener, optional
            Returned as it is where everything that it rests on has the same bytes today.
        """
        step = progress or default_progress()
        day = day_of(as_of)
        catalog = catalog if isinstance(catalog, Catalog) else Catalog.open(catalog)
        rulebook = rulebook or Rulebook.load()
        step("layers")
        rules = rulebook.in_force(day)
        scope = _scope(themes, rules, catalog)
        elsewhere = [asdict(item) for item in catalog.elsewhere if item.theme not in scope]
        plane = Plane(catalog.plane or LIANZHOU_PROJ)
        near_m = {theme: _near_m(theme, rules) for theme in scope}
        region = _region(catalog)
        study = None if region is None else StudyArea.around(region, around, max(near_m.values(), default=0.0))
        layers = load_layers(
            catalog, scope, day, facts=rulebook.facts, region=region, study=study, cache=cache or Cache.standard()
        )
        parameters = {
            "themes": list(themes) if themes else None,
            "near_m": near_m,
            "plane": plane.proj,
            **({"elsewhere": elsewhere} if elsewhere else {}),
            **({"rivers": _rivers(catalog)} if catalog.rivers and SOURCE_THEME in scope else {}),
        }
        fingerprint = layers.fingerprint.with_inputs(
            catalog={"region": catalog.region, "plane": catalog.plane},
            rulebook={"version": rulebook.version, "sha256": rulebook.sha256},
            scope=scope,
            parameters=parameters,
            study=study,
        )
        if previous is not None and previous.fingerprint == fingerprint:
            return previous
        return cls(
            catalog=catalog,
            rulebook=rulebook,
            as_of=day,
            scope=scope,
            layers=layers,
            index=LayerIndex.build(layers.layers, plane, layers.gaps, cache or Cache.standard()),
            near_m=near_m,
            setback_m={theme: reach for theme in scope if (reach := _setback_m(theme, rules)) > 0.0},
            study=study,
            parameters=parameters,
            fingerprint=fingerprint,
        )

    def screen(
        self,
        sites: SiteSource,
        *,
        facts: Facts | None = None,
        sets: Mapping[str, str] | None = None,
        overrides: Sequence[Override] = (),
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Screen sites; parameters as those of :func:`screen`.

        Parameters
        ----------
        threads : int, optional
            How many work at once; default as many as there are processors. What comes out does not depend on it.
        """
        step = progress or default_progress()
        index = _frame_index(sites)
        sites = sites if isinstance(sites, Sites) else read_sites(sites, region=_region(self.catalog))
        result = self._screen_isolated(sites, facts, sets, overrides, threads, step)
        if sites.second is None:
            return _as_given(self._checked(result, facts, sets, overrides, threads, step), index)
        other = sites.second.sites
        second = self._screen_isolated(other, facts_of_sites(facts, other), sets, (), threads, step)
        settled, issues = settle_readings(result, second)
        if settled is not sites:
            result = self._screen_isolated(settled, facts, sets, overrides, threads, step)
        result = self._checked(result, facts, sets, overrides, threads, step)
        return _as_given(replace(result, issues=(*result.issues, *issues)), index)

    def _checked(
        self,
        result: Result,
        facts: Facts | None,
        sets: Mapping[str, str] | None,
        overrides: Sequence[Override],
        threads: int | None,
        step: Progress,
    ) -> Result:
        """Return a result of which an independent checker agrees with every clear; where it does not it is none."""
        disagreements = disagreements_of(result, self.checker)
        if not disagreements:
            return result
        sites = result.sites_in
        issues = [
            Issue.from_code("error", "check_disagrees", f"site {name}", reason=why)
            for name, why in disagreements.items()
        ]
        named = zip(disagreements, issues, strict=True)
        gaps = [SiteGap(name, GapReason.CHECK_DISAGREES, issue.message) for name, issue in named]
        doubted = replace(sites, gaps=(*sites.gaps, *gaps))
        found = self._screen_isolated(doubted, facts, sets, overrides, threads, step)
        return replace(found, issues=(*found.issues, *issues))

    @cached_property
    def checker(self) -> Checker:
        """The independent checker of clears; it reads the sources itself."""
        return Checker(self.catalog, self.rulebook, self.as_of, self.scope, Cache.standard(CHECKER_ROOMS))

    def _screen_isolated(
        self,
        sites: Sites,
        facts: Facts | None,
        sets: Mapping[str, str] | None,
        overrides: Sequence[Override],
        threads: int | None,
        step: Progress,
    ) -> Result:
        """Screen sites in one reading of their coordinates; a site on which that fails is a gap of its own."""

        def run(some: Sites) -> Result:
            whole = len(some) == len(sites)
            own = facts if some is sites else facts_of_sites(facts, some)
            result = self._screen_reading(some, own, sets, overrides if whole else (), threads, step)
            # Verdicts are found on first access: here, so that a fault of a site shows here too.
            _ = result.assessment.answers
            return result

        return screen_isolated(sites, run)

    def _screen_reading(
        self,
        sites: Sites,
        facts: Facts | None,
        sets: Mapping[str, str] | None,
        overrides: Sequence[Override],
        threads: int | None,
        step: Progress,
    ) -> Result:
        """Screen sites in one reading of their coordinates."""
        given, fact_issues = merge_facts(sites, facts, sets, self.rulebook.facts)
        sites = outfalls_from_facts(sites, given)
        regional, region_issues = region_facts(self.catalog.region.facts, self.rulebook.facts, self.as_of)
        fact_issues = [*fact_issues, *region_issues]
        given = {site_id: _completed(own, regional) for site_id, own in given.items()} if regional else given
        wider = self._wide_enough(sites)
        if wider is not self:
            return wider._screen_reading(sites, facts, sets, overrides, threads, step)
        step("overlay")
        measured = overlay_sites(
            sites.columns,
            self.index,
            near_m=self.near_m,
            setback_m=self.setback_m,
            threads=threads or _PROCESSORS,
        )
        step("findings")
        if len(self._inferred) > _FACTS_KEPT:
            self._inferred.clear()
        parks = in_park_facts(measured, complete=self._is_whole(PARK_THEME))
        given = {
            site_id: _completed(own, {IN_PARK: parks[site_id]}) if site_id in parks else own
            for site_id, own in given.items()
        }
        if not shapely.is_missing(measured.outfalls).all() and self._downstream is not None:
            sources, river_issues = self._downstream.answers(measured)
            fact_issues = [*fact_issues, *self._downstream.rivers.issues, *river_issues]
            given |= {name: _completed(given[name], {SOURCE_DOWNSTREAM: value}) for name, value in sources.items()}
        inferred = self.rulebook.infer_all(given, self.as_of, self._inferred)
        known = {site_id: found.facts for site_id, found in inferred.items()}
        assessment = Assessment(
            evaluation=self._evaluator.evaluate(sites, known, measured),
            contradicted={site_id: found.contradicted for site_id, found in inferred.items()},
            planner=self._planner,
            scope=self.scope,
            ruled=self._evaluator.ruled,
            judgements=tuple(overrides),
        )
        fact_issues += [issue for found in inferred.values() for issue in found.issues]
        return Result(
            sites_in=sites,
            given=given,
            facts=known,
            derived={site_id: found.derived for site_id, found in inferred.items()},
            catalog=self.catalog,
            layers=self.layers,
            rulebook=self.rulebook,
            overlay=measured,
            assessment=assessment,
            as_of=self.as_of,
            scope=self.scope,
            parameters=self.parameters,
            fingerprint=self.fingerprint,
            issues=(*sites.issues, *fact_issues, *self.layers.issues, *measured.issues, *assessment.issues),
        )

    def _is_whole(self, theme_id: str) -> bool:
        """Whether the layers of a theme could themselves clear a site."""
        present = any(layer.entry.theme == theme_id for layer in self.layers.layers)
        return present and not any(gap.theme in (theme_id, None) for gap in self.layers.gaps)

    @cached_property
    def _downstream(self) -> DownstreamSearch | None:
        """What answers whether a source zone lies downstream of an outfall, where the catalog has water courses."""
        if "rivers" not in self.parameters or self.catalog.rivers is None:
            return None
        rivers = RiverLayer.read(self.catalog, self.catalog.rivers, self.index.plane)
        return DownstreamSearch(rivers, self.index, self._is_whole(SOURCE_THEME))

    @cached_property
    def _inferred(self) -> dict[Any, Inference]:
        """What follows from facts, as far as it was asked for: of many sites most have the same."""
        return {}

    @cached_property
    def _evaluator(self) -> Evaluator:
        """The rules in force and the kinds of zones, prepared for the first sites."""
        return Evaluator(self.layers, self.index, self.rulebook, self.as_of, self.scope)

    @cached_property
    def _planner(self) -> QuestionPlanner:
        return QuestionPlanner(self.rulebook, self.as_of)

    @cached_property
    def _region_looked_at(self) -> bool:
        """Whether layers were read as far as sites within the region need them."""
        region = _region(self.catalog)
        if region is None or self.study is None:
            return False
        needed = StudyArea.around(region, (), max(self.near_m.values(), default=0.0))
        return bool(self.study.box.covers(needed.box))

    def _wide_enough(self, sites: Sites) -> Screener:
        """Return what reaches as far as these sites need: sites beyond the region look at more than the region."""
        region = _region(self.catalog)
        if region is None or self.study is None:
            return self
        boxes = shapely.bounds(np.concatenate([sites.columns["geometry"], sites.columns["outfall"]]))
        west, south, east, north = region.bounds
        (left, bottom), (right, top) = np.fmin.reduce(boxes[:, :2]), np.fmax.reduce(boxes[:, 2:])
        if west <= left and south <= bottom and right <= east and top <= north and self._region_looked_at:
            return self
        study = StudyArea.around(region, _shapes(sites), max(self.near_m.values(), default=0.0))
        if self.study.box.covers(study.box):
            return self
        themes = self.parameters["themes"]
        return Screener.prepare(self.catalog, self.rulebook, as_of=self.as_of, themes=themes, around=_shapes(sites))


def _frame_index(sites: object) -> pd.Index[Any] | None:
    """Return the index of a GeoDataFrame, by which its result is asked."""
    index = getattr(sites, "index", None)
    return index if hasattr(sites, "geometry") and hasattr(index, "get_indexer") else None


def _as_given(result: Result, index: pd.Index[Any] | None) -> Result:
    return result if index is None or len(index) != len(result.sites_in) else replace(result, frame_index=index)


def _completed(given: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a site with those that are known without it; what was given counts."""
    return {**given, **{name: value for name, value in known.items() if given.get(name) is None}}


def _rivers(catalog: Catalog) -> dict[str, Any] | None:
    """Return how the water courses are declared, and the hashes of their files."""
    entry = catalog.rivers
    return None if entry is None else {**entry.to_json(), "files": file_fingerprint(catalog.file(entry.path))}


def _shapes(sites: Sites) -> list[Any]:
    return [*sites.columns["geometry"], *sites.columns["outfall"]]


def _region(catalog: Catalog) -> Region | None:
    return Region(catalog.region.name, catalog.region.bounds) if catalog.region.bounds else None


def _scope(wanted: Sequence[str] | None, rules: Sequence[Any], catalog: Catalog) -> tuple[str, ...]:
    """Return the themes to look at, in the order of the vocabulary."""
    if wanted is not None:
        unknown = sorted(set(wanted) - set(all_themes()))
        if unknown or not wanted:
            named = ", ".join(unknown) or "-"
            hint = did_you_mean(named, all_themes())
            raise CatalogError.from_code("screening_theme_unknown", themes=named, hint=hint, known=list(all_themes()))
        chosen = set(wanted)
    else:
        chosen = {rule.theme for rule in rules if rule.needs_layer} | {entry.theme for entry in catalog.layers}
        chosen = chosen & set(catalog.scope) if catalog.scope else chosen
        # What another office holds is named in every result, and not looked at here.
        chosen -= {item.theme for item in catalog.elsewhere}
    return tuple(theme for theme in all_themes() if theme in chosen)


def _near_m(theme: str, rules: Sequence[Any]) -> float:
    """Return the distance up to which zones of a theme are reported: its own, or the longest setback of its rules."""
    return max(all_themes()[theme].near_m, _setback_m(theme, rules))


def _setback_m(theme: str, rules: Sequence[Any]) -> float:
    """Return how far beyond the site the rules of a theme look."""
    return max([0.0, *(float(rule.setback_m) for rule in rules if rule.theme == theme and rule.setback_m)])
