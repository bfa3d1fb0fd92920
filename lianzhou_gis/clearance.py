"""Clears of a result: their certificates, and what the independent checker says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from lianzhou_gis.certificate import Checker
from lianzhou_gis.errors import Message
from lianzhou_gis.result import Result
from lianzhou_gis.vocabulary import Verdict

__all__ = ["Certificate", "Clearance", "certificates_of", "disagreements_of"]

# Where nobody states how well a border is known, metres.
_UNSTATED_ERROR_M = 4.0


@dataclass(frozen=True)
class Clearance:
    """What a certificate states of one theme.

    Attributes
    ----------
    layers : tuple of str
        Ids of the editions that were used.
    required_m : float
        The larger of the error of the borders and the longest setback of a rule that the facts do not exclude.
    nearest_m : float or None
        Distance to the nearest zone of the theme that was measured; ``None`` where none is near.
    """

    theme: str
    layers: tuple[str, ...]
    required_m: float
    nearest_m: float | None


@dataclass(frozen=True)
class Certificate:
    """Why a site reads ``no_conflict_found``.

    Attributes
    ----------
    fingerprint : str
        SHA-256 of everything that the answer rests on.
    excluded : tuple of str
        Rules in force of which the facts say that they do not apply.
    """

    site_id: str
    as_of: date
    fingerprint: str
    clearances: tuple[Clearance, ...]
    excluded: tuple[str, ...]


def _clear_rows(result: Result) -> list[int]:
    """Return the positions of the sites that read ``no_conflict_found``."""
    answers = result.assessment.answers
    ids = result.sites_in.columns["site_id"].tolist()
    return [row for row, name in enumerate(ids) if answers[name].verdict is Verdict.NO_CONFLICT_FOUND]


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
    errors = np.array([_UNSTATED_ERROR_M if value is None else value for value in columns["position_error_m"][rows]])
    errors = np.where(np.isnan(errors.astype(np.float64)), _UNSTATED_ERROR_M, errors.astype(np.float64))
    facts = [result.facts[name] for name in ids]
    found: list[Message | None]
    try:
        found = checker.check(columns["geometry"][rows], errors, facts, columns["outfall"][rows])
    except Exception as error:
        # A check that fails agrees to nothing, and must not take the run with it.
        found = [Message.from_code("certificate_failed", problem=type(error).__name__)] * len(rows)
    return {name: message for name, message in zip(ids, found, strict=True) if message is not None}


def certificates_of(result: Result) -> list[Certificate]:
    """Return the certificate of every clear of a result, by ``site_id``."""
    rows = _clear_rows(result)
    if not rows:
        return []
    columns, checked = result.sites_in.columns, result.assessment.checks
    keys = zip(checked["site_id"].tolist(), checked["theme"].tolist(), strict=True)
    nearest = dict(zip(keys, checked["nearest_m"].tolist(), strict=True))
    rules = [rule for rule in result.rulebook.in_force(result.as_of) if rule.everywhere or rule.theme in result.scope]
    layers = {name: tuple(layer for layer in result.layers if layer.entry.theme == name) for name in result.scope}
    fingerprint, found = result.identity.sha256, []
    for row in rows:
        site_id, error = str(columns["site_id"][row]), columns["position_error_m"][row]
        facts = result.facts[site_id]
        excluded = {rule.id for rule in rules if rule.when is not None and rule.when.evaluate(facts).value is False}
        clearances = []
        for name in result.scope:
            stated = [layer.columns["accuracy_m"].astype(np.float64) for layer in layers[name]]
            errors = [
                float(np.fmax.reduce(values, initial=_UNSTATED_ERROR_M * np.isnan(values).any())) for values in stated
            ]
            reach = float(
                np.hypot(max(errors, default=_UNSTATED_ERROR_M), error if error is not None else _UNSTATED_ERROR_M)
            )
            setbacks = [rule.setback_m or 0.0 for rule in rules if rule.theme == name and rule.id not in excluded]
            distance = nearest.get((site_id, name))
            clearances.append(
                Clearance(
                    name,
                    tuple(layer.entry.id for layer in layers[name]),
                    round(max([reach, *setbacks]), 3),
                    None if distance is None or np.isnan(distance) else round(float(distance), 3),
                )
            )
        found.append(Certificate(site_id, result.as_of, fingerprint, tuple(clearances), tuple(sorted(excluded))))
    return found
