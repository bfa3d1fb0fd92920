"""Records and tables of findings and gaps, rendered from the decisions of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from lianzhou_gis.findings.decision_rows import ALL_UNITS, ENDS, OVERLAPS, REMAINDER, UNIT, Evaluation, Rows
from lianzhou_gis.findings.decisions import Decision, FindingTemplate, GapTemplate
from lianzhou_gis.findings.records import AccessComparison, Finding, Gap, Override, finding_id
from lianzhou_gis.table import CodedColumn, cells, frame_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecordTable", "access_comparisons", "finding_table", "gap_table"]

Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Column = CodedColumn | npt.NDArray[Any]
Record = TypeVar("Record")

_MEASURES = {"area_m2", "share_of_site", "length_m", "distance_m"}


@dataclass(frozen=True)
class RecordTable(Generic[Record]):
    """Records as columns.

    Attributes
    ----------
    kind : type
        Of the records.
    templates : sequence of mapping
        Fields that are the same in all records of a decision.
    decision : ndarray of int, shape (n,)
        Which of them each row has.
    own : dict of str to CodedColumn or ndarray
        The other fields; measures are floats, NaN where there is none.
    """

    kind: type[Record]
    templates: Sequence[Mapping[str, Any]]
    decision: Positions
    own: Mapping[str, Column]

    @classmethod
    def from_records(cls, kind: type[Record], records: Sequence[Record]) -> RecordTable[Record]:
        """Return records as columns."""
        columns: dict[str, Column] = {}
        for item in fields(kind):  # type: ignore[arg-type]
            values = [getattr(record, item.name) for record in records]
            if item.name in _MEASURES:
                columns[item.name] = np.array(values, dtype=np.float64)
            else:
                columns[item.name] = CodedColumn.from_values(values)
        return cls(kind, (), np.zeros(len(records), dtype=np.intp), columns)

    def __len__(self) -> int:
        return len(self.decision)

    def __contains__(self, name: object) -> bool:
        return name in self.own or any(name in template for template in self.templates[:1])

    def column(self, name: str) -> Column:
        """Return a field as a column."""
        if name in self.own:
            return self.own[name]
        return CodedColumn(self.decision, cells([template[name] for template in self.templates]))

    @cached_property
    def records(self) -> list[Record]:
        """The rows as records."""
        names, templates = tuple(self.own), self.templates
        columns = [_none_for_nan(column) if name in _MEASURES else column.tolist() for name, column in self.own.items()]
        made = []
        # Bypasses __init__: about 150 records per site, 3x faster.
        for decision, values in zip(self.decision.tolist(), zip(*columns, strict=True), strict=True):
            record = object.__new__(self.kind)
            record.__dict__.update(templates[decision])
            record.__dict__.update(zip(names, values, strict=True))
            made.append(record)
        return made

    def frame(self) -> pd.DataFrame:
        """Return a DataFrame of its own: measures are floats, everything else objects, codes as plain texts."""
        arrays = {}
        for item in fields(self.kind):  # type: ignore[arg-type]
            column = self.column(item.name)
            array = column if isinstance(column, np.ndarray) else column.plain()
            arrays[item.name] = array, array.dtype
        return frame_of(arrays, len(self))


def _none_for_nan(column: Column) -> list[float | None]:
    return [None if value != value else value for value in column.tolist()]


def _fields(template: FindingTemplate | GapTemplate) -> dict[str, Any]:
    return {name: getattr(template, name) for name in template.__slots__}


def _ranks(keys: Sequence[tuple[str, ...]]) -> Positions:
    """Return the rank of every key, the same for equal ones."""
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return np.array([order[key] for key in keys], dtype=np.intp)


def _used(rows: Rows, evaluation: Evaluation) -> tuple[list[Decision], Positions]:
    """Return the decisions that rows have, and which of them each has."""
    used, which = np.unique(rows.decision, return_inverse=True)
    return [evaluation.decisions[number] for number in used.tolist()], which


def finding_table(evaluation: Evaluation, overrides: Sequence[Override] = ()) -> RecordTable[Finding]:
    """Return the findings by site, theme, rule, layer and zone; what is missing comes first.

    Parameters
    ----------
    evaluation : Evaluation
    overrides : sequence of Override
        Put beside the findings that they are about.
    """
    decisions, which = _used(evaluation.findings, evaluation)
    templates = [one.finding for one in decisions if one.finding is not None]
    rank = _ranks([(one.theme or "", one.rule_id) for one in templates])[which]
    found = evaluation.findings
    order = np.lexsort((found.zone, found.layer, rank, found.site))
    rows, which = found.take(order), which[order]
    measures = _Measures(evaluation, rows)
    site, layer = CodedColumn(rows.site, evaluation.ids), CodedColumn(rows.layer, evaluation.layer_ids)
    zone = CodedColumn(rows.zone, evaluation.zone_ids)
    named = zip(
        site.tolist(), layer.tolist(), zone.tolist(), [templates[number] for number in which.tolist()], strict=True
    )
    ids = [
        finding_id(site_id, layer_id, zone_id, one.rule_id, one.subject) for site_id, layer_id, zone_id, one in named
    ]
    by_finding = {override.finding_id: override for override in overrides}
    own: dict[str, Column] = {
        "finding_id": cells(ids),
        "site_id": site,
        "layer_id": layer,
        "zone_id": zone,
        "zone_name": measures.text("zone_name"),
        "grade": measures.text("grade"),
        "relation": measures.relation([templates[number].relation for number in which.tolist()]),
        "missing_facts": CodedColumn(np.zeros(len(rows), dtype=np.intp), cells([()])),
        "curable": cells(_cures([templates[number].curable for number in which.tolist()], measures.area_m2)),
        "override": cells([by_finding.get(name) for name in ids]),
        "area_m2": measures.area_m2,
        "share_of_site": measures.share_of_site,
        "length_m": measures.length_m,
        "distance_m": measures.distance_m,
        "geometry": measures.geometry,
    }
    return RecordTable(Finding, [_fields(one) for one in templates], which, own)


def _cures(curable: Sequence[Mapping[str, Any] | None], area_m2: Floats) -> list[Mapping[str, Any] | None]:
    """Return what cures each finding; where that is a cut, of how many m2."""
    return [
        {**cure, "area_m2": round(area, 2)} if cure is not None and "cut" in (cure.get("by"), cure.get("or")) else cure
        for cure, area in zip(curable, area_m2.tolist(), strict=True)
    ]


class _Measures:
    """What findings take from the overlaps: measures, shapes, names."""

    def __init__(self, evaluation: Evaluation, rows: Rows) -> None:
        self._rows, self._overlaps = rows, evaluation.overlay.overlap_columns
        self._units = evaluation.units
        # Through a zone; a finding through all units together has the relation of the first.
        self._zoned = (rows.source == OVERLAPS) | (rows.source == UNIT)
        self._all = np.flatnonzero(rows.source == ALL_UNITS)

    def _from(self, name: str, chosen: npt.NDArray[np.bool_], *, of_all: str | None = None) -> Floats:
        values = np.full(len(self._rows), np.nan)
        values[chosen] = self._overlaps[name][self._rows.row[chosen]]
        if of_all is not None:
            column = self._overlaps[name]
            for position in self._all.tolist():
                own = column[list(self._units[self._rows.row[position]].rows)]
                known = own[~np.isnan(own)]
                values[position] = known.sum() if len(known) else np.nan
        return values

    @cached_property
    def area_m2(self) -> Floats:
        """Of the overlap, or of all units together; 0 where no zone is."""
        return np.nan_to_num(self._from("area_m2", self._zoned, of_all="sum"))

    @cached_property
    def share_of_site(self) -> Floats:
        return self._from("share_of_site", self._zoned, of_all="sum")

    @cached_property
    def length_m(self) -> Floats:
        return self._from("length_m", self._rows.source == OVERLAPS)

    @cached_property
    def distance_m(self) -> Floats:
        values = self._from("distance_m", self._rows.source == OVERLAPS)
        values[(self._rows.source == UNIT) | (self._rows.source == ALL_UNITS)] = 0.0
        return values

    @cached_property
    def geometry(self) -> npt.NDArray[np.object_]:
        """The part of the site in the zone, EPSG:4490."""
        return self.text("geometry")

    def text(self, name: str) -> npt.NDArray[np.object_]:
        """Return a column of the overlaps."""
        values = np.full(len(self._rows), None, dtype=object)
        values[self._zoned] = self._overlaps[name][self._rows.row[self._zoned]]
        return values

    def relation(self, own: Sequence[str | None]) -> npt.NDArray[np.object_]:
        """Return the relation to the zone; ``own`` where the rule has one without a zone."""
        values = self.text("relation")
        rest = np.flatnonzero(~self._zoned)
        values[rest] = cells([own[position] for position in rest.tolist()])
        relations = self._overlaps["relation"]
        for position in self._all.tolist():
            values[position] = relations[self._units[self._rows.row[position]].rows[0]]
        return values


def gap_table(evaluation: Evaluation) -> RecordTable[Gap]:
    """Return the gaps by site, reason, theme, layer, zone and rule; what is missing comes first."""
    decisions, which = _used(evaluation.gaps, evaluation)
    templates = [one.gap for one in decisions if one.gap is not None]
    first = _ranks([(one.reason.value, one.theme or "") for one in templates])[which]
    last = _ranks([(one.rule_id or "",) for one in templates])[which]
    found = evaluation.gaps
    order = np.lexsort((last, found.zone, found.layer, first, found.site))
    rows, which = found.take(order), which[order]
    own: dict[str, Column] = {
        "site_id": CodedColumn(rows.site, evaluation.ids),
        "layer_id": CodedColumn(rows.layer, evaluation.layer_ids),
        "zone_id": CodedColumn(rows.zone, evaluation.zone_ids),
        "detail": _details(evaluation, rows, which, templates),
        **_shapes(evaluation, rows),
    }
    names = [item.name for item in fields(Gap) if item.name not in own]
    return RecordTable(Gap, [{name: getattr(one, name) for name in names} for one in templates], which, own)


def _shapes(evaluation: Evaluation, rows: Rows) -> dict[str, Column]:
    """Return area and shape of what is not assessed."""
    area, shape = np.full(len(rows), np.nan), np.full(len(rows), None, dtype=object)
    for source, table in (
        (OVERLAPS, evaluation.overlay.overlap_columns),
        (REMAINDER, evaluation.overlay.remainder_columns),
    ):
        chosen = rows.source == source
        if chosen.any():
            area[chosen] = table["area_m2"][rows.row[chosen]]
            shape[chosen] = table["geometry"][rows.row[chosen]]
    return {"area_m2": area, "geometry": shape}


def _details(evaluation: Evaluation, rows: Rows, which: Positions, templates: Sequence[GapTemplate]) -> CodedColumn:
    """Return the texts of gaps, those of one decision once; what varies is filled in."""
    values = [one.detail for one in templates]
    codes = which.copy()
    varies = np.array([one.varies for one in templates], dtype=bool)[which]
    overlay = evaluation.overlay
    for position in np.flatnonzero(varies).tolist():
        source, row = int(rows.source[position]), int(rows.row[position])
        if source == OVERLAPS:
            filled = {"name": overlay.overlap_columns["zone_name"][row] or overlay.overlap_columns["zone_id"][row]}
        elif source == ENDS:
            filled = {"margin": overlay.margin_columns["margin_m"][row]}
        else:
            filled = {"area": overlay.remainder_columns["area_m2"][row]}
        detail = templates[which[position]].detail
        codes[position] = len(values)
        values.append({lang: text.format(**filled) for lang, text in detail.items()})
    return CodedColumn(codes, cells(values))


def access_comparisons(evaluation: Evaluation) -> list[AccessComparison]:
    """Return every item of the access lists of the units of every site, whatever came out; by site."""
    rows, found = evaluation.overlay.overlap_columns, []
    for units in evaluation.units:
        site_id, facts = evaluation.ids[units.site], evaluation.facts[units.site]
        layer_id = rows["layer_id"][units.rows[0]]
        own = []
        for compared in units.items:
            item, template = compared.item, compared.decision.finding
            at = units.rows if compared.unit is None else (units.rows[compared.unit],)
            share = [float(value) for value in rows["share_of_site"][list(at)] if value == value]
            unit = None if compared.unit is None else at[0]
            unit_id = None if unit is None else rows["zone_id"][unit]
            # An answer of a person is listed only where there is one; its question stands among the missing facts.
            asked = dict.fromkeys(test.fact for test in item.tests())
            own.append(
                AccessComparison(
                    site_id=site_id,
                    layer_id=layer_id,
                    level=item.level,
                    unit_id=unit_id,
                    unit_name=None if unit is None else rows["zone_name"][unit],
                    unit_grade=None if unit is None else rows["grade"][unit],
                    item_id=item.item_id,
                    dimension=item.dimension,
                    kind=item.kind,
                    effect=item.effect,
                    text=item.text,
                    document=item.document,
                    known={name: facts.get(name) for name in asked if name != item.fact or facts.get(name) is not None},
                    missing_facts=tuple(sorted(compared.outcome.missing)),
                    outcome=compared.result,
                    finding_id=None
                    if template is None
                    else finding_id(site_id, layer_id, unit_id, template.rule_id, template.subject),
                    area_m2=float(rows["area_m2"][list(at)].sum()),
                    share_of_site=sum(share) if share else None,
                )
            )
        found += sorted(own, key=lambda row: (row.level, row.unit_id or "", row.item_id))
    return found
