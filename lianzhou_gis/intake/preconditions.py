"""Whether a layer may enter a catalog, under which name, and as an edition of what."""

from __future__ import annotations

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, Issue, Phrase
from lianzhou_gis.intake.import_options import Told

__all__ = ["admitted"]


def admitted(catalog: Catalog | None, theme: str, told: Told, issues: list[Issue]) -> tuple[str, str]:
    """Return the id and the series of a new layer.

    An id that is taken is refused. A series that is there is entered only where it is named, and nothing of it is
    changed: which edition is used on a day follows from the dates.

    Parameters
    ----------
    catalog : Catalog, optional
    theme : str
    told : Told
    issues : list of Issue
        Added to.

    Raises
    ------
    CatalogError
        If it must not enter.
    """
    entries = catalog.layers if catalog else ()
    begin = f"_{told.valid_from.isoformat()}" if told.valid_from else ""
    layer_id = told.id or (f"{told.series}{begin}" if told.series else theme)
    series = told.series or layer_id
    if any(entry.synthetic != told.synthetic for entry in entries):
        raise _mixed(catalog, synthetic=told.synthetic)
    if any(entry.id == layer_id for entry in entries):
        raise CatalogError.from_code("layer_exists", layer=layer_id)
    editions = [entry for entry in entries if entry.series == series]
    if editions and told.series is None:
        raise CatalogError.from_code("series_exists", series=series)
    if editions:
        issues.extend(_edition(editions, theme, series, told))
    elif others := sorted({entry.series for entry in entries if entry.theme == theme}):
        issues.append(Issue.from_code("info", "further_series", f"layer {layer_id}", series=others))
    return layer_id, series


def _mixed(catalog: Catalog | None, *, synthetic: bool) -> CatalogError:
    return CatalogError.from_code(
        "catalog_of_real_layers" if synthetic else "catalog_of_synthetic_layers",
        file=catalog.path if catalog else "layers.yaml",
    )


def _edition(editions: list[LayerEntry], theme: str, series: str, told: Told) -> list[Issue]:
    """Check that a new edition can be told from the others by its dates, and say what becomes of these."""
    if editions[0].theme != theme:
        raise CatalogError.from_code("series_of_other_theme", series=series, theme=editions[0].theme, other=theme)
    if told.valid_from is None:
        raise CatalogError.from_code("edition_begin_missing", series=series, editions=[entry.id for entry in editions])
    same = [entry.id for entry in editions if entry.valid_from == told.valid_from]
    if same:
        raise CatalogError.from_code("edition_begin_taken", edition=same[0], day=told.valid_from)
    newer = [entry for entry in editions if entry.valid_from and entry.valid_from > told.valid_from]
    open_ended = [entry for entry in editions if entry.valid_to is None or entry.valid_to >= told.valid_from]
    issues = []
    for entry in open_ended:
        if entry in newer:
            continue
        until = entry.valid_to or Phrase("未定", "open")
        issues.append(
            Issue.from_code(
                "info", "edition_superseded", f"layer {entry.id}", edition=entry.id, until=until, day=told.valid_from
            )
        )
    for entry in newer:
        issues.append(
            Issue.from_code("warning", "edition_older", f"layer {entry.id}", edition=entry.id, day=entry.valid_from)
        )
    return issues
