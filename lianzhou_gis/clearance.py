"""Clears of a result: their certificates, and the findings of the independent checker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.certificate import Checker
from lianzhou_gis.errors import Message
from lianzhou_gis.result import Result
from lianzhou_gis.rulebook import AccessItem, RuleVersion
from lianzhou_gis.vocabulary import Effect, Relation, Verdict

__all__ = ["Certificates", "FactGround", "certificates_of", "disagreements_of"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
# Where nobody states how well a border is known, metres.
_UNSTATED_ERROR_M = 4.0


@dataclass(frozen=True)
class FactGround:
    """What one set of facts excludes.

    Attributes
    ----------
    everywhere : tuple of (str, tuple of str)
        Restricting rules that need no layer, each with the facts that exclude it.
    excluded : tuple of str
        Restricting rules of the themes in scope that the facts exclude.
    """

    everywhere: tuple[tuple[str, tuple[str, ...]], ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True)
class Certificates:
    """Why sites read ``no_conflict_found``.

    Attributes
    ----------
    site_ids : ndarray of str, shape (n,)
        The clears, sorted.
    site_error_m : ndarray of float, shape (n,)
    grounds : tuple of FactGround
    ground : ndarray of int, shape (n,)
        Which of the grounds holds for each site.
    coverage_m : ndarray of float, shape (n, themes in scope)
        The site widened by this lies in the coverage of every layer of the theme: the larger of the errors of the
        borders and the longest setback of a rule that the facts do not exclude.
    distance_m : ndarray of float, shape (n, themes in scope)
        No zone under such a rule, or under an item of an access list, is nearer.
    margin_m : ndarray of float, shape (n, themes in scope)
        What errors and setbacks leave of the distance to any such zone.
    """

    result: Result
    site_ids: npt.NDArray[np.object_]
    site_error_m: Floats
    grounds: tuple[FactGround, ...]
    ground: Positions
    coverage_m: Floats
    distance_m: Floats
    margin_m: Floats

    @cached_property
    def layers(self) -> list[dict[str, Any]]:
        """Identity and evidence of the layers in scope, by id."""
        return [
            {
                "id": layer.entry.id,
                "theme": layer.entry.theme,
                "sha256": layer.sha256,
                "feature_count": int(layer.feature_count),
                "expected_count": layer.entry.expected_count,
                "count_by": layer.entry.count_by,
                "uncounted": layer.entry.uncounted,
                "coverage": layer.entry.coverage,
            }
            for layer in sorted(self.result.layers.layers, key=lambda layer: layer.entry.id)
        ]

    def record(self) -> dict[str, Any]:
        """Return the certificates as ``certificate.json`` holds them; measures are in the order of ``scope``."""
        # Models take long to build, and most screenings write no certificate.
        from lianzhou_gis.certificate_record import CERTIFICATE_VERSION, geometry_sha256

        result = self.result
        columns = result.sites_in.columns
        rows = dict(zip(columns["site_id"].tolist(), range(len(columns)), strict=True))
        measures = {
            name: (np.round(values, 2) + 0.0).tolist()
            for name, values in (
                # What is demanded is rounded up, what is measured down.
                ("coverage_m", np.ceil(self.coverage_m * 100) / 100),
                ("distance_m", np.floor(self.distance_m * 100) / 100),
                ("margin_m", np.floor(self.margin_m * 100) / 100),
            )
        }
        return {
            "certificate_version": CERTIFICATE_VERSION,
            "fingerprint": result.identity.sha256,
            "as_of": result.as_of.isoformat(),
            "rulebook": {"version": result.rulebook.version, "sha256": result.rulebook.sha256},
            "scope": list(result.scope),
            "layers": self.layers,
            "grounds": [
                {
                    "everywhere": [{"rule": rule, "facts": list(facts)} for rule, facts in ground.everywhere],
                    "excluded": list(ground.excluded),
                }
                for ground in self.grounds
            ],
            "sites": [
                {
                    "site_id": site_id,
                    "geometry_sha256": geometry_sha256(columns["geometry"][rows[site_id]]),
                    "outfall_sha256": geometry_sha256(columns["outfall"][rows[site_id]]),
                    "position_error_m": float(self.site_error_m[place]),
                    "ground": int(self.ground[place]),
                    **{name: values[place] for name, values in measures.items()},
                }
                for place, site_id in enumerate(self.site_ids.tolist())
            ],
        }


def _clear_rows(result: Result) -> list[int]:
    """Return the positions of the sites that read ``no_conflict_found``."""
    answers = result.assessment.answers
    ids = result.sites_in.columns["site_id"].tolist()
    return [row for row, name in enumerate(ids) if answers[name].verdict is Verdict.NO_CONFLICT_FOUND]


def _site_errors(result: Result, rows: Sequence[int]) -> Floats:
    """Return the position errors of some sites, metres."""
    stated = result.sites_in.columns["position_error_m"][list(rows)]
    values = np.array([np.nan if value is None else value for value in stated], dtype=np.float64)
    return np.where(np.isnan(values), _UNSTATED_ERROR_M, values)


def disagreements_of(result: Result, checker: Checker) -> dict[str, Message]:
    """Return the clears of a result with which the checker does not agree, and why.

    Parameters
    ----------
    result : Result
    checker : Checker
        Of the same catalog, rulebook, day and scope.
    """
    rows = _clear_rows(result)
    if not rows:
        return {}
    columns = result.sites_in.columns
    ids = [str(name) for name in columns["site_id"][rows]]
    facts = [result.facts[name] for name in ids]
    found: list[Message | None]
    try:
        found = checker.check(columns["geometry"][rows], _site_errors(result, rows), facts, columns["outfall"][rows])
    except Exception as error:
        # A check that fails agrees to nothing, and must not take the run with it.
        found = [Message.from_code("certificate_failed", problem=type(error).__name__)] * len(rows)
    return {name: message for name, message in zip(ids, found, strict=True) if message is not None}


def certificates_of(result: Result) -> Certificates:
    """Return the certificates of all clears of a result."""
    rows = np.array(_clear_rows(result), dtype=np.intp)
    ids = result.sites_in.columns["site_id"][rows]
    errors = _site_errors(result, rows.tolist())
    shape = len(rows), len(result.scope)
    # Sites of the same facts share the object.
    held: dict[int, int] = {}
    known: list[Mapping[str, Any]] = []
    ground = np.zeros(len(rows), dtype=np.intp)
    for place, site_id in enumerate(ids.tolist()):
        facts = result.facts[site_id]
        if id(facts) not in held:
            held[id(facts)] = len(known)
            known.append(facts)
        ground[place] = held[id(facts)]
    rules = [rule for rule in result.rulebook.in_force(result.as_of) if rule.strictest is not Effect.NOTICE]
    theme_error = _theme_errors(result)
    near = result.parameters["near_m"]
    base = np.hypot(theme_error[None, :], errors[:, None]) if len(rows) else np.zeros(shape)
    coverage = base.copy()
    reach = np.array([near[name] for name in result.scope], dtype=np.float64)
    distance = np.maximum(np.broadcast_to(reach, shape), base)
    margin = distance - base
    grounds = []
    for number, own_facts in enumerate(known):
        fact_ground, active = _fact_ground(rules, own_facts, result.scope)
        grounds.append(fact_ground)
        items = [item for item in result.layers.access_items if _applies(item, own_facts, result)]
        own = np.flatnonzero(ground == number)
        setback = np.array([max([0.0, *(rule.setback_m or 0.0 for rule in active[name])]) for name in result.scope])
        coverage[own] = np.maximum(coverage[own], setback)
        distance[own] = np.maximum(distance[own], setback + base[own])
        margin[own] = distance[own] - base[own] - setback
        _nearest_grounds(result, rows[own], own, active, items, distance, margin)
    order = np.argsort(ids, kind="stable")
    return Certificates(
        result, ids[order], errors[order], tuple(grounds), ground[order], coverage[order], distance[order],
        margin[order],
    )  # fmt: skip


def _theme_errors(result: Result) -> Floats:
    """Return the largest error of a zone of each theme in scope."""
    found = dict.fromkeys(result.scope, 0.0)
    for layer in result.layers.layers:
        values = layer.columns["accuracy_m"].astype(np.float64)
        error = np.where(np.isnan(values), _UNSTATED_ERROR_M, values).max(initial=0.0)
        if layer.entry.theme in found:
            found[layer.entry.theme] = max(found[layer.entry.theme], float(error))
    return np.array(list(found.values()), dtype=np.float64)


def _applies(item: AccessItem, facts: Mapping[str, Any], result: Result) -> bool:
    restricts = item.effect is not Effect.NOTICE and item.in_force(result.as_of)
    return restricts and item.applies_under(facts).value is not False


def _fact_ground(
    rules: Sequence[RuleVersion], facts: Mapping[str, Any], scope: Sequence[str]
) -> tuple[FactGround, dict[str, list[RuleVersion]]]:
    """Return what facts exclude, and the rules of each theme that they do not."""
    everywhere: list[tuple[str, tuple[str, ...]]] = []
    excluded: list[str] = []
    active: dict[str, list[RuleVersion]] = {name: [] for name in scope}
    for rule in rules:
        if not rule.everywhere and rule.theme not in active:
            continue
        outcome = rule.evaluate(facts)
        if outcome.value is not False:
            if rule.theme is not None:
                active[rule.theme].append(rule)
        elif rule.everywhere:
            everywhere.append((rule.id, tuple(sorted(outcome.used))))
        else:
            excluded.append(rule.id)
    return FactGround(tuple(sorted(everywhere)), tuple(sorted(excluded))), active


def _nearest_grounds(
    result: Result,
    rows: Positions,
    places: Positions,
    active: Mapping[str, Sequence[RuleVersion]],
    items: Sequence[AccessItem],
    distance: Floats,
    margin: Floats,
) -> None:
    """Lower distances and margins to those of the zones to which a rule or an item applies."""
    table = result.overlay.overlap_columns
    position = np.full(len(result.sites_in), -1, dtype=np.intp)
    position[rows] = places
    chosen = np.flatnonzero(position[table["site"]] >= 0)
    if not len(chosen):
        return
    pairs, which = np.unique(
        table["zone"][chosen] * 2 + (table["subject"][chosen] == "outfall"), return_index=True, return_inverse=True
    )[1:]
    reach = np.full(len(pairs), np.nan)
    number = {name: column for column, name in enumerate(result.scope)}
    for pair, row in enumerate(chosen[pairs].tolist()):
        name, grade = table["theme"][row], table["grade"][row]
        setbacks = [
            rule.setback_m or 0.0
            for rule in active.get(name, ())
            if (rule.setback_m is not None or rule.relation == Relation.OVERLAP)
            and rule.subject == table["subject"][row]
            and rule.applies_to(grade, table["zone_name"][row])
        ]
        if any(item.applies_in(table["zone_id"][row]) for item in items) and name == "control_unit":
            setbacks.append(0.0)
        if setbacks:
            reach[pair] = max(setbacks)
    setback = reach[which]
    used = np.flatnonzero(~np.isnan(setback))
    at = chosen[used]
    demanded = table["error_m"][at] + setback[used]
    column = np.array([number[name] for name in table["theme"][at].tolist()], dtype=np.intp)
    place = position[table["site"][at]], column
    np.minimum.at(distance, place, table["distance_m"][at])
    np.minimum.at(margin, place, table["distance_m"][at] - demanded)
