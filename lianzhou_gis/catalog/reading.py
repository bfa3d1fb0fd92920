"""What a catalog file may say; whatever is wrong is refused with file, line and entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lianzhou_gis.catalog.entries import CatalogRegion, Disclosure, LayerEntry
from lianzhou_gis.catalog.kept import Contents
from lianzhou_gis.errors import CatalogError, did_you_mean
from lianzhou_gis.located_yaml import line_at, read_located_yaml
from lianzhou_gis.vocabulary import grade_of, theme
from lianzhou_gis.vocabulary import themes as all_themes

__all__ = ["checked_entry", "read_contents"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Region(_Entry):
    name: str = Field(min_length=1)
    code: str | None = None
    bounds: tuple[float, float, float, float] | None = None

    @field_validator("bounds")
    @classmethod
    def _in_order(cls, bounds: tuple[float, float, float, float] | None) -> Any:  # noqa: ANN401
        if bounds and not (-180 <= bounds[0] < bounds[2] <= 180 and -90 <= bounds[1] < bounds[3] <= 90):
            raise ValueError("west, south, east, north in degrees")
        return bounds


class _Layer(_Entry):
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
    def _fits(self) -> _Layer:
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


class _Document(_Entry):
    region: _Region
    plane: str | None = None
    layers: tuple[_Layer, ...] = Field(min_length=1)


def checked_entry(data: Mapping[str, Any]) -> LayerEntry:
    """Return an entry of what is said of a layer.

    Raises
    ------
    pydantic.ValidationError
        If a key is unknown or missing, or a value does not fit.

    Examples
    --------
    >>> checked_entry({"id": "k", "series": "k", "theme": "karst_strong", "path": "k.gpkg", "accuracy_m": 5}).accuracy_m
    5.0
    """
    return _entry(_Layer.model_validate(data))


def _entry(model: _Layer) -> LayerEntry:
    return LayerEntry(**dict(model))


def read_contents(path: Path) -> Contents:
    """Read a catalog file.

    Raises
    ------
    CatalogError
        If anything in it is not as it should be; names the file, the line and the entry.
    """
    data = read_located_yaml(path, CatalogError)
    if not isinstance(data, dict):
        raise CatalogError(f"{path.name}：应有 region 与 layers", f"{path.name}: needs region and layers")
    try:
        document = _Document.model_validate(data)
    except ValidationError as error:
        raise _refusal(path, data, error) from error
    _refuse_twins(path, data, document.layers)
    region = CatalogRegion(**dict(document.region))
    return Contents(region, document.plane, tuple(_entry(model) for model in document.layers))


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
    where = f"{path.name}:{line_at(data, place)}"
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


def _refuse_twins(path: Path, data: Any, layers: tuple[_Layer, ...]) -> None:  # noqa: ANN401
    seen: dict[str, _Layer] = {}
    for number, entry in enumerate(layers):
        where = f"{path.name}:{line_at(data, ('layers', number))}"
        if entry.id in seen:
            raise CatalogError(f"{where}：图层 {entry.id} 重复", f"{where}: the layer {entry.id} stands twice")
        seen[entry.id] = entry
        for other in seen.values():
            if other.series == entry.series and other.theme != entry.theme:
                raise CatalogError(
                    f"{where}：系列 {entry.series} 同时属于 {other.theme} 与 {entry.theme}",
                    f"{where}: the series {entry.series} belongs to {other.theme} and to {entry.theme}",
                )
