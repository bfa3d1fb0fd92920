"""Preconditions of an import: id, series and edition of a new layer."""

from __future__ import annotations

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, Issue, Phrase
from lianzhou_gis.intake.import_options import ImportOptions

__all__ = ["check_preconditions"]


def check_preconditions(
    catalog: Catalog | None, theme: str, options: ImportOptions, issues: list[Issue]
) -> tuple[str, str]:
    """Return the id and the series of a new layer.

    An existing id is refused. An existing series gets an edition only if it is named, and none of its editions is
    changed: which edition is used on a day follows from the dates.

    Parameters
    ----------
    catalog : Catalog, optional
    theme : str
    options : ImportOptions
    issues : list of Issue
        Added to.

    Raises
    ------
    CatalogError
        If the layer must not be added.
    """
    entries = catalog.layers if catalog else ()
    begin = f"_{options.valid_from.isoformat()}" if options.valid_from else ""
    layer_id = options.id or (f"{options.series}{begin}" if options.series else theme)
    series = options.series or layer_id
    if any(entry.synthetic != options.synthetic for entry in entries):
        raise _mixed(catalog, synthetic=options.synthetic)
    if any(entry.id == layer_id for entry in entries):
        raise CatalogError.from_code("layer_exists", layer=layer_id)
    editions = [entry for entry in entries if entry.series == series]
    if editions and options.series is None:
        raise CatalogError.from_code("series_exists", series=series)
    if editions:
        issues.extend(_edition(editions, theme, series, options))
    elif others := sorted({entry.series for entry in entries if entry.theme == theme}):
        issues.append(Issue.from_code("info", "further_series", f"layer {layer_id}", series=others))
    return layer_id, series


def _mixed(catalog: Catalog | None, *, synthetic: bool) -> CatalogError:
    return CatalogError.from_code(
        "catalog_of_real_layers" if synthetic else "catalog_of_synthetic_layers",
        file=catalog.path if catalog else "layers.yaml",
    )


def _edition(editions: list[LayerEntry], theme: str, series: str, options: ImportOptions) -> list[Issue]:
    """Check that the dates of a new edition differ from those of the others, and report what happens to these."""
    if editions[0].theme != theme:
        raise CatalogError.from_code("series_of_other_theme", series=series, theme=editions[0].theme, other=theme)
    if options.valid_from is None:
        raise CatalogError.from_code("edition_begin_missing", series=series, editions=[entry.id for entry in editions])
    same = [entry.id for entry in editions if entry.valid_from == options.valid_from]
    if same:
        raise CatalogError.from_code("edition_begin_taken", edition=same[0], day=options.valid_from)
    newer = [entry for entry in editions if entry.valid_from and entry.valid_from > options.valid_from]
    open_ended = [entry for entry in editions if entry.valid_to is None or entry.valid_to >= options.valid_from]
    issues = []
    for entry in open_ended:
        if entry in newer:
            continue
        until = entry.valid_to or Phrase("未定", "open")
        issues.append(
            Issue.from_code(
                "info", "edition_superseded", f"layer {entry.id}", edition=entry.id, until=until, day=options.valid_from
            )
        )
    for entry in newer:
        issues.append(
            Issue.from_code("warning", "edition_older", f"layer {entry.id}", edition=entry.id, day=entry.valid_from)
        )
    return issues
