"""The catalog of the layers of a region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lianzhou_gis.catalog.catalog_reader import read_catalog
from lianzhou_gis.catalog.entries import CatalogRegion, Elsewhere, LayerEntry, RiverEntry, Series
from lianzhou_gis.errors import CatalogError, MissingFileError, did_you_mean
from lianzhou_gis.vocabulary import themes as all_themes

if TYPE_CHECKING:
    import folium

    from lianzhou_gis.layers import Layers

__all__ = ["Catalog"]


def _newest(entry: LayerEntry) -> tuple[date, date, str]:
    return entry.valid_from or date.min, entry.data_date or date.min, entry.id


@dataclass(frozen=True)
class Catalog:
    """The layers of a region.

    Attributes
    ----------
    plane : str or None
        A proj string of an equal-area plane, if not that of Lianzhou.
    path : pathlib.Path
        The file; paths in it are relative to its folder.
    scope : tuple of str
        The themes that are looked at; empty for all.
    elsewhere : tuple of Elsewhere
        Themes that other offices hold.
    rivers : RiverEntry or None
        The water courses.
    """

    region: CatalogRegion
    plane: str | None
    layers: tuple[LayerEntry, ...]
    path: Path
    scope: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    rivers: RiverEntry | None = None

    @classmethod
    def open(cls, path: str | Path) -> Catalog:
        """Read a catalog.

        Raises
        ------
        MissingFileError
            If there is no such file.
        CatalogError
            If anything in it is wrong; names the file, the line and the entry.
        """
        path = Path(path)
        if not path.is_file():
            raise MissingFileError.from_code("catalog_missing", file=path)
        document = read_catalog(path)
        return cls(
            document.region, document.plane, document.layers, path, document.scope, document.elsewhere, document.rivers
        )

    def __repr__(self) -> str:
        count = len({entry.theme for entry in self.layers})
        return f"<Catalog of {self.region.name}: {len(self.layers)} layers of {count} themes>"

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import catalog_card
        from lianzhou_gis.rulebook import day_of

        return catalog_card(self, day_of(None))

    def load(self, *, as_of: date | str | None = None, themes: Iterable[str] | None = None) -> Layers:
        """Load the layers in their edition of a day, without any site.

        Parameters
        ----------
        as_of : date or ISO text, optional
            Default today in China.
        themes : iterable of str, optional
            Default: every theme of the catalog.

        Returns
        -------
        Layers
            With a gap for everything that cannot be used; nothing is raised for a layer.

        Raises
        ------
        CatalogError
            For a theme that the catalog does not have.
        """
        from lianzhou_gis.geodesy import Region
        from lianzhou_gis.layers import load_layers
        from lianzhou_gis.rulebook import Rulebook, day_of

        named = {entry.theme for entry in self.layers}
        wanted = named if themes is None else set(themes)
        if missing := sorted(wanted - named):
            hint = did_you_mean(missing[0], named)
            raise CatalogError.from_code("catalog_theme_unknown", themes=missing, hint=hint, known=sorted(named))
        scope = [name for name in all_themes() if name in wanted]
        region = Region(self.region.name, self.region.bounds) if self.region.bounds else None
        return load_layers(self, scope, day_of(as_of), facts=Rulebook.load().facts, region=region)

    def explore(self, *, as_of: date | str | None = None, themes: Sequence[str] | None = None) -> folium.Map:
        """Return the layers of a day as an ordinary ``folium.Map`` that draws offline."""
        from lianzhou_gis.maps import explore_layers

        return explore_layers(self, as_of=as_of, themes=themes)

    @property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return self.path.parent

    def series(self, scope: Iterable[str], day: date) -> list[Series]:
        """Return the series of some themes with their edition of a day, ordered by theme and name.

        Examples
        --------
        >>> entries = [LayerEntry(id=i, series="s", theme="karst_strong", path="k.gpkg", valid_from=d)
        ...            for i, d in (("old", date(2018, 1, 1)), ("new", date(2022, 11, 1)))]
        >>> region = CatalogRegion(name="x", bounds=(112, 24, 113, 26))
        >>> catalog = Catalog(region, None, tuple(entries), Path("layers.yaml"))
        >>> [catalog.series(["karst_strong"], date(year, 6, 1))[0].edition.id for year in (2021, 2023)]
        ['old', 'new']
        """
        found = []
        for theme_id in scope:
            entries = [entry for entry in self.layers if entry.theme == theme_id]
            for name in sorted({entry.series for entry in entries}):
                editions = tuple(sorted((entry for entry in entries if entry.series == name), key=_newest))
                current = [entry for entry in editions if entry.in_force(day)]
                found.append(Series(name, theme_id, current[-1] if current else None, editions))
        return found

    def file(self, name: str) -> Path:
        """Return the path of a file that the catalog names.

        Raises
        ------
        CatalogError
            If it lies outside the catalog's folder: a catalog from elsewhere must not read other files.
        """
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise CatalogError.from_code("catalog_path_outside", file=self.path, path=name)
        return path
