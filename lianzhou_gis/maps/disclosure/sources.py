"""What a publication is made from and compared with: every layer of a catalog, in every edition, or a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import DisclosureError, FormatError, LianzhouError
from lianzhou_gis.geodesy import LIANZHOU_PROJ, Plane, Region
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.layer_source import read_source
from lianzhou_gis.rulebook import Rulebook, day_of

__all__ = ["Source", "open_source"]

# Columns of zones that describe the file, not the zone: never public.
NEVER = frozenset({"layer_id", "theme", "source_row", "survey_crs", "accuracy_m", "geometry"})


@dataclass(frozen=True)
class Source:
    """A catalog or a run, read whole.

    Attributes
    ----------
    zones : dict of str to DataFrame
        By layer id: the zones in force on the day, from which the public part is taken.
    tables : list of (str, DataFrame)
        Layer id (or ``""`` for tables of a run) and all that its file holds, as read: the values that must not appear.
    sites : DataFrame, optional
        Of a run.
    texts : tuple of str
        Further texts that must not appear, such as items of access lists.
    """

    catalog: Catalog
    day: date
    zones: dict[str, pd.DataFrame]
    tables: list[tuple[str, pd.DataFrame]]
    sites: pd.DataFrame | None = None
    texts: tuple[str, ...] = field(default=())

    @property
    def plane(self) -> Plane:
        """The plane of the catalog."""
        return Plane(self.catalog.plane or LIANZHOU_PROJ)

    def entry(self, layer_id: str) -> LayerEntry | None:
        """Return the catalog's entry of a layer."""
        return next((entry for entry in self.catalog.layers if entry.id == layer_id), None)

    def vertices(self, layer_id: str | None = None) -> Any:  # noqa: ANN401 - array (n, 2)
        """Return all vertices of the source, or of one layer, EPSG:4490."""
        found = [
            shapely.get_coordinates(table["geometry"].to_numpy())
            for name, table in self.tables
            if "geometry" in table and (layer_id is None or name == layer_id)
        ]
        return np.unique(np.vstack(found), axis=0) if found else np.empty((0, 2))


def open_source(path: Path, *, as_of: str | None = None) -> Source:
    """Read a run folder or a catalog.

    Raises
    ------
    FormatError
        If it is neither.
    DisclosureError
        If a layer cannot be read: nothing could then prove that none of it appears.
    """
    if (path / "result.json").is_file():
        return _run(path)
    catalog = path / "layers.yaml" if path.is_dir() else path
    if path.is_dir() and not catalog.is_file():
        raise FormatError(
            f"{path.name}：既不是结果文件夹，也没有 layers.yaml；请给出其一",
            f"{path.name}: neither a run folder nor one with a layers.yaml; name one of the two",
        )
    return _catalog(Catalog.open(catalog), day_of(as_of))


def _catalog(catalog: Catalog, day: date) -> Source:
    region = Region(catalog.region.name, catalog.region.bounds) if catalog.region.bounds else None
    tables = [(entry.id, _raw(catalog, entry, region)) for entry in catalog.layers]
    scope = sorted({entry.theme for entry in catalog.layers})
    layers = load_layers(catalog, scope, day, facts=Rulebook.load().facts, region=region)
    return Source(
        catalog=catalog,
        day=day,
        zones={layer.entry.id: layer.zones for layer in layers.layers if layer.status == "loaded"},
        tables=tables,
        texts=tuple(item.text for item in layers.access_items),
    )


def _raw(catalog: Catalog, entry: LayerEntry, region: Region | None) -> pd.DataFrame:
    try:
        return read_source(catalog, entry, region=region)[0].frame
    except LianzhouError as error:
        raise DisclosureError(
            f"图层 {entry.id} 无法读取，不能证明公开成果中没有它的内容（{error.zh}）；请修复或从目录中移除后再发布",
            f"the layer {entry.id} cannot be read, so nothing can prove that none of it is published ({error.en}); "
            "mend it or take it out of the catalog first",
        ) from error


# What of the tables of a run is a value of the project, and not the words of a law.
_OF_RUN = {
    "sites": None,
    "outfalls": ["site_id", "name", "geometry"],
    "zones": None,
    "overlaps": ["zone_id", "zone_name", "area_m2", "share_of_zone", "length_m", "distance_m", "geometry"],
    "findings": ["finding_id", "area_m2", "length_m", "distance_m", "geometry"],
    "gaps": ["area_m2", "geometry"],
}


def _run(folder: Path) -> Source:
    from lianzhou_gis.runs import Run

    run = Run.open(folder)
    catalog = Catalog.open(folder / "inputs" / "layers.yaml")
    tables: list[tuple[str, pd.DataFrame]] = []
    for name, wanted in _OF_RUN.items():
        table = pd.DataFrame(run.tables[name])
        table = table if wanted is None else table[[column for column in wanted if column in table]]
        if name == "zones":
            tables += [(str(layer), group) for layer, group in table.groupby("layer_id", sort=True)]
        else:
            tables.append(("", table))
    zones = {name: table for name, table in tables if name}
    day = date.fromisoformat(run.document["run"]["as_of"])
    source = Source(catalog, day, zones, tables, sites=pd.DataFrame(run.tables["sites"]))
    if run.document["run"]["synthetic"]:
        return replace(source, catalog=_marked_synthetic(catalog))
    return source


def _marked_synthetic(catalog: Catalog) -> Catalog:
    """Mark every layer: a run over synthetic layers is synthetic as a whole."""
    return replace(catalog, layers=tuple(replace(entry, synthetic=True) for entry in catalog.layers))
