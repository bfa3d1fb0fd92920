"""``layers replace``: a corrected file takes the place of a layer under its id, dates and settings."""

from __future__ import annotations

from dataclasses import replace

from lianzhou_gis.errors import CatalogError
from lianzhou_gis.intake.access_list import AccessList, read_access_table
from lianzhou_gis.intake.import_options import ImportOptions
from lianzhou_gis.intake.importing import Plan, plan_import
from lianzhou_gis.intake.intake_source import ImportSource

__all__ = ["plan_replacement"]

_SETTINGS = (
    "series", "title", "valid_from", "valid_to", "publisher", "document", "licence", "disclosure", "secrecy",
    "expected_count", "count_by", "uncounted", "official_area_m2", "accuracy_m", "synthetic",
)  # fmt: skip


def plan_replacement(
    source: ImportSource, layer_id: str, answers: ImportOptions, *, access: AccessList | None = None
) -> Plan:
    """Plan the replacement of a layer; what is not answered stays as its entry has it.

    The files of the old layer stay where they are, so that earlier runs can be repeated; the new ones carry the
    beginning of the hash of their source in their names.

    Parameters
    ----------
    source : ImportSource
        The new file, with the catalog.
    layer_id : str
    answers : ImportOptions
    access : AccessList, optional
        Of control units; default the present one.

    Raises
    ------
    CatalogError
        If there is no such layer, or as :func:`lianzhou_gis.intake.plan_import`.
    """
    catalog = source.catalog
    known = {} if catalog is None else {entry.id: entry for entry in catalog.layers}
    if catalog is None or layer_id not in known:
        raise CatalogError.from_code("catalog_layer_unknown", layer=layer_id, known=list(known))
    old = known[layer_id]
    settings = {name: value for name, value in old.stated().items() if name in _SETTINGS}
    given = answers.model_dump(exclude_unset=True)
    if {"expected_count", "uncounted"} & set(given):
        settings = {name: value for name, value in settings.items() if name not in ("expected_count", "uncounted")}
    present = {str(name) for name in source.features.columns.arrays}
    settings["columns"] = {theirs: ours for theirs, ours in old.columns.items() if theirs in present}
    settings["grades"] = dict(old.grades)
    if old.coverage is None:
        settings["no_coverage"] = True
    elif old.coverage.partition(":")[0] in ("union", "administrative") or "(" in old.coverage:
        settings["coverage"] = old.coverage
    else:
        settings["coverage"] = str(catalog.file(old.coverage))
    merged = ImportOptions(**{**settings, "id": layer_id, **given})
    if access is None and old.access_list is not None:
        access = read_access_table(catalog.file(old.access_list), source.facts)
    others = replace(catalog, layers=tuple(entry for entry in catalog.layers if entry.id != layer_id))
    plan = plan_import(replace(source, theme=old.theme, catalog=others), merged, access=access)
    stem = f"{layer_id}.{source.features.sha256[:8]}"
    coverage = replace(plan.coverage, text=f"{stem}.coverage.gpkg") if plan.coverage.to_keep else plan.coverage
    entry = replace(
        plan.entry,
        path=f"{stem}.gpkg",
        coverage=coverage.text,
        access_list=None if plan.entry.access_list is None else f"{stem}.access.csv",
    )
    return replace(plan, source=replace(plan.source, catalog=catalog), entry=entry, coverage=coverage)
