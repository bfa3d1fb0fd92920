"""What a publication is made from and compared with: every layer of a catalog, in every edition, or a run."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import DisclosureError, FormatError, LianzhouError
from lianzhou_gis.formats.kinds import is_database
from lianzhou_gis.geodesy import LIANZHOU, Region
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.layer_source import read_source
from lianzhou_gis.rulebook import Rulebook, day_of

__all__ = ["Source", "open_source"]

if TYPE_CHECKING:
    from lianzhou_gis.maps.disclosure.publication import Manifest


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
    files : dict of str to frozenset of str
        By layer id: the path of its file or table, and the hash of the file's bytes.
    """

    catalog: Catalog
    day: date
    zones: dict[str, pd.DataFrame]
    tables: list[tuple[str, pd.DataFrame]]
    sites: pd.DataFrame | None = None
    texts: tuple[str, ...] = field(default=())
    files: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the region, degrees: outward to whole hundredths."""
        west, south, east, north = self.catalog.region.bounds or LIANZHOU.bounds
        lower = [math.floor(value * 100 + 1e-6) / 100 for value in (west, south)]
        upper = [math.ceil(value * 100 - 1e-6) / 100 for value in (east, north)]
        return lower[0], lower[1], upper[0], upper[1]

    @property
    def synthetic(self) -> bool:
        """Whether any layer is synthetic."""
        return any(entry.synthetic for entry in self.catalog.layers)

    def entry(self, layer_id: str) -> LayerEntry | None:
        """Return the catalog's entry of a layer."""
        return next((entry for entry in self.catalog.layers if entry.id == layer_id), None)

    def public_values(self, layer_id: str, column: str) -> set[str]:
        """Return the values of a public column in the source, the names of zones that are left out among them."""
        table = self.sites if layer_id == "sites" else self.zones.get(layer_id)
        if table is None or column not in table:
            return set()
        areal = np.isin(shapely.get_type_id(table["geometry"].to_numpy()), (3, 6))
        return {str(value) for value in table.loc[areal, column] if value is not None and not pd.isna(value)}

    def texts_of(self, manifest: Manifest) -> set[str]:
        """Return every text of the source: cells, access lists, and what the catalog says of layers not published."""
        shown = {record.id for record in manifest.layers}
        texts = set(self.texts)
        for _, table in self.tables:
            for column in table.columns:
                if column != "geometry":
                    texts |= {value.strip() for value in table[column].unique() if isinstance(value, str)}
        for entry in self.catalog.layers:
            if entry.id not in shown and entry.disclosure != "public":
                texts |= {
                    text for text in (entry.id, entry.document, *(entry.title or {}).values(), entry.path) if text
                }
        return texts

    def numbers(self) -> npt.NDArray[np.float64]:
        """Return every number of the source, those that stand there as text included."""
        found = [np.empty(0)]
        for _, table in self.tables:
            for column in table.columns:
                if column in ("geometry", "source_row") or pd.api.types.is_bool_dtype(table[column]):
                    continue
                numbers = pd.to_numeric(table[column].astype(object), errors="coerce").to_numpy(dtype=np.float64)
                found.append(np.unique(numbers[np.isfinite(numbers)]))
        return np.unique(np.concatenate(found))


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
        raise FormatError.from_code("source_neither", folder=path)
    return _catalog(Catalog.open(catalog), day_of(as_of))


def _catalog(catalog: Catalog, day: date) -> Source:
    region = Region(catalog.region.name, catalog.region.bounds) if catalog.region.bounds else None
    tables = [(entry.id, _raw(catalog, entry, region)) for entry in catalog.layers]
    # Only what is declared public can be published; access lists hold texts that must not appear.
    scope = sorted({entry.theme for entry in catalog.layers if entry.disclosure == "public" or entry.access_list})
    layers = load_layers(catalog, scope, day, facts=Rulebook.load().facts, region=region)
    return Source(
        catalog=catalog,
        day=day,
        zones={layer.entry.id: layer.zones for layer in layers.layers if layer.status == "loaded"},
        tables=tables,
        texts=tuple(item.text for item in layers.access_items),
        files={entry.id: _file_marks(catalog, entry) for entry in catalog.layers},
    )


def _file_marks(catalog: Catalog, entry: LayerEntry) -> frozenset[str]:
    """Return by what a file or table is known: its resolved path, and the hash of its bytes."""
    if is_database(entry.path):
        return frozenset({entry.path})
    path = catalog.file(entry.path).resolve()
    if not path.is_file():
        return frozenset({str(path)})
    with path.open("rb") as stream:
        return frozenset({str(path), hashlib.file_digest(stream, "sha256").hexdigest()})


def _raw(catalog: Catalog, entry: LayerEntry, region: Region | None) -> pd.DataFrame:
    try:
        return read_source(catalog, entry, region=region)[0].frame
    except LianzhouError as error:
        raise DisclosureError.from_code("layer_unreadable", layer=entry.id, why=error) from error


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
