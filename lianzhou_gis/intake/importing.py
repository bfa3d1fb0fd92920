"""``layers import``: imports a file as a layer of a catalog, with a record of all changes."""

from __future__ import annotations

import json
import math
import tempfile
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pydantic import ValidationError

from lianzhou_gis.catalog import Catalog, LayerEntry, validated_entry
from lianzhou_gis.errors import CatalogError, FormatError, Issue
from lianzhou_gis.formats import Features, read_features
from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.formats.limits import sha256_of_file
from lianzhou_gis.intake.access_list import AccessList
from lianzhou_gis.intake.catalog_file import add_entry, replace_entry
from lianzhou_gis.intake.coverage import Coverage, declared_coverage, refuse_own_extent
from lianzhou_gis.intake.import_options import UNKNOWN, ImportOptions, options_error
from lianzhou_gis.intake.intake_source import ImportSource
from lianzhou_gis.intake.postgis_intake import in_database, pointing_to
from lianzhou_gis.intake.preconditions import check_preconditions
from lianzhou_gis.intake.proposal import ImportQuestion, Proposal, propose
from lianzhou_gis.intake.storage import RepairRecord, filled, repair_shapes, storable, write_zones
from lianzhou_gis.intake.suggestions import import_issues
from lianzhou_gis.layers.access import units_unknown, units_without_items
from lianzhou_gis.layers.completeness import area_issues, completeness_gaps, whole_area_issues
from lianzhou_gis.layers.content_hash import Content, content_sha256
from lianzhou_gis.layers.schema_mapping import as_zones, named_columns, source_ids
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import theme

__all__ = ["Imported", "Plan", "carry_out", "plan_import"]

# Accuracy assumed where none is stated, before the error of an offset datum is added.
_UNSTATED_ACCURACY_M = 4.0
_SAME_DEGREES = 2e-9


@dataclass(frozen=True)
class Plan:
    """A planned import.

    Attributes
    ----------
    frame : DataFrame
        The records to store, EPSG:4490.
    entry : LayerEntry
        The entry of the catalog; hashes are added when it is written.
    questions : tuple of ImportQuestion
        Questions to answer first.
    """

    source: ImportSource
    frame: pd.DataFrame
    entry: LayerEntry
    proposal: Proposal
    coverage: Coverage
    access: AccessList | None
    repairs: tuple[RepairRecord, ...]
    questions: tuple[ImportQuestion, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class Imported:
    """A finished import, or with ``dry_run`` one that wrote nothing."""

    plan: Plan
    entry: LayerEntry
    files: tuple[str, ...]
    dry_run: bool
    issues: tuple[Issue, ...] = field(default=())

    def record(self) -> dict[str, Any]:
        """Return the record stored beside the layer as JSON values."""
        plan, source = self.plan, self.plan.source
        return {
            "source": {
                "file": source.name,
                "sha256": source.features.sha256,
                "reference_system": source.features.system.name,
                "encoding": source.features.encoding,
                "rows": len(plan.frame),
            },
            "imported_on": source.day.isoformat(),
            "entry": {name: value for name, value in self.entry.to_json().items() if name in self.entry.stated()},
            "columns": [asdict(choice) for choice in plan.proposal.columns],
            "grades": [asdict(choice) for choice in plan.proposal.grades],
            "unused_columns": [asdict(column) for column in plan.proposal.unused],
            "repairs": [asdict(repair) for repair in plan.repairs],
            "access_list": None if plan.access is None else {"file": plan.access.name, "sha256": plan.access.sha256},
            "issues": [
                {"severity": item.severity, "code": item.code, "where": item.where, "message": item.message}
                for item in self.issues
            ],
            "files": list(self.files),
        }


def _draft(source: ImportSource, options: ImportOptions, issues: list[Issue]) -> LayerEntry:
    """Return the entry as far as the options state it."""
    layer_id, series = check_preconditions(source.catalog, source.theme, options, issues)
    system = source.features.system
    survey = None if system.crs.is_geographic else system.code
    accuracy = options.accuracy_m
    if system.error_band_m:
        accuracy = math.hypot(accuracy if accuracy is not None else _UNSTATED_ACCURACY_M, system.error_band_m)
    answers_only = {"fill", "coverage", "no_coverage", "id", "series", "grades", "constant_grade", "not_grade"}
    own = options.model_dump(exclude=answers_only, exclude_unset=True)
    data = {
        **own,
        "id": layer_id,
        "series": series,
        "theme": source.theme,
        "path": f"{layer_id}.gpkg",
        "survey_crs": options.survey_crs or survey,
        "accuracy_m": None if accuracy is None else round(accuracy, 2),
        "grades": {value: grade for value, grade in options.grades.items() if grade != UNKNOWN},
    }
    try:
        return validated_entry(data)
    except ValidationError as error:
        raise options_error(error, source.name) from error


def plan_import(source: ImportSource, options: ImportOptions, *, access: AccessList | None = None) -> Plan:
    """Plan an import, and collect the questions that must be answered first.

    Parameters
    ----------
    source : ImportSource
    options : ImportOptions
    access : AccessList, optional
        Of the control units.

    Raises
    ------
    CatalogError
        If the layer must not be added to this catalog, or an option contradicts the file.
    """
    issues = list(source.features.issues)
    entry = _draft(source, options, issues)
    frame = storable(named_columns(source.features, entry), source.name, issues)
    frame = filled(frame, entry, options.fill, source.name, issues)
    proposal = propose(frame, entry, options)
    questions = list(proposal.questions)
    coverage = Coverage(None)
    if options.coverage is not None:
        coverage, found = declared_coverage(
            options.coverage, entry, source.catalog, source.region, source.day, source.facts
        )
        issues.extend(found)
    elif not options.no_coverage:
        questions.append(_coverage_question())
    if options.expected_count is None and options.uncounted is None:
        questions.append(_count_question(len(frame)))
    if access is not None:
        issues.extend(access.issues)
        if not theme(entry.theme).covering:
            raise CatalogError.from_code("access_list_for_units_only")
    entry = replace(
        entry,
        access_list=None if access is None else f"{entry.id}.access.csv",
        coverage=coverage.text,
        columns={choice.theirs: choice.ours for choice in proposal.columns if choice.theirs != choice.ours},
        grades={choice.value: choice.grade for choice in proposal.grades if choice.value and choice.grade},
    )
    frame, repairs = repair_shapes(frame)
    refuse_own_extent(coverage, frame, entry)
    issues += import_issues(entry, proposal, repairs, options)
    return Plan(source, frame, entry, proposal, coverage, access, tuple(repairs), tuple(questions), tuple(issues))


def _coverage_question() -> ImportQuestion:
    return ImportQuestion.build("coverage", None, (), "question_coverage")


def _count_question(rows: int) -> ImportQuestion:
    return ImportQuestion.build("expected_count", None, (), "question_expected_count", rows=rows)


def _zones(features: Features, entry: LayerEntry) -> tuple[pd.DataFrame, list[Issue]]:
    issues: list[Issue] = []
    survey = None if features.system.crs.is_geographic else features.system.code
    return as_zones(features.frame, entry, survey, issues), issues


def _are_equal(wanted: pd.DataFrame, zones: pd.DataFrame) -> bool:
    """Return whether two tables have equal attributes, and equal vertices within a fifth of a millimetre."""
    bare = [
        content_sha256(table.assign(geometry=pd.Series([None] * len(table), index=table.index, dtype=object)))
        for table in (wanted, zones)
    ]
    first, second = (table["geometry"].to_numpy(dtype=object) for table in (wanted, zones))
    if bare[0] != bare[1] or (shapely.is_missing(first) != shapely.is_missing(second)).any():
        return False
    return bool((shapely.is_missing(first) | shapely.equals_exact(first, second, _SAME_DEGREES)).all())


def carry_out(plan: Plan, *, dry_run: bool = False, store: str | None = None) -> Imported:
    """Write the layer beside the catalog and add its entry: everything, or nothing.

    The written layer is read back and must equal what was read from the source.

    Parameters
    ----------
    plan : Plan
    dry_run : bool
        Do everything except writing.
    store : str, optional
        URL of a PostGIS database that stores the zones, ``postgresql://user@host/database?table=schema.table``.

    Raises
    ------
    CatalogError
        If questions are open, or files of that name exist.
    FormatError
        If the written file differs from what was read.
    """
    if plan.questions:
        file, question, more = plan.source.name, plan.questions[0].message, len(plan.questions) - 1
        if more:
            raise CatalogError.from_code("import_question.several", file=file, question=question, more=more)
        raise CatalogError.from_code("import_question", file=file, question=question)
    source = plan.source
    folder = source.catalog_path.parent
    names = {"zones": plan.entry.path, "record": f"{Path(plan.entry.path).stem}.import.json"}
    if plan.entry.access_list is not None:
        names["access"] = plan.entry.access_list
    if plan.coverage.to_keep and plan.coverage.text:
        names["coverage"] = plan.coverage.text
    taken = sorted(name for name in names.values() if (folder / name).exists())
    if taken:
        raise CatalogError.from_code("import_file_exists", files=taken)
    if not dry_run:
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        beside = None if dry_run else folder
        stage = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=beside, prefix=".layers-")))
        entry, issues = _written(plan, stage, names)
        if store is not None:
            zones = stage / names.pop("zones")
            kept = (
                nullcontext(pointing_to(entry, store)) if dry_run else in_database(entry, zones, store, source.region)
            )
            entry = stack.enter_context(kept)
        imported = Imported(plan, entry, tuple(sorted(names.values())), dry_run, (*plan.issues, *issues))
        text = json.dumps(imported.record(), ensure_ascii=False, indent=1)
        (stage / names["record"]).write_text(text + "\n", encoding="utf-8")
        if not dry_run:
            _move_in(stage, folder, imported, source.catalog_path)
    return imported


def _written(plan: Plan, stage: Path, names: dict[str, str]) -> tuple[LayerEntry, list[Issue]]:
    """Write zones and coverage into a folder, read them back, and return the entry with its counts and hashes."""
    source = plan.source
    stamp = f"{source.day.isoformat()}T00:00:00Z"
    write_zones(plan.frame, stage / names["zones"], plan.entry.id, source.features.system, stamp)
    if "coverage" in names:
        kept = gpd.GeoDataFrame({"name": [plan.entry.id]}, geometry=[plan.coverage.area], crs="EPSG:4490")
        write_tables(stage / names["coverage"], {"coverage": kept}, stamp)
    if plan.access is not None:
        (stage / names["access"]).write_text(plan.access.text, encoding="utf-8", newline="")
    wanted, issues = _zones(replace(source.features, columns=Columns.of_frame(plan.frame)), plan.entry)
    zones, _ = _zones(read_features(stage / names["zones"], region=source.region), plan.entry)
    if not _are_equal(wanted, zones):
        raise FormatError.from_code("imported_content_differs", file=source.name)
    counted = [plan.entry.count_by] if plan.entry.count_by else []
    content = Content.summarise(zones, counted, source_ids(plan.frame, zones, plan.entry))
    entry = replace(
        plan.entry,
        row_count=content.rows,
        sha256=content.sha256,
        file_sha256=sha256_of_file(stage / names["zones"]),
    )
    gaps, found = completeness_gaps(content, content, entry)
    incomplete = [Issue("error", gap.reason.value, f"layer {entry.id}", gap.zh, gap.en) for gap in gaps]
    if plan.access is not None:
        issues += _listed_units(zones, plan.access, entry)
    reported = {item.code for item in plan.issues}
    issues = [item for item in issues if item.code != "unknown_grade" or "unknown_grade" not in reported]
    return entry, [*issues, *incomplete, *found, *area_issues(zones, entry), *whole_area_issues(zones, entry)]


def _listed_units(zones: pd.DataFrame, access: AccessList, entry: LayerEntry) -> list[Issue]:
    """Return issues for units without items, and for listed units that the layer lacks."""
    where, found = f"layer {entry.id}", []
    if bare := units_without_items(zones["zone_id"], access.items):
        found.append(Issue.from_code("error", "unit_without_items", where, units=bare))
    if unknown := units_unknown(zones["zone_id"], access.items):
        found.append(Issue.from_code("error", "list_unit_without_polygon", where, units=unknown))
    return found


def _move_in(stage: Path, folder: Path, imported: Imported, catalog_path: Path) -> None:
    moved: list[Path] = []
    try:
        for name in imported.files:
            (stage / name).replace(folder / name)
            moved.append(folder / name)
        known = catalog_path.exists() and imported.entry.id in {item.id for item in Catalog.open(catalog_path).layers}
        (replace_entry if known else add_entry)(catalog_path, imported.entry)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        raise
