"""The entries of a catalog as plain values; what a file says is checked where it is read (``reading``)."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import Any, Literal

from lianzhou_gis.vocabulary import theme

__all__ = ["CatalogRegion", "Disclosure", "LayerEntry", "Series"]

Disclosure = Literal["public", "internal", "restricted"]


@dataclass(frozen=True, kw_only=True)
class CatalogRegion:
    """The area that the catalog is about."""

    name: str
    code: str | None = None
    bounds: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class LayerEntry:
    """One control layer: where it lies, what it covers, from when to when it holds, how it is to be read.

    One that is made by hand is not checked; ``lianzhou_gis.catalog.reading.checked_entry`` does that.

    Attributes
    ----------
    series : str
        Editions of one thing share a series; the latest that is in force on a day is used.
    coverage : str, optional
        The area for which the layer speaks: a file beside the catalog, WKT in EPSG:4490, ``administrative:<zone_id>``,
        or ``union`` (control units only). Without one the layer can hit, but never clear a site.
    expected_count, count_by : int and str, optional
        How many distinct values of a column (rows, without one) a complete layer has.
    row_count, sha256 : optional
        Rows and content as recorded at import.
    columns, grades : dict of str to str
        Their column to ours, their value to our grade.
    """

    id: str
    series: str
    theme: str
    title: dict[Literal["zh", "en"], str] | None = None
    path: str
    layer: str | None = None
    crs: str | None = None
    survey_crs: str | None = None
    datum: Literal["gcj02", "bd09"] | None = None
    encoding: str | None = None
    data_date: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    publisher: str | None = None
    document: str | None = None
    licence: str | None = None
    disclosure: Disclosure = "restricted"
    disclosure_columns: dict[str, Disclosure] = field(default_factory=dict)
    coverage: str | None = None
    expected_count: int | None = None
    count_by: str | None = None
    row_count: int | None = None
    sha256: str | None = None
    file_sha256: str | None = None
    official_area_m2: float | None = None
    accuracy_m: float | None = None
    synthetic: bool = False
    access_list: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    grades: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> dict[str, str]:
        """Its title, else the label of its theme."""
        title = self.title or {}
        label = theme(self.theme).label
        return {"zh": title.get("zh", label["zh"]), "en": title.get("en", label["en"])}

    def in_force(self, day: date) -> bool:
        """Tell whether the edition is in force on a day; both ends count."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def told(self) -> dict[str, Any]:
        """Return what it says beyond the defaults.

        Examples
        --------
        >>> LayerEntry(id="k", series="k", theme="karst_strong", path="k.gpkg", synthetic=False).told()
        {'id': 'k', 'series': 'k', 'theme': 'karst_strong', 'path': 'k.gpkg'}
        """
        values = {item.name: (getattr(self, item.name), _default(item)) for item in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    def plain(self) -> dict[str, Any]:
        """Return all of it as JSON knows it: days as ISO text.

        Examples
        --------
        >>> LayerEntry(id="k", series="k", theme="t", path="k.gpkg", valid_to=date(2026, 8, 14)).plain()["valid_to"]
        '2026-08-14'
        """
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in ((item.name, getattr(self, item.name)) for item in fields(self))
        }


def _default(item: Any) -> Any:  # noqa: ANN401 - a field of a dataclass
    return item.default if item.default_factory is MISSING else item.default_factory()


@dataclass(frozen=True)
class Series:
    """The editions of one thing, and the one of a day.

    Attributes
    ----------
    edition : LayerEntry or None
        The latest in force; ``None`` where all have expired or none has begun.
    editions : tuple of LayerEntry
        By date.
    """

    name: str
    theme: str
    edition: LayerEntry | None
    editions: tuple[LayerEntry, ...]
