"""The certificates of a run as a record, and the check of it without the layers.

The check shares no code with what wrote the record: it evaluates the rules again on the facts that the run states, and
measures the zones that the run shows in a plane of its own. What only the layers can tell (that there is no further
zone, that a coverage holds the site) is left to :class:`lianzhou_gis.certificate.Checker`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import BaseModel, ConfigDict, ValidationError

from lianzhou_gis.certificate_sources import TangentPlane
from lianzhou_gis.errors import Message
from lianzhou_gis.rulebook import Rulebook, RuleVersion
from lianzhou_gis.vocabulary import Effect, Verdict, theme

__all__ = [
    "CERTIFICATE_VERSION",
    "CertificateRecord",
    "ZonesShown",
    "check_record",
    "facts_of",
    "geometry_sha256",
    "parse_record",
]

CERTIFICATE_VERSION: Literal["1"] = "1"
_TOLERANCE_M = 0.05
# Where nobody states how well a border is known, metres.
_UNSTATED_ERROR_M = 4.0
# Relative bend of the plane per metre from the site, and how far an edge may bend per squared metre of its length.
_BEND, _SAGITTA = 2e-7, 2e-8
# Beyond this from a site the zones of a run are not measured again.
_REACH_M = 5000.0


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CertifiedRulebook(_Part):
    """Which rulebook was applied."""

    version: str
    sha256: str


class CertifiedLayer(_Part):
    """Identity and evidence of a layer."""

    id: str
    theme: str
    sha256: str | None
    feature_count: int
    expected_count: int | None
    count_by: str | None
    uncounted: str | None
    coverage: str | None


class CertifiedRule(_Part):
    """A rule that needs no layer, and the facts that exclude it."""

    rule: str
    facts: list[str]


class CertifiedGround(_Part):
    """What one set of facts excludes."""

    everywhere: list[CertifiedRule]
    excluded: list[str]


class CertifiedSite(_Part):
    """A clear; the measures are in the order of the scope."""

    site_id: str
    geometry_sha256: str | None
    outfall_sha256: str | None
    position_error_m: float
    ground: int
    coverage_m: list[float]
    distance_m: list[float]
    margin_m: list[float]


class CertificateRecord(_Part):
    """The whole of ``certificate.json``."""

    certificate_version: Literal["1"]
    fingerprint: str
    as_of: str
    rulebook: CertifiedRulebook
    scope: list[str]
    layers: list[CertifiedLayer]
    grounds: list[CertifiedGround]
    sites: list[CertifiedSite]


@dataclass(frozen=True)
class ZonesShown:
    """Shapes of a run, as its tables hold them; EPSG:4490.

    Attributes
    ----------
    sites, outfalls : mapping of site_id to shapely geometry
    errors_m : mapping of site_id to float
    themes, layer_ids, zone_ids, names, grades : sequence of str or None, length n
    accuracy_m : ndarray of float, shape (n,)
        NaN where none is stated.
    shapes : ndarray of shapely geometries, shape (n,)
    """

    sites: Mapping[str, Any]
    outfalls: Mapping[str, Any]
    errors_m: Mapping[str, float]
    themes: Sequence[str]
    layer_ids: Sequence[str]
    zone_ids: Sequence[str]
    names: Sequence[str | None]
    grades: Sequence[str | None]
    accuracy_m: npt.NDArray[np.float64]
    shapes: npt.NDArray[np.object_]


def geometry_sha256(shape: Any) -> str | None:  # noqa: ANN401 - a shapely geometry or None
    """Return the hash of a geometry's parts, whether they stand as one shape or as a collection; without heights.

    Examples
    --------
    >>> import shapely
    >>> geometry_sha256(shapely.Point(1, 2)) == geometry_sha256(shapely.MultiPoint([(1, 2, 3)]))
    True
    """
    if shape is None:
        return None
    parts = shapely.get_parts(shapely.force_2d(shape))
    return hashlib.sha256(b"".join(shapely.to_wkb(parts, byte_order=1).tolist())).hexdigest()


def parse_record(data: object) -> CertificateRecord:
    """Return the record of ``certificate.json``.

    Raises
    ------
    ValueError
        If it is not one.
    """
    try:
        return CertificateRecord.model_validate(data)
    except ValidationError as error:
        raise ValueError(f"{error.error_count()} errors") from error


def facts_of(site: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a site in ``result.json`` as the rules take them: several values as a tuple."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in site["facts"].items()}


def check_record(
    record: CertificateRecord, document: Mapping[str, Any], rulebook: Rulebook, shown: ZonesShown
) -> Iterator[Message]:
    """Yield what in a record does not agree with the run that it stands in.

    Parameters
    ----------
    record : CertificateRecord
    document : mapping
        Content of ``result.json``, valid by its schema.
    rulebook : Rulebook
        The one that the run names.
    shown : ZonesShown
    """
    run = document["run"]
    stated = (record.as_of, record.scope, record.rulebook.model_dump())
    if stated != (run["as_of"], run["scope"], run["rulebook"]) or record.fingerprint[:16] != run["id"]:
        yield Message.from_code("certificate_of_another_run")
        return
    clear = {site["site_id"]: site for site in document["sites"] if site["verdict"] == Verdict.NO_CONFLICT_FOUND}
    certified = [site.site_id for site in record.sites]
    if sorted(clear) != certified:
        other = sorted(set(clear) ^ set(certified)) or certified
        yield Message.from_code("certificate_sites", sites=other)
        return
    yield from _check_layers(record, run)
    rules = [rule for rule in rulebook.in_force(date.fromisoformat(record.as_of))
             if rule.strictest is not Effect.NOTICE]  # fmt: skip
    remembered: dict[tuple[Any, ...], tuple[CertifiedGround, dict[str, list[RuleVersion]]]] = {}
    tree = shapely.STRtree(shown.shapes)
    for site in record.sites:
        facts = facts_of(clear[site.site_id])
        key = tuple(sorted((name, str(value)) for name, value in facts.items()))
        if key not in remembered:
            remembered[key] = _ground(rules, facts, record.scope)
        ground, active = remembered[key]
        try:
            yield from _check_site(site, record, ground, active, shown, tree)
        except (IndexError, KeyError, ValueError, shapely.errors.ShapelyError) as error:
            yield Message.from_code("certificate_site_broken", site=site.site_id, problem=type(error).__name__)


def _check_layers(record: CertificateRecord, run: Mapping[str, Any]) -> Iterator[Message]:
    """Yield layers that are not those of the run, or that cannot clear."""
    used = {layer["id"]: layer for layer in run["layers"]}
    if [layer.id for layer in record.layers] != sorted(used):
        yield Message.from_code("certificate_layers", layers=sorted(set(used) ^ {layer.id for layer in record.layers}))
        return
    for layer in record.layers:
        theirs = used[layer.id]
        same = all(
            getattr(layer, name) == theirs[name] for name in ("theme", "sha256", "feature_count", "expected_count")
        )
        if not same:
            yield Message.from_code("certificate_layers", layers=[layer.id])
        if not record.sites:
            continue
        # Zones that are out of force or delisted are counted in the file alone: the checker does that with the layers.
        counted = layer.expected_count is not None or layer.uncounted
        if theirs["status"] != "loaded" or not counted or layer.coverage is None:
            yield Message.from_code("certificate_layer_open", layer=layer.id)
    if record.sites:
        held = {layer.theme for layer in record.layers}
        for name in record.scope:
            if name not in held:
                yield Message.from_code("theme_without_layer", theme=theme(name).label)


def _ground(
    rules: Sequence[RuleVersion], facts: Mapping[str, Any], scope: Sequence[str]
) -> tuple[CertifiedGround, dict[str, list[RuleVersion]]]:
    """Return what facts exclude, and the rules of each theme that they do not; ``""`` for those without a layer."""
    active: dict[str, list[RuleVersion]] = {name: [] for name in ("", *scope)}
    everywhere, excluded = [], []
    for rule in rules:
        name = rule.theme or ""
        if name not in active:
            continue
        outcome = rule.evaluate(facts)
        if outcome.value is not False:
            active[name].append(rule)
        elif name:
            excluded.append(rule.id)
        else:
            everywhere.append(CertifiedRule(rule=rule.id, facts=sorted(outcome.used)))
    everywhere.sort(key=lambda item: item.rule)
    return CertifiedGround(everywhere=everywhere, excluded=sorted(excluded)), active


def _check_site(
    site: CertifiedSite,
    record: CertificateRecord,
    ground: CertifiedGround,
    active: Mapping[str, Sequence[RuleVersion]],
    shown: ZonesShown,
    tree: shapely.STRtree,
) -> Iterator[Message]:
    for rule in active[""]:
        yield Message.from_code("certificate_rule", rule=rule.id)
    if record.grounds[site.ground] != ground:
        yield Message.from_code("certificate_facts", site=site.site_id)
    shape, outfall = shown.sites.get(site.site_id), shown.outfalls.get(site.site_id)
    error = shown.errors_m.get(site.site_id, math.nan)
    same = geometry_sha256(shape) == site.geometry_sha256 and geometry_sha256(outfall) == site.outfall_sha256
    if not same or shape is None or not abs(error - site.position_error_m) < 0.005:
        yield Message.from_code("certificate_footprint", site=site.site_id)
        return
    claims = (site.coverage_m, site.distance_m, site.margin_m)
    if any(len(values) != len(record.scope) or not np.isfinite(values).all() for values in claims):
        yield Message.from_code("certificate_claim", site=site.site_id, theme=site.site_id)
        return
    for name, coverage, distance, margin in zip(record.scope, *claims, strict=True):
        setback = max([0.0, *(rule.setback_m or 0.0 for rule in active[name])])
        if coverage < max(setback, site.position_error_m) - 0.01 or not -0.02 <= margin <= distance + 0.02:
            yield Message.from_code("certificate_claim", site=site.site_id, theme=theme(name).label)
    yield from _check_positions(site, record, active, shown, tree, shape, outfall)


def _check_positions(
    site: CertifiedSite,
    record: CertificateRecord,
    active: Mapping[str, Sequence[RuleVersion]],
    shown: ZonesShown,
    tree: shapely.STRtree,
    shape: Any,  # noqa: ANN401 - a shapely geometry
    outfall: Any,  # noqa: ANN401 - a shapely geometry or None
) -> Iterator[Message]:
    """Measure the zones that the run shows, and yield those nearer than certified."""
    number = {name: place for place, name in enumerate(record.scope)}
    plane = TangentPlane(shapely.centroid(shape).y)
    degrees = _REACH_M / float(plane.scale.min())
    for subject, given in (("footprint", shape), ("outfall", outfall)):
        if given is None:
            continue
        near = tree.query(shapely.box(*shapely.bounds(given)).buffer(degrees, join_style="mitre")).tolist()
        place = plane.draw(shapely.force_2d(given))
        west, south, east, north = shapely.bounds(place)
        for row in near:
            name = shown.themes[row]
            rules = [
                rule
                for rule in active.get(name, ())
                if (rule.setback_m is not None or rule.relation == "overlap") and rule.subject == subject
                and rule.applies_to(shown.grades[row], shown.names[row])
            ]  # fmt: skip
            if not rules:
                continue
            zone = plane.draw(shapely.force_2d(shown.shapes[row]))
            away = float(shapely.distance(place, zone))
            if away > _REACH_M:
                continue
            edges = shapely.get_coordinates(zone)
            longest = float(np.hypot(*np.diff(edges, axis=0).T).max(initial=0.0)) if len(edges) > 1 else 0.0
            slack = _TOLERANCE_M + _BEND * (away + math.hypot(east - west, north - south)) ** 2
            slack += _SAGITTA * min(longest, 20_000.0) ** 2
            stated = shown.accuracy_m[row]
            zone_error = _UNSTATED_ERROR_M if math.isnan(stated) else float(stated)
            limit = math.hypot(zone_error, site.position_error_m) + max(rule.setback_m or 0.0 for rule in rules)
            place_in_scope = number[name]
            if away < max(site.distance_m[place_in_scope], site.margin_m[place_in_scope] + limit) - slack:
                yield Message.from_code(
                    "certificate_zone", layer=shown.layer_ids[row], zone=shown.zone_ids[row], away=away
                )
