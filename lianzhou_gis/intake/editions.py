"""Opens the editions to compare: by id, by file, or all layers of two catalogs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from lianzhou_gis.catalog import Catalog, CatalogRegion, LayerEntry, validated_entry
from lianzhou_gis.errors import CatalogError, Issue, LianzhouError
from lianzhou_gis.formats.repair import repair_geometries
from lianzhou_gis.geodesy import LIANZHOU, LIANZHOU_PROJ, Plane
from lianzhou_gis.intake.import_options import UNKNOWN, ImportOptions
from lianzhou_gis.intake.planar import Geometries, areas_of
from lianzhou_gis.intake.table_reader import read_zones, region_of
from lianzhou_gis.vocabulary import themes

__all__ = ["Edition", "editions_of", "open_edition"]

_CATALOGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Edition:
    """One edition of a layer with all its zones, regardless of the day.

    Attributes
    ----------
    zones : DataFrame
        With the columns of zones; geometry EPSG:4490, repaired where it was broken; None where there is none.
    of_catalog : bool
        Whether a catalog names it; a bare file is not among the layers of any.
    """

    catalog: Catalog
    entry: LayerEntry
    zones: pd.DataFrame
    issues: tuple[Issue, ...]
    of_catalog: bool = True

    @property
    def plane(self) -> Plane:
        """The plane of its catalog."""
        return Plane(self.catalog.plane or LIANZHOU_PROJ)

    @property
    def shapes(self) -> Geometries:
        """The zones in the plane; what is no area is an empty polygon."""
        survey = self.zones["survey_crs"].to_list() or None
        return areas_of(self.plane.project(self.zones["geometry"].to_numpy(dtype=object), survey))


def _mended(zones: pd.DataFrame, entry: LayerEntry, issues: list[Issue]) -> pd.DataFrame:
    """Return zones with valid shapes: all that any reading of a broken one holds."""
    shapes = zones["geometry"].to_numpy(dtype=object).copy()
    for position, repair in repair_geometries(shapes).items():
        shapes[position] = repair.geometry
        issues.append(repair.issue(f"layer {entry.id}, zone {zones['zone_id'].iloc[position]}"))
    return zones.assign(geometry=pd.Series(shapes, index=zones.index, dtype=object))


def open_edition(catalog: Catalog, entry: LayerEntry) -> Edition:
    """Read an edition.

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError, CatalogError
        If it cannot be read.
    """
    zones, issues = read_zones(catalog, entry, region_of(catalog))
    return Edition(catalog, entry, _mended(zones, entry, issues), tuple(issues))


def _of_file(path: Path, theme: str, options: ImportOptions, crs: str | None, around: Catalog | None) -> Edition:
    """Read a file as an edition, as if a catalog beside it named it."""
    if theme not in themes():
        raise CatalogError.from_code("theme_unknown", theme=theme)
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in path.stem)[:64] or "file"
    fields = {
        "id": name,
        "series": name,
        "theme": theme,
        "path": path.name,
        "crs": crs,
        "columns": options.columns,
        "grades": {value: grade for value, grade in options.grades.items() if grade != UNKNOWN},
        "accuracy_m": options.accuracy_m,
        "data_date": options.data_date,
    }
    entry = validated_entry(fields)
    region = around.region if around else CatalogRegion(name=LIANZHOU.name, bounds=LIANZHOU.bounds)
    beside = Catalog(region, around.plane if around else None, (entry,), path.parent / "layers.yaml")
    return replace(open_edition(beside, entry), of_catalog=False)


def _entry(catalog: Catalog | None, name: str) -> LayerEntry | None:
    return next((entry for entry in (catalog.layers if catalog else ()) if entry.id == name), None)


def _pairs_of_catalogs(old: Catalog, new: Catalog, day: date, issues: list[Issue]) -> list[tuple[Any, Any]]:
    """Return the editions of a day of two catalogs by series; unreadable ones are issues and left out."""
    order = list(themes())
    pairs = []
    found = [
        {series.name: series.edition for series in catalog.series(order, day) if series.edition is not None}
        for catalog in (old, new)
    ]
    names = sorted(
        {*found[0], *found[1]}, key=lambda name: (order.index((found[0].get(name) or found[1][name]).theme), name)
    )
    for name in names:
        sides: list[Edition | None] = []
        for catalog, editions in zip((old, new), found, strict=True):
            entry = editions.get(name)
            try:
                sides.append(None if entry is None else open_edition(catalog, entry))
            except LianzhouError as error:
                issues.append(Issue.from_code("error", "edition_unreadable", f"layer {name}", problem=error))
                break
        if len(sides) == 2:
            pairs.append((sides[0], sides[1]))
    return pairs


def editions_of(
    old: str,
    new: str,
    *,
    catalog: Path,
    day: date,
    theme: str | None = None,
    options: ImportOptions | None = None,
    crs: str | None = None,
) -> tuple[list[tuple[Edition | None, Edition | None]], list[Issue]]:
    """Return the pairs of editions that two names refer to.

    Parameters
    ----------
    old, new : str
        Each an id of the catalog or a file; or both catalogs, which are then compared series by series.
    catalog : pathlib.Path
        For ids.
    day : datetime.date
        Whose editions of two catalogs are compared.
    theme : str, optional
        Of files; where one side is of a catalog, its theme is taken.
    options : ImportOptions, optional
        Columns and grades of files.
    crs : str, optional
        Of files without one.

    Raises
    ------
    CatalogError, MissingFileError, FormatError, ReferenceSystemError
        If a name stands for nothing, or what it stands for cannot be read.
    """
    issues: list[Issue] = []
    paths = [Path(name) for name in (old, new)]
    if all(path.suffix.lower() in _CATALOGS for path in paths):
        first, second = (Catalog.open(path) for path in paths)
        return _pairs_of_catalogs(first, second, day, issues), issues
    known = Catalog.open(catalog) if catalog.exists() else None
    entries = [_entry(known, name) for name in (old, new)]
    theme = theme or next((entry.theme for entry in entries if entry is not None), None)
    sides = []
    for name, path, entry in zip((old, new), paths, entries, strict=True):
        if entry is not None and known is not None:
            sides.append(open_edition(known, entry))
        elif path.exists():
            if theme is None:
                raise CatalogError.from_code("edition_theme_missing", file=path.name)
            sides.append(_of_file(path, theme, options or ImportOptions(), crs, known))
        else:
            listed = [item.id for item in known.layers] if known else None
            raise CatalogError.from_code("edition_unknown", name=name, catalog=catalog.name, known=listed)
    if sides[0].entry.theme != sides[1].entry.theme:
        kinds = [side.entry.theme for side in sides]
        raise CatalogError.from_code("editions_of_two_themes", old=old, new=new, first=kinds[0], second=kinds[1])
    return [(sides[0], sides[1])], issues
