"""The records of a catalog: one definition each, from which validation, JSON and JSON Schema follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from lianzhou_gis.errors import CatalogError, did_you_mean
from lianzhou_gis.validation import STRICT_KEYS, Check, Constraint
from lianzhou_gis.vocabulary import grade_of, theme
from lianzhou_gis.vocabulary import themes as all_themes

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "CatalogDocument",
    "CatalogRegion",
    "Disclosure",
    "Elsewhere",
    "LayerEntry",
    "RegionFact",
    "RiverEntry",
    "Secrecy",
    "Series",
]


def _check_day(value: object) -> object:
    # pydantic takes a bare number for seconds since 1970.
    if isinstance(value, int | float):
        raise CatalogError.from_code("entry_day", value=value)
    return value


def _check_theme(name: str) -> str:
    if name not in all_themes():
        hint = did_you_mean(name, all_themes())
        raise CatalogError.from_code("entry_theme", theme=name, hint=hint, known=list(all_themes()))
    return name


def _check_bounds(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if not (-180 <= bounds[0] < bounds[2] <= 180 and -90 <= bounds[1] < bounds[3] <= 90):
        raise CatalogError.from_code("entry_bounds")
    return bounds


Disclosure = Literal["public", "internal", "restricted"]
Secrecy = Literal["none", "secret", "confidential"]
Bounds = Annotated[tuple[float, float, float, float], Check(_check_bounds)]
Day = Annotated[date, Check(_check_day, before=True)]
Digest = Annotated[str, Constraint(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Constraint(ge=1)]
RecheckDays = Annotated[int, Constraint(ge=1, le=366)]
Name = Annotated[str, Constraint(pattern=r"^[\w.\-]{1,64}$")]
Text = Annotated[str, Constraint(min_length=1)]
ThemeId = Annotated[str, Check(_check_theme)]


@dataclass(frozen=True, kw_only=True)
class RegionFact:
    """A fact that an office confirms once for all projects of the region.

    Attributes
    ----------
    value : bool or str
        As a rule reads it.
    document, office : str
        On what it rests, and who confirms it.
    confirmed_on, valid_to : datetime.date
        At most six months apart; outside of them the fact is unknown.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT_KEYS

    value: bool | str
    document: Text
    office: Text
    confirmed_on: Day
    valid_to: Day


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A theme that another office holds: out of scope, and listed as an office to ask."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT_KEYS

    theme: ThemeId
    office: Text
    reason: Text


@dataclass(frozen=True, kw_only=True)
class CatalogRegion:
    """The area that the catalog is about.

    Attributes
    ----------
    recheck_days : int
        The longest time after which a run must be made again, whatever layers and rules still hold.
    facts : mapping of str to RegionFact
        What is answered once for all projects.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT_KEYS

    name: Text
    code: str | None = None
    bounds: Bounds
    recheck_days: RecheckDays = 180
    facts: Mapping[str, RegionFact] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RiverEntry:
    """The water courses of the region as lines: no zones, they answer what lies downstream of an outfall.

    Attributes
    ----------
    direction : {"digitised"}
        Stated by the holder: every line runs from source to mouth.
    complete : bool
        Stated by the holder: every water course that may receive an outfall is there. Without it the layer can find a
        source zone downstream, and never rule one out.
    name_column : str
        The column with the name of a course.
    join_m : float
        A course that ends within this of another one flows into it.
    bank_m : float
        An outfall reaches every course within this.
    reach_m : float
        How far the flow is followed; the default is what patrols of sources go upstream, no law gives a distance.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT_KEYS

    path: Text
    layer: str | None = None
    crs: str | None = None
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | None = None
    direction: Literal["digitised"]
    complete: bool = False
    name_column: Text = "name"
    join_m: Annotated[float, Constraint(gt=0, le=500)] = 30.0
    bank_m: Annotated[float, Constraint(gt=0, le=1000)] = 150.0
    reach_m: Annotated[float, Constraint(gt=0)] = 20_000.0
    accuracy_m: Annotated[float, Constraint(ge=0)] | None = None
    data_date: Day | None = None
    publisher: str | None = None
    document: str | None = None
    synthetic: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RiverEntry:
        """Build an entry from what :meth:`to_json` returned; nothing is validated."""
        day = data["data_date"]
        return cls(**{**data, "data_date": None if day is None else date.fromisoformat(day)})

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return {**asdict(self), "data_date": None if self.data_date is None else self.data_date.isoformat()}


@dataclass(frozen=True, kw_only=True)
class LayerEntry:
    """One control layer: its file, what it covers, from when to when it is in force, how it is to be read.

    The constructor does not validate; :func:`lianzhou_gis.catalog.validated_entry` does.

    Attributes
    ----------
    series : str
        Editions of one thing share a series; the latest that is in force on a day is used.
    coverage : str, optional
        The area that the layer covers: a file beside the catalog, WKT in EPSG:4490, ``administrative:<zone_id>``,
        or ``union`` (control units only). Without one the layer can hit, but never clear a site.
    expected_count, count_by : int and str, optional
        How many distinct values of a column a complete layer has, as its holder states it; without ``count_by``
        how many distinct ids of zones. ``count_by: source_row`` counts records.
    uncounted : str, optional
        Why nobody can state the expected count, and who states it. Without either the layer is ``layer_incomplete``.
    secrecy : {"none", "secret", "confidential"}, optional
        The classification as the holder's document states it (不涉密, 秘密, 机密); without it none is assumed. Every
        output takes the highest of its layers, and what is classified is never published.
    row_count, sha256 : optional
        Rows and content as recorded at import. They show a later change, not that the import itself was whole.
    columns, grades : dict of str to str
        Their column to ours, their value to our grade.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT_KEYS

    id: Name
    series: Name
    theme: ThemeId
    title: dict[Literal["zh", "en"], str] | None = None
    path: Text
    layer: str | None = None
    crs: str | None = None
    survey_crs: str | None = None
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | None = None
    encoding: str | None = None
    data_date: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    publisher: str | None = None
    document: str | None = None
    licence: str | None = None
    disclosure: Disclosure = "restricted"
    disclosure_columns: dict[str, Disclosure] = field(default_factory=dict)
    secrecy: Secrecy | None = None
    coverage: str | None = None
    expected_count: Count | None = None
    count_by: str | None = None
    uncounted: Annotated[str, Constraint(min_length=4)] | None = None
    row_count: Count | None = None
    sha256: Digest | None = None
    file_sha256: Digest | None = None
    official_area_m2: Annotated[float, Constraint(gt=0)] | None = None
    accuracy_m: Annotated[float, Constraint(ge=0)] | None = None
    synthetic: bool = False
    access_list: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    grades: dict[str, str] = field(default_factory=dict)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the fields with the check of their agreement."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_check_agreement, handler(source))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LayerEntry:
        """Build an entry from what :meth:`to_json` returned; nothing is validated."""
        days = {name: date.fromisoformat(data[name]) for name in _DAYS if data[name] is not None}
        return cls(**{**data, **days})

    @property
    def name(self) -> dict[str, str]:
        """Its title, else the label of its theme."""
        title = self.title or {}
        label = theme(self.theme).label
        return {"zh": title.get("zh", label["zh"]), "en": title.get("en", label["en"])}

    def in_force(self, day: date) -> bool:
        """Return whether the edition is in force on a day, both ends included."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def stated(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults.

        Examples
        --------
        >>> LayerEntry(id="k", series="k", theme="karst_strong", path="k.gpkg", synthetic=False).stated()
        {'id': 'k', 'series': 'k', 'theme': 'karst_strong', 'path': 'k.gpkg'}
        """
        values = {item.name: (getattr(self, item.name), _default(item)) for item in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON values: days as ISO text.

        Examples
        --------
        >>> LayerEntry(id="k", series="k", theme="t", path="k.gpkg", valid_to=date(2026, 8, 14)).to_json()["valid_to"]
        '2026-08-14'
        """
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


_FACT_DAYS = ("confirmed_on", "valid_to")
# Annotations are texts in this module.
_DAYS = tuple(item.name for item in fields(LayerEntry) if str(item.type).startswith("Day"))


def _default(item: Field[Any]) -> object:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _check_agreement(entry: LayerEntry) -> LayerEntry:
    """Check fields against each other."""
    if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
        raise CatalogError.from_code("entry_dates")
    if entry.uncounted and entry.expected_count is not None:
        raise CatalogError.from_code("entry_uncounted")
    if entry.access_list and entry.theme != "control_unit":
        raise CatalogError.from_code("entry_access_list")
    if entry.coverage == "union" and not theme(entry.theme).covering:
        raise CatalogError.from_code("entry_union")
    for value, grade in entry.grades.items():
        if grade_of(entry.theme, grade) is None:
            raise CatalogError.from_code("entry_grade", value=value, grade=grade, theme=entry.theme)
    return entry


@dataclass(frozen=True, kw_only=True)
class CatalogDocument:
    """The content of a catalog file.

    Attributes
    ----------
    plane : str or None
        A proj string of an equal-area plane, if not that of Lianzhou.
    scope : tuple of str
        The themes that are looked at; empty for all.
    elsewhere : tuple of Elsewhere
        Themes that other offices hold.
    rivers : RiverEntry or None
        The water courses.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT_KEYS

    region: CatalogRegion
    plane: str | None = None
    scope: tuple[ThemeId, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    rivers: RiverEntry | None = None
    layers: Annotated[tuple[LayerEntry, ...], Constraint(min_length=1)]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CatalogDocument:
        """Build the content from what :meth:`to_json` returned; nothing is validated."""
        region = data["region"]
        facts = {
            name: RegionFact(**{**fact, **{day: date.fromisoformat(fact[day]) for day in _FACT_DAYS}})
            for name, fact in region["facts"].items()
        }
        return cls(
            region=CatalogRegion(**{**region, "bounds": tuple(region["bounds"]), "facts": facts}),
            plane=data["plane"],
            scope=tuple(data["scope"]),
            elsewhere=tuple(Elsewhere(**item) for item in data["elsewhere"]),
            rivers=None if data["rivers"] is None else RiverEntry.from_json(data["rivers"]),
            layers=tuple(map(LayerEntry.from_json, data["layers"])),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the content as JSON values."""
        region = self.region
        return {
            "region": {
                "name": region.name,
                "code": region.code,
                "bounds": region.bounds,
                "recheck_days": region.recheck_days,
                "facts": {
                    name: {**asdict(fact), **{day: getattr(fact, day).isoformat() for day in _FACT_DAYS}}
                    for name, fact in region.facts.items()
                },
            },
            "plane": self.plane,
            "scope": list(self.scope),
            "elsewhere": [asdict(item) for item in self.elsewhere],
            "rivers": None if self.rivers is None else self.rivers.to_json(),
            "layers": [entry.to_json() for entry in self.layers],
        }


@dataclass(frozen=True)
class Series:
    """The editions of one thing, and the one of a day.

    Attributes
    ----------
    edition : LayerEntry or None
        The latest in force; ``None`` if all have expired or none has begun.
    editions : tuple of LayerEntry
        By date.
    """

    name: str
    theme: str
    edition: LayerEntry | None
    editions: tuple[LayerEntry, ...]
