"""``layers check``: checks every layer of a day by itself and against the others; the result is a worklist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, LianzhouError, Message
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane, Region
from lianzhou_gis.intake.attribute_checks import approved_areas, expiry, provenance, unknown_grades
from lianzhou_gis.intake.contradictions import contradicting
from lianzhou_gis.intake.geometry_checks import doubled, faults, misplaced
from lianzhou_gis.intake.nesting import Nesting, nesting
from lianzhou_gis.intake.planar import PlanarLayer
from lianzhou_gis.intake.quality_issues import SEVERITIES, Defect, defects_of_issue
from lianzhou_gis.intake.table_reader import read_zones
from lianzhou_gis.intake.unit_checks import undecided_items, unit_gaps, unit_list, unit_overlaps
from lianzhou_gis.layers import Layer, LayerGap, load_layers
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.vocabulary import label, theme, themes

__all__ = ["LayerReport", "LayersCheck", "check_layers"]

# Issues of loading that the checks here report in more detail: by zone, with place and measure.
_SAID_BETTER = {"unknown_grade", "area_below_official", "area_differs_from_official", "geometry_repaired"}
_MOST_OF_A_KIND = 200


@dataclass(frozen=True)
class LayerReport:
    """What a layer holds.

    Attributes
    ----------
    status : str
        ``loaded`` or the gap reason.
    grades : dict of str to int
        Zones by grade.
    counted : dict or None
        ``by``, ``expected``, ``found`` and the ``names`` that were counted, where the catalog expects a number.
    """

    entry: LayerEntry
    status: str
    zones: int
    area_m2: float
    grades: dict[str, int]
    counted: dict[str, Any] | None
    nesting: tuple[Nesting, ...] = ()


@dataclass(frozen=True)
class LayersCheck:
    """What ``layers check`` found.

    Attributes
    ----------
    day : datetime.date
    reports : tuple of LayerReport
        The editions of the day.
    defects : tuple of Defect
        Errors first.
    """

    catalog: Catalog
    day: date
    reports: tuple[LayerReport, ...]
    defects: tuple[Defect, ...]

    @property
    def synthetic(self) -> bool:
        """Whether any layer is synthetic."""
        return any(report.entry.synthetic for report in self.reports)

    def reaches(self, severity: str) -> bool:
        """Tell whether there is a defect of this severity or a worse one."""
        return any(SEVERITIES.index(item.severity) <= SEVERITIES.index(severity) for item in self.defects)

    def document(self) -> dict[str, Any]:
        """Return the check as JSON values."""
        return {
            "as_of": self.day.isoformat(),
            "layers": [_report(report, self.defects) for report in self.reports],
            "issues": [_issue(item) for item in self.defects],
        }


def _report(report: LayerReport, defects: Sequence[Defect]) -> dict[str, Any]:
    own = [item.severity for item in defects if item.layer_id == report.entry.id]
    return {
        "id": report.entry.id,
        "title": report.entry.name,
        "theme": report.entry.theme,
        "status": report.status,
        "zones": report.zones,
        "area_m2": round(report.area_m2, 2),
        "grades": report.grades,
        "counted": report.counted,
        "nesting": [asdict(item) for item in report.nesting],
        **{f"{severity}s": own.count(severity) for severity in SEVERITIES},
    }


def _issue(item: Defect) -> dict[str, Any]:
    place = item.place
    return {
        "severity": item.severity,
        "code": item.code,
        "title": item.title,
        "where": item.where,
        "layer": item.layer_id,
        "zone": item.zone_id,
        "message": {"zh": item.zh, "en": item.en},
        "todo": item.todo,
        "amount": item.amount,
        "unit": item.unit,
        "place": None if place is None else asdict(place),
    }


def check_layers(catalog: Catalog, day: date, *, facts: FactVocabulary, subset: Sequence[str] = ()) -> LayersCheck:
    """Look at every layer of a catalog as a run of that day would use it.

    Parameters
    ----------
    catalog : Catalog
    day : datetime.date
        Whose editions are looked at.
    facts : FactVocabulary
        For the conditions of access lists.
    subset : sequence of str, optional
        Ids of layers whose defects are reported; the others are read too: layers are checked against each other.

    Raises
    ------
    CatalogError
        If a layer of ``subset`` is not in the catalog or not in force on the day.
    """
    named = {entry.theme for entry in catalog.layers}
    region = Region(catalog.region.name, catalog.region.bounds) if catalog.region.bounds else None
    layers = load_layers(catalog, [name for name in themes() if name in named], day, facts=facts, region=region)
    _refuse_unknown(subset, catalog, {layer.entry.id for layer in layers.layers}, day)
    plane = Plane(catalog.plane or LIANZHOU_PROJ)
    defects = [_gap_defect(gap) for gap in layers.gaps]
    defects += [defects_of_issue(issue) for issue in layers.issues if issue.code not in _SAID_BETTER]
    reports, planar = [], []
    for layer in layers.layers:
        there = PlanarLayer(layer, plane)
        nestings: list[Nesting] = []
        if layer.status == "loaded" and len(layer.zones):
            planar.append(there)
            nestings, found = _looked_at(there, catalog, region, day)
            defects += found
            if theme(layer.entry.theme).covering:
                defects += unit_list(there, layers.access_items)
                defects += undecided_items(there, layers.access_items)
        reports.append(_reported(layer, there, nestings))
    defects += contradicting(planar)
    kept = [item for item in defects if not subset or item.layer_id in subset]
    return LayersCheck(
        catalog,
        day,
        tuple(report for report in reports if not subset or report.entry.id in subset),
        tuple(_bounded(sorted(kept, key=lambda item: item.order))),
    )


def _refuse_unknown(subset: Sequence[str], catalog: Catalog, of_the_day: set[str], day: date) -> None:
    for name in subset:
        if name in of_the_day:
            continue
        known = [entry.id for entry in catalog.layers]
        if name in known:
            raise CatalogError.from_code("layer_not_in_force", layer=name, day=day)
        raise CatalogError.from_code("catalog_layer_unknown", layer=name, known=list(known))


def _gap_defect(gap: LayerGap) -> Defect:
    title = label("gap", gap.reason)
    base = Defect.from_kind("other", gap.layer_id, gap.message, severity="error", zone_id=gap.zone_id, shape=gap.area)
    return Defect(**{**vars(base), "code": gap.reason.value, "title": dict(title)})


def _looked_at(
    there: PlanarLayer, catalog: Catalog, region: Region | None, day: date
) -> tuple[list[Nesting], list[Defect]]:
    """Return the nestings and defects of one layer by itself."""
    entry, zones = there.layer.entry, there.zones
    nestings, found = nesting(there)
    try:
        found += faults(read_zones(catalog, entry, region)[0], entry.id)
    except LianzhouError as error:
        found.append(Defect.from_kind("other", entry.id, error.message, severity="error"))
    found += misplaced(there, region) + doubled(there)
    found += unknown_grades(zones, entry) + approved_areas(zones, entry) + expiry(zones, entry, day)
    found += provenance(zones, entry)
    if theme(entry.theme).covering:
        found += unit_gaps(there) + unit_overlaps(there)
    return nestings, found


def _reported(layer: Layer, there: PlanarLayer, nestings: list[Nesting]) -> LayerReport:
    entry, zones = layer.entry, layer.zones
    counted = None
    if entry.expected_count is not None:
        names: list[str] = []
        found = len(zones) if entry.count_by is None else 0
        if entry.count_by in zones.columns:
            values = zones[entry.count_by].dropna()
            found = values.nunique()
            names = sorted({name for name in values if isinstance(name, str)})
        counted = {"by": entry.count_by, "expected": entry.expected_count, "found": found, "names": names}
    grades = zones["grade"].map(lambda grade: grade if isinstance(grade, str) else "unknown").value_counts()
    listed = theme(entry.theme).grades
    area = float(shapely.area(shapely.union_all(there.shapes))) if len(zones) else 0.0
    return LayerReport(
        entry=entry,
        status=layer.status,
        zones=layer.feature_count,
        area_m2=area,
        grades={str(name): int(count) for name, count in sorted(grades.items())} if listed else {},
        counted=counted,
        nesting=tuple(nestings),
    )


def _bounded(defects: list[Defect]) -> Iterator[Defect]:
    """Limit the defects of one kind and layer, and count the others."""
    for (_, layer_id, _code), group in groupby(defects, key=lambda item: item.order[:3]):
        listed = list(group)
        yield from listed[:_MOST_OF_A_KIND]
        more = len(listed) - _MOST_OF_A_KIND
        if more > 0:
            message = Message.from_code("more_defects", count=more, kind=listed[0].title)
            severity = listed[0].severity
            yield Defect.from_kind("more", layer_id or None, message, severity=severity, amount=more, unit="count")
