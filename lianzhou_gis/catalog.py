"""What layers there are: ``layers/layers.yaml`` read, checked and asked. No GIS library is imported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lianzhou_gis.errors import CatalogError, MissingFileError, RuleError, did_you_mean
from lianzhou_gis.rulebook.marked import read_marked
from lianzhou_gis.vocabulary import grade_of, theme
from lianzhou_gis.vocabulary import themes as all_themes

if TYPE_CHECKING:
    import folium

    from lianzhou_gis.zones import Layers

__all__ = ["Catalog", "CatalogRegion", "LayerEntry", "Series"]

Disclosure = Literal["public", "internal", "restricted"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CatalogRegion(_Entry):
    """The area that the catalog is about."""

    name: str = Field(min_length=1)
    code: str | None = None
    bounds: tuple[float, float, float, float] | None = None

    @field_validator("bounds")
    @classmethod
    def _in_order(cls, bounds: tuple[float, float, float, float] | None) -> Any:  # noqa: ANN401
        if bounds and not (-180 <= bounds[0] < bounds[2] <= 180 and -90 <= bounds[1] < bounds[3] <= 90):
            raise ValueError("west, south, east, north in degrees")
        return bounds


class LayerEntry(_Entry):
    """One control layer: where it lies, what it covers, from when to when it holds, how it is to be read.

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

    id: str = Field(pattern=r"^[\w.\-]{1,64}$")
    series: str = Field(pattern=r"^[\w.\-]{1,64}$")
    theme: str
    title: dict[Literal["zh", "en"], str] | None = None
    path: str = Field(min_length=1)
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
    disclosure_columns: dict[str, Disclosure] = Field(default_factory=dict)
    coverage: str | None = None
    expected_count: int | None = Field(default=None, ge=1)
    count_by: str | None = None
    row_count: int | None = Field(default=None, ge=1)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    file_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    official_area_m2: float | None = Field(default=None, gt=0)
    accuracy_m: float | None = Field(default=None, ge=0)
    synthetic: bool = False
    access_list: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    grades: dict[str, str] = Field(default_factory=dict)

    @field_validator("data_date", "valid_from", "valid_to", mode="before")
    @classmethod
    def _whole_day(cls, day: Any) -> Any:  # noqa: ANN401 - the YAML as read
        # A bare number would be taken for seconds since 1970.
        if isinstance(day, int | float):
            raise ValueError(f"{day} is no date: write it as 2026-08-15")
        return day

    @field_validator("theme")
    @classmethod
    def _known_theme(cls, name: str) -> str:
        if name not in all_themes():
            raise ValueError(
                f"no theme {name!r}{did_you_mean(name, all_themes())[1]}; there are {', '.join(all_themes())}"
            )
        return name

    @model_validator(mode="after")
    def _fits(self) -> LayerEntry:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        if self.access_list and self.theme != "control_unit":
            raise ValueError("access_list belongs to control units only")
        if self.coverage == "union" and not theme(self.theme).covering:
            raise ValueError("coverage union belongs to control units only: declare where the layer speaks")
        for value, grade in self.grades.items():
            if grade_of(self.theme, grade) is None:
                raise ValueError(f"grades: {value!r} leads to {grade!r}, which is no grade of {self.theme}")
        return self

    @property
    def name(self) -> dict[str, str]:
        """Its title, else the label of its theme."""
        title = self.title or {}
        label = theme(self.theme).label
        return {"zh": title.get("zh", label["zh"]), "en": title.get("en", label["en"])}

    def in_force(self, day: date) -> bool:
        """Tell whether the edition is in force on a day; both ends count."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


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


class _Document(_Entry):
    region: CatalogRegion
    plane: str | None = None
    layers: tuple[LayerEntry, ...] = Field(min_length=1)


def _newest(entry: LayerEntry) -> tuple[date, date, str]:
    return entry.valid_from or date.min, entry.data_date or date.min, entry.id


@dataclass(frozen=True)
class Catalog:
    """The layers of a region.

    Attributes
    ----------
    plane : str or None
        A proj string of an equal-area plane, where not that of Lianzhou.
    path : pathlib.Path
        The file; paths in it are relative to its folder.
    """

    region: CatalogRegion
    plane: str | None
    layers: tuple[LayerEntry, ...]
    path: Path

    @classmethod
    def open(cls, path: str | Path) -> Catalog:
        """Read a catalog.

        Raises
        ------
        MissingFileError
            If there is no such file.
        CatalogError
            If anything in it is not as it should be; names the file, the line and the entry.
        """
        path = Path(path)
        if not path.is_file():
            raise MissingFileError(
                f"{path}：没有图层目录文件；请用 --layers 指定 layers.yaml",
                f"{path}: no such catalog of layers; name it with --layers",
            )
        try:
            data = read_marked(path)
        except UnicodeDecodeError as error:
            raise CatalogError(f"{path.name}：应为 UTF-8 文本", f"{path.name}: must be UTF-8") from error
        except RuleError as error:
            raise CatalogError(error.zh, error.en) from error
        if not isinstance(data, dict):
            raise CatalogError(f"{path.name}：应有 region 与 layers", f"{path.name}: needs region and layers")
        try:
            document = _Document.model_validate(data)
        except ValidationError as error:
            raise _refusal(path, data, error) from error
        _refuse_twins(path, data, document.layers)
        return cls(document.region, document.plane, document.layers, path)

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
            With a gap for everything that does not speak; nothing is raised for a layer.

        Raises
        ------
        CatalogError
            For a theme that the catalog does not have.
        """
        from lianzhou_gis.geodesy import Region
        from lianzhou_gis.rulebook import Rulebook, day_of
        from lianzhou_gis.zones import load_layers

        named = {entry.theme for entry in self.layers}
        wanted = named if themes is None else set(themes)
        if missing := sorted(wanted - named):
            zh, en = did_you_mean(missing[0], named)
            raise CatalogError(
                f"图层目录中没有主题 {', '.join(missing)}{zh}；可用的有 {', '.join(sorted(named))}",
                f"the catalog has no theme {', '.join(missing)}{en}; there are {', '.join(sorted(named))}",
            )
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
        """Return the series of some themes with their edition of a day, in the order of the themes and names.

        Examples
        --------
        >>> entries = [LayerEntry(id=i, series="s", theme="karst_strong", path="k.gpkg", valid_from=d)
        ...            for i, d in (("old", date(2018, 1, 1)), ("new", date(2022, 11, 1)))]
        >>> catalog = Catalog(CatalogRegion(name="x"), None, tuple(entries), Path("layers.yaml"))
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
        """Return the place of a file that the catalog names.

        Raises
        ------
        CatalogError
            If it lies outside the catalog's folder: a catalog from elsewhere must not read what it likes.
        """
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise CatalogError(
                f"{self.path.name}：路径 {name} 在图层目录文件夹之外；请把文件放入该文件夹",
                f"{self.path.name}: the path {name} leads out of the catalog's folder; put the file into it",
            )
        return path


def _line(data: Any, place: tuple[int | str, ...]) -> int:  # noqa: ANN401 - the YAML as read
    """Return the line of the innermost mapping on the way to a place."""
    line = getattr(data, "line", 1)
    for step in place:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        line = getattr(data, "line", line)
    return int(line)


def _entry_name(data: Any, number: Any) -> str:  # noqa: ANN401 - the YAML as read
    try:
        name = data["layers"][number].get("id")
    except (AttributeError, KeyError, IndexError, TypeError):
        name = None
    return f" ({name})" if name is not None else ""


def _refusal(path: Path, data: Any, error: ValidationError) -> CatalogError:  # noqa: ANN401
    errors = error.errors(include_url=False)
    # Where no entry is right pydantic counts the empty list as one error more.
    errors = [item for item in errors if item["type"] != "too_short"] or errors
    first = errors[0]
    place = tuple(first["loc"])
    where = f"{path.name}:{_line(data, place)}"
    key = ".".join(str(step) for step in place if step != "__root__") or "-"
    if len(place) > 1 and place[0] == "layers":
        key += _entry_name(data, place[1])
    what = first["msg"].removeprefix("Value error, ")
    words = {"missing": "缺少该项", "extra_forbidden": "没有这个键"}
    zh = words.get(first["type"], what)
    more = len(errors) - 1
    return CatalogError(
        f"{where}：{key}：{zh}" + (f"（另有 {more} 处错误）" if more else "") + "；请更正图层目录",
        f"{where}: {key}: {what}" + (f" (and {more} more)" if more else "") + "; correct the catalog",
    )


def _refuse_twins(path: Path, data: Any, layers: tuple[LayerEntry, ...]) -> None:  # noqa: ANN401
    seen: dict[str, LayerEntry] = {}
    for number, entry in enumerate(layers):
        where = f"{path.name}:{_line(data, ('layers', number))}"
        if entry.id in seen:
            raise CatalogError(f"{where}：图层 {entry.id} 重复", f"{where}: the layer {entry.id} stands twice")
        seen[entry.id] = entry
        for other in seen.values():
            if other.series == entry.series and other.theme != entry.theme:
                raise CatalogError(
                    f"{where}：系列 {entry.series} 同时属于 {other.theme} 与 {entry.theme}",
                    f"{where}: the series {entry.series} belongs to {other.theme} and to {entry.theme}",
                )
