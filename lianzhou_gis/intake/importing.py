"""``layers import``: a file becomes a layer of a catalog, with a record of everything that was done to it."""

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

from lianzhou_gis.catalog import LayerEntry, validated_entry
from lianzhou_gis.errors import CatalogError, FormatError, Issue
from lianzhou_gis.formats import Features, read_features
from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.formats.limits import sha256_of_file
from lianzhou_gis.intake.access_list import AccessList
from lianzhou_gis.intake.catalog_file import add_entry
from lianzhou_gis.intake.coverage import Coverage, declared_coverage, refuse_own_extent
from lianzhou_gis.intake.import_options import UNKNOWN, Told, refused
from lianzhou_gis.intake.intake_source import Source
from lianzhou_gis.intake.postgis_intake import in_database, pointing_to
from lianzhou_gis.intake.preconditions import admitted
from lianzhou_gis.intake.proposal import Proposal, Question, propose
from lianzhou_gis.intake.storage import RepairRecord, filled, mended, storable, write_zones
from lianzhou_gis.intake.suggestions import remarks
from lianzhou_gis.layers.access import units_unknown, units_without_items
from lianzhou_gis.layers.completeness import area_issues, completeness_gaps, whole_area_issues
from lianzhou_gis.layers.content_hash import Content, content_sha256
from lianzhou_gis.layers.schema_mapping import as_zones, named_columns, source_ids
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import theme

__all__ = ["Imported", "Plan", "carry_out", "plan_import"]

# What a position is taken to be good for where nobody says, before the band of an offset datum is added.
_UNSTATED_ACCURACY_M = 4.0
_SAME_DEGREES = 2e-9


@dataclass(frozen=True)
class Plan:
    """What an import would do.

    Attributes
    ----------
    frame : DataFrame
        The records as they would be kept, EPSG:4490.
    entry : LayerEntry
        As it would stand in the catalog; hashes are added when it is written.
    questions : tuple of Question
        What must be answered first.
    """

    source: Source
    frame: pd.DataFrame
    entry: LayerEntry
    proposal: Proposal
    coverage: Coverage
    access: AccessList | None
    repairs: tuple[RepairRecord, ...]
    questions: tuple[Question, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class Imported:
    """What an import did, or with ``dry_run`` would have done."""

    plan: Plan
    entry: LayerEntry
    files: tuple[str, ...]
    dry_run: bool
    issues: tuple[Issue, ...] = field(default=())

    def record(self) -> dict[str, Any]:
        """Return the record that is kept beside the layer, as plain values."""
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


def _draft(source: Source, told: Told, issues: list[Issue]) -> LayerEntry:
    """Return the entry as far as it is told."""
    layer_id, series = admitted(source.catalog, source.theme, told, issues)
    system = source.features.system
    survey = None if system.crs.is_geographic else system.code
    accuracy = told.accuracy_m
    if system.error_band_m:
        accuracy = math.hypot(accuracy if accuracy is not None else _UNSTATED_ACCURACY_M, system.error_band_m)
    answers_only = {"fill", "coverage", "no_coverage", "id", "series", "grades", "constant_grade", "not_grade"}
    own = told.model_dump(exclude=answers_only, exclude_unset=True)
    data = {
        **own,
        "id": layer_id,
        "series": series,
        "theme": source.theme,
        "path": f"{layer_id}.gpkg",
        "survey_crs": told.survey_crs or survey,
        "accuracy_m": None if accuracy is None else round(accuracy, 2),
        "grades": {value: grade for value, grade in told.grades.items() if grade != UNKNOWN},
    }
    try:
        return validated_entry(data)
    except ValidationError as error:
        raise refused(error, source.name) from error


def plan_import(source: Source, told: Told, *, access: AccessList | None = None) -> Plan:
    """Say what an import would do, and what must be answered first.

    Parameters
    ----------
    source : Source
    told : Told
    access : AccessList, optional
        Of the control units.

    Raises
    ------
    CatalogError
        If the layer must not enter this catalog, or an answer contradicts the file.
    """
    issues = list(source.features.issues)
    entry = _draft(source, told, issues)
    frame = storable(named_columns(source.features, entry), source.name, issues)
    frame = filled(frame, entry, told.fill, source.name, issues)
    proposal = propose(frame, entry, told)
    questions = list(proposal.questions)
    coverage = Coverage(None)
    if told.coverage is not None:
        coverage, found = declared_coverage(
            told.coverage, entry, source.catalog, source.region, source.day, source.facts
        )
        issues.extend(found)
    elif not told.no_coverage:
        questions.append(_coverage_question())
    if told.expected_count is None and told.uncounted is None:
        questions.append(_count_question(len(frame)))
    if access is not None:
        issues.extend(access.issues)
        if not theme(entry.theme).covering:
            raise CatalogError("--access-list 只用于管控单元", "--access-list is for control units only")
    entry = replace(
        entry,
        access_list=None if access is None else f"{entry.id}.access.csv",
        coverage=coverage.text,
        columns={choice.theirs: choice.ours for choice in proposal.columns if choice.theirs != choice.ours},
        grades={choice.value: choice.grade for choice in proposal.grades if choice.value and choice.grade},
    )
    frame, repairs = mended(frame)
    refuse_own_extent(coverage, frame, entry)
    issues += remarks(entry, proposal, repairs, told)
    return Plan(source, frame, entry, proposal, coverage, access, tuple(repairs), tuple(questions), tuple(issues))


def _coverage_question() -> Question:
    return Question(
        "coverage",
        None,
        (),
        "图层对哪个范围负责？请用 --coverage 给出（文件、WKT、administrative:代码；管控单元可用 union）；"
        "确实没有时写明 --no-coverage，该图层便不能排除任何冲突",
        "for which area does the layer speak? say --coverage FILE, WKT or administrative:CODE (union for control "
        "units); if it is not known say --no-coverage: the layer can then clear nothing",
    )


def _count_question(rows: int) -> Question:
    return Question(
        "expected_count",
        None,
        (),
        f"文件有 {rows} 条记录；完整的图层应有多少个？请按批复文件或数据提供单位的说明，用 --expected-count 给出"
        "（可加 --count-by 字段；按记录数计用 --count-by source_row）；确无法得知时用 --uncounted 写明原因和说明人",
        f"the file has {rows} records; how many does a complete layer have? say it from the approval or from the data "
        "holder with --expected-count (and --count-by COLUMN; --count-by source_row counts records); if nobody can "
        "know, say --uncounted with the reason and who says so",
    )


def _zones(features: Features, entry: LayerEntry) -> tuple[pd.DataFrame, list[Issue]]:
    issues: list[Issue] = []
    survey = None if features.system.crs.is_geographic else features.system.code
    return as_zones(features.frame, entry, survey, issues), issues


def _hold_the_same(wanted: pd.DataFrame, zones: pd.DataFrame) -> bool:
    """Tell whether two tables have the same attributes, and the same vertices to a fifth of a millimetre."""
    bare = [
        content_sha256(table.assign(geometry=pd.Series([None] * len(table), index=table.index, dtype=object)))
        for table in (wanted, zones)
    ]
    first, second = (table["geometry"].to_numpy(dtype=object) for table in (wanted, zones))
    if bare[0] != bare[1] or (shapely.is_missing(first) != shapely.is_missing(second)).any():
        return False
    return bool((shapely.is_missing(first) | shapely.equals_exact(first, second, _SAME_DEGREES)).all())


def carry_out(plan: Plan, *, dry_run: bool = False, store: str | None = None) -> Imported:
    """Write the layer beside the catalog and its entry into it: all of it, or nothing.

    What was written is read back; it must hold what was read from the source.

    Parameters
    ----------
    plan : Plan
    dry_run : bool
        Do all but write.
    store : str, optional
        URL of a PostGIS that the zones are kept in, ``postgresql://user@host/database?table=schema.table``.

    Raises
    ------
    CatalogError
        If questions are open, or files of that name are there.
    FormatError
        If the file that was written does not hold what was read.
    """
    if plan.questions:
        asked = plan.questions[0]
        more = len(plan.questions) - 1
        raise CatalogError(
            f"{plan.source.name}：{asked.zh}" + (f"（另有 {more} 个问题）" if more else ""),
            f"{plan.source.name}: {asked.en}" + (f" (and {more} more questions)" if more else ""),
        )
    source = plan.source
    folder = source.catalog_path.parent
    names = {"zones": plan.entry.path, "record": f"{plan.entry.id}.import.json"}
    if plan.entry.access_list is not None:
        names["access"] = plan.entry.access_list
    if plan.coverage.to_keep and plan.coverage.text:
        names["coverage"] = plan.coverage.text
    taken = sorted(name for name in names.values() if (folder / name).exists())
    if taken:
        raise CatalogError(
            f"{', '.join(taken)} 已存在于图层目录文件夹中；请另用 --id 或移走该文件",
            f"{', '.join(taken)} is already there beside the catalog; choose another --id, or move it away",
        )
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
    if not _hold_the_same(wanted, zones):
        raise FormatError(
            f"{source.name}：入库后的内容与源文件不一致，未入库；请把该文件交给维护者",
            f"{source.name}: what was written does not hold what was read, so nothing was imported; report the file",
        )
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
    told = {item.code for item in plan.issues}
    issues = [item for item in issues if item.code != "unknown_grade" or "unknown_grade" not in told]
    return entry, [*issues, *incomplete, *found, *area_issues(zones, entry), *whole_area_issues(zones, entry)]


def _listed_units(zones: pd.DataFrame, access: AccessList, entry: LayerEntry) -> list[Issue]:
    """Say which units the list leaves out, and which it has that the layer has not."""
    where, found = f"layer {entry.id}", []
    bare, strange = units_without_items(zones["zone_id"], access.items), units_unknown(zones["zone_id"], access.items)
    for code, names, zh, en in (
        ("unit_without_items", bare, "准入清单中没有以下单元的条目", "the access list has no items of"),
        (
            "list_unit_without_polygon",
            strange,
            "图层中没有准入清单所列的单元",
            "the layer lacks units of the access list:",
        ),
    ):
        if names:
            shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
            found.append(Issue("error", code, where, f"{zh}：{shown}", f"{en} {shown}"))
    return found


def _move_in(stage: Path, folder: Path, imported: Imported, catalog_path: Path) -> None:
    moved: list[Path] = []
    try:
        for name in imported.files:
            (stage / name).replace(folder / name)
            moved.append(folder / name)
        add_entry(catalog_path, imported.entry)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        raise
