"""Whether a layer may enter a catalog, under which name, and as an edition of what."""

from __future__ import annotations

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, Issue
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
        raise CatalogError(
            f"图层 {layer_id} 已在目录中；新版本请用 --series {layer_id} 并给出 --valid-from，另一图层请用 --id 命名",
            f"the layer {layer_id} is in the catalog; for a new edition say --series {layer_id} with --valid-from, for "
            "another layer name it with --id",
        )
    editions = [entry for entry in entries if entry.series == series]
    if editions and told.series is None:
        raise CatalogError(
            f"系列 {series} 已在目录中；确为其新版本时请用 --series {series} 指明",
            f"the series {series} is in the catalog; if this is an edition of it say --series {series}",
        )
    if editions:
        issues.extend(_edition(editions, theme, series, told))
    elif others := sorted({entry.series for entry in entries if entry.theme == theme}):
        issues.append(
            Issue(
                "info",
                "further_series",
                f"layer {layer_id}",
                f"目录中已有同主题的系列 {'、'.join(others)}；新图层与其并用，不替代它们（新版本请用 --series）",
                f"the theme has the series {', '.join(others)} already; the new layer is used beside them and replaces "
                "none (for a new edition say --series)",
            )
        )
    return layer_id, series


def _mixed(catalog: Catalog | None, *, synthetic: bool) -> CatalogError:
    name = catalog.path.name if catalog else "layers.yaml"
    if synthetic:
        return CatalogError(
            f"{name}：目录含真实图层，合成图层不得混入；请用 --layers 另建目录",
            f"{name}: the catalog holds real layers, and synthetic ones must not be mixed with them; begin one of its "
            "own with --layers",
        )
    return CatalogError(
        f"{name}：目录含合成演示图层，真实图层不得混入；请用 --layers 另建目录（合成图层请加 --synthetic）",
        f"{name}: the catalog holds synthetic layers, and real ones must not be mixed with them; begin one of your own "
        "with --layers (a synthetic layer is marked --synthetic)",
    )


def _edition(editions: list[LayerEntry], theme: str, series: str, told: Told) -> list[Issue]:
    """Check that a new edition can be told from the others by its dates, and say what becomes of these."""
    if editions[0].theme != theme:
        raise CatalogError(
            f"系列 {series} 的主题是 {editions[0].theme}，不是 {theme}",
            f"the series {series} is of the theme {editions[0].theme}, not {theme}",
        )
    if told.valid_from is None:
        raise CatalogError(
            f"系列 {series} 已有版本 {'、'.join(entry.id for entry in editions)}；新版本请用 --valid-from 给出生效日期",
            f"the series {series} has the editions {', '.join(entry.id for entry in editions)}; give the first day of "
            "the new one with --valid-from",
        )
    same = [entry.id for entry in editions if entry.valid_from == told.valid_from]
    if same:
        raise CatalogError(
            f"版本 {same[0]} 同样自 {told.valid_from} 起有效；两个版本不能同日生效",
            f"the edition {same[0]} is in force from {told.valid_from} as well; two cannot begin on one day",
        )
    newer = [entry for entry in editions if entry.valid_from and entry.valid_from > told.valid_from]
    open_ended = [entry for entry in editions if entry.valid_to is None or entry.valid_to >= told.valid_from]
    issues = []
    for entry in open_ended:
        if entry in newer:
            continue
        until = entry.valid_to or "未定"
        issues.append(
            Issue(
                "info",
                "edition_superseded",
                f"layer {entry.id}",
                f"版本 {entry.id} 的有效期（至 {until}）未作改动；自 {told.valid_from} 起以新版本为准",
                f"the edition {entry.id} (valid to {entry.valid_to or 'open'}) was not changed; from {told.valid_from} "
                "the new one is used",
            )
        )
    for entry in newer:
        issues.append(
            Issue(
                "warning",
                "edition_older",
                f"layer {entry.id}",
                f"目录中已有更新的版本 {entry.id}（自 {entry.valid_from} 起）；本次入库的是较早版本",
                f"there is a newer edition, {entry.id} (from {entry.valid_from}); this import is an older one",
            )
        )
    return issues
