"""Sites whose coordinates can be read in two ways: both readings must lead to the same findings, or neither counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import shapely

from lianzhou_gis.errors import FormatError, Issue, Message
from lianzhou_gis.formats import FactsFile, SiteGap, Sites
from lianzhou_gis.formats.facts import facts_from_mapping
from lianzhou_gis.formats.georeference import ReadingKind
from lianzhou_gis.result import Result
from lianzhou_gis.vocabulary import GapReason

__all__ = ["facts_of_sites", "settle_readings"]


def facts_of_sites(facts: Mapping[str, Any] | FactsFile | None, sites: Sites) -> FactsFile:
    """Return the facts that concern some sites: those of others would be refused as unknown.

    Parameters
    ----------
    facts : mapping or FactsFile, optional
    sites : Sites
    """
    file = facts if isinstance(facts, FactsFile) else facts_from_mapping(facts, "facts")
    ids = set(sites.columns["site_id"])
    return replace(file, sites={site_id: row for site_id, row in file.sites.items() if site_id in ids})


def settle_readings(first: Result, second: Result) -> tuple[Sites, list[Issue]]:
    """Compare the findings of both readings of sites.

    Parameters
    ----------
    first : Result
        Of all sites in their first reading.
    second : Result
        Of those that have a second reading, in that one.

    Returns
    -------
    sites : Sites
        The sites in their first reading, with a gap ``unreliable_datum`` where the findings differ.
    issues : list of Issue
        One for the sites on which the readings agree.

    Raises
    ------
    FormatError
        If degrees may be decimal or packed and the findings differ; names both places.
    """
    sites = first.sites_in
    readings = sites.second.readings if sites.second is not None else {}
    one, other = _outcomes(first), _outcomes(second)
    gaps: list[SiteGap] = []
    agreed = []
    for site_id, reading in readings.items():
        if one.get(site_id) == other.get(site_id):
            agreed.append(site_id)
            continue
        if reading.kind is ReadingKind.PACKED_DEGREES:
            places = {"first": _place(sites, site_id), "second": _place(second.sites_in, site_id)}
            raise FormatError.from_code("readings_differ", site=site_id, reading=reading.message, **places)
        message = Message.from_code("datum_readings_differ", reading=reading.message)
        gaps.append(SiteGap(site_id, GapReason.UNRELIABLE_DATUM, message.texts))
    issues = [Issue.from_code("info", "readings_agree", "sites", count=len(agreed))] if agreed else []
    return (replace(sites, gaps=(*sites.gaps, *gaps)) if gaps else sites), issues


def _outcomes(result: Result) -> dict[str, tuple[object, ...]]:
    """Return by site what must be the same in both readings: the verdict and the rules behind it."""
    findings = result.assessment.finding_table
    rules: dict[str, set[tuple[object, ...]]] = {}
    columns = ("site_id", "rule_id", "effect", "grade", "doubtful")
    for site_id, *found in zip(*(findings.column(name).tolist() for name in columns), strict=True):
        rules.setdefault(str(site_id), set()).add(tuple(found))
    answers = result.assessment.answers
    return {
        site_id: (answer.verdict, answer.worst_possible, answer.complete, frozenset(rules.get(site_id, ())))
        for site_id, answer in answers.items()
    }


def _place(sites: Sites, site_id: str) -> str:
    row = sites.columns["site_id"].tolist().index(site_id)
    centre = shapely.centroid(sites.columns["geometry"][row])
    return f"{centre.x:.5f}E {centre.y:.5f}N"
