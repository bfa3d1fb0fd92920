"""The area for which a new layer speaks: declared by a person, looked at, kept beside the catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError, Issue
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.well_known import geometry_from_wkt
from lianzhou_gis.geodesy import Region
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.coverage import WKT, areal
from lianzhou_gis.layers.coverage import declared_coverage as coverage_of_layer
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import theme

__all__ = ["Coverage", "declared_coverage", "refuse_own_extent"]

ADMINISTRATIVE = "administrative"
_SAME = 1e-6


@dataclass(frozen=True)
class Coverage:
    """Where a layer speaks.

    Attributes
    ----------
    text : str or None
        As the catalog says it; the name of a file where one is to be kept.
    area : shapely geometry or None
        EPSG:4490; ``None`` where none is declared, or it follows from the zones.
    to_keep : bool
        Whether ``area`` is to be written to the file that ``text`` names.
    """

    text: str | None
    area: Any = None
    to_keep: bool = False


def declared_coverage(
    text: str, entry: LayerEntry, catalog: Catalog | None, region: Region, day: date, facts: FactVocabulary
) -> tuple[Coverage, list[Issue]]:
    """Return the coverage that was declared.

    Parameters
    ----------
    text : str
        ``union``, ``administrative:<code>``, WKT in EPSG:4490, or a file.
    entry : LayerEntry
    catalog : Catalog, optional
        For the administrative areas; ``None`` where the catalog is still to be begun.
    region : Region
        Where a file's coordinates must lie.
    day : datetime.date
        Whose edition of the administrative areas counts.
    facts : FactVocabulary

    Raises
    ------
    CatalogError, MissingFileError, FormatError, ReferenceSystemError
        If it leads nowhere, is no area, or is not valid.
    """
    if text == "union":
        if not theme(entry.theme).covering:
            raise CatalogError(
                "--coverage union 只用于管控单元；请声明图层实际覆盖的范围",
                "--coverage union is for control units only; declare the area for which the layer speaks",
            )
        return Coverage(text), []
    if text.startswith(f"{ADMINISTRATIVE}:"):
        if entry.theme == ADMINISTRATIVE:
            return Coverage(text), []
        towns = None if catalog is None else load_layers(catalog, [ADMINISTRATIVE], day, facts=facts).towns
        none = Columns({"geometry": cells([])})
        told = replace(entry, coverage=text)
        return Coverage(
            text, coverage_of_layer(told, catalog, none, towns).area if catalog else _nowhere(entry, text)
        ), []
    if WKT.match(text):
        area = areal(geometry_from_wkt(text), entry)
        if area.bounds[0] < -180 or area.bounds[2] > 180 or area.bounds[1] < -90 or area.bounds[3] > 90:
            raise CatalogError(
                "--coverage：WKT 应为 EPSG:4490 经纬度；平面坐标请用文件",
                "--coverage: WKT must be longitude and latitude, EPSG:4490; give plane coordinates as a file",
            )
        return Coverage(text, area), []
    features = read_features(Path(text), region=region)
    # Each part is looked at by itself: a union would make something valid, and something else, of a broken one.
    area = areal(shapely.union_all([areal(part, entry) for part in features.columns["geometry"]]), entry)
    return Coverage(f"{entry.id}.coverage.gpkg", area, to_keep=True), features.issues


def _nowhere(entry: LayerEntry, text: str) -> Any:  # noqa: ANN401 - nothing
    raise CatalogError(
        f"图层 {entry.id}：新目录中还没有行政区划，无法使用 {text}；请先入库（--as administrative）",
        f"layer {entry.id}: the new catalog has no administrative areas yet for {text}; import these first "
        "(--as administrative)",
    )


def refuse_own_extent(coverage: Coverage, zones: pd.DataFrame, entry: LayerEntry) -> None:
    """Refuse a declaration that only repeats where the zones are: outside of them it would then clear nothing.

    Raises
    ------
    CatalogError
        If the area is the box, the hull or the union of the zones, unless the zones cover their area by their nature.
    """
    if coverage.area is None or theme(entry.theme).covering or entry.theme == ADMINISTRATIVE:
        return
    shapes = zones["geometry"].to_numpy(dtype=object)
    shapes = shapes[~shapely.is_missing(shapes)]
    if not len(shapes):
        return
    whole = shapely.geometrycollections(shapes)
    for extent in (shapely.envelope(whole), shapely.convex_hull(whole), *([shapes[0]] if len(shapes) == 1 else [])):
        if extent.area <= 0 or abs(extent.area - coverage.area.area) > _SAME * coverage.area.area:
            continue
        if shapely.hausdorff_distance(extent, coverage.area) < _SAME:
            raise CatalogError(
                f"图层 {entry.id}：声明的覆盖范围就是要素自身的范围；请给出实际调查或划定的范围",
                f"layer {entry.id}: the coverage that is declared is the extent of the features themselves, which does "
                "not say how far the layer was surveyed; give the area that was",
            )
