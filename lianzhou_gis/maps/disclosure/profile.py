"""What is to be made public, and how exactly: a YAML file, checked before anything is read."""

from __future__ import annotations

import datetime
import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lianzhou_gis.errors import DisclosureError, MissingFileError, Phrase
from lianzhou_gis.located_yaml import read_located_yaml
from lianzhou_gis.maps.disclosure.policy import document_number, policy

__all__ = ["AsPublished", "Profile", "PublicLayer", "PublicSites", "profile_at", "read_profile"]

_APPROVAL = re.compile(r"^[\u4e00-\u9fffA-Z]{1,8}[（(\[〔](19|20)\d{2}[）)\]〕]\s*\d{1,6}\s*号$")
_PLACEHOLDER = re.compile(
    r"暂无|待定|待补|待填|不详|未知|同上|见附件|无|略|空|测试|todo|tbd|n/?a|none|null|\W*|[xX×*＊]+.*",
    re.IGNORECASE,
)
_LONGEST = 400
# The day of the first law on the protection of the environment: no document on zones is older.
_FIRST_LAW = datetime.date(1979, 9, 13)


def _meaningful(text: str) -> str:
    """Refuse a text that fills a place without saying anything."""
    if _PLACEHOLDER.fullmatch(text.strip()):
        raise DisclosureError.from_code("profile_placeholder", text=text)
    return text


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


class AsPublished(_Record):
    """The document that published exact boundaries, which are then drawn as they are."""

    document: str = Field(max_length=_LONGEST)
    date: datetime.date

    @field_validator("date")
    @classmethod
    def _past(cls, day: datetime.date) -> datetime.date:
        if not _FIRST_LAW <= day <= datetime.date.today():
            raise DisclosureError.from_code("document_date_impossible", day=day)
        return day

    def require_number(self, names: str) -> None:
        """Refuse what is no number of a document, or one of another year than the date.

        Parameters
        ----------
        names : str
            Names of offices whose letters may stand for the place.
        """
        number = document_number(self.document, names)
        if number is None:
            raise DisclosureError.from_code("document_number_needed", text=self.document)
        # A document may be published in the year after it was numbered.
        if self.date.year - number.year not in (0, 1):
            raise DisclosureError.from_code("document_year_differs", text=self.document, day=self.date)


class PublicLayer(_Record):
    """One layer as the public sees it.

    Attributes
    ----------
    show : {"shapes", "list", "counts"}
        Zones as cells with their columns, the columns alone, or numbers by one column.
    columns : tuple of str
        Which columns, each declared public in the catalog.
    types : dict of str to str
        Types of columns that the software does not know.
    by : str, optional
        For counts: the column that is counted by.
    merge : tuple of str
        For shapes: zones with equal values in these columns are drawn as one.
    accuracy_m : float, optional
        For shapes: drawn no finer than this; a rung of the policy's ladder, at least ``least_protect_m`` unless as
        published.
    withhold : tuple of str
        Names or codes of zones that are not drawn.
    as_published : AsPublished, optional
        Exact borders, as a document published them.
    source, data_date, licence : optional
        Where the catalog does not say.
    office, corrections : str, optional
        Whom to ask about a zone, and to whom corrections go; the publisher where they are not given.
    """

    id: str = Field(max_length=_LONGEST)
    show: Literal["shapes", "list", "counts"] = "shapes"
    columns: tuple[str, ...] = ()
    types: dict[str, str] = {}
    by: str | None = None
    merge: tuple[str, ...] = ()
    accuracy_m: float | None = Field(default=None, ge=1, le=20_000)
    withhold: tuple[str, ...] = ()
    as_published: AsPublished | None = None
    source: str | None = Field(default=None, min_length=2, max_length=_LONGEST)
    data_date: date | None = None
    licence: str | None = Field(default=None, min_length=2, max_length=_LONGEST)
    office: str | None = Field(default=None, min_length=2, max_length=_LONGEST)
    corrections: str | None = Field(default=None, min_length=2, max_length=_LONGEST)

    @field_validator("source", "office", "corrections", "licence")
    @classmethod
    def _says_something(cls, text: str | None) -> str | None:
        return text if text is None else _meaningful(text)

    @model_validator(mode="after")
    def _consistent(self) -> PublicLayer:
        least = policy().least_protect_m
        if (self.show == "counts") != (self.by is not None):
            raise DisclosureError.from_code("counts_need_column", layer=self.id)
        if self.show != "counts" and not self.columns:
            raise DisclosureError.from_code("columns_needed", layer=self.id)
        if self.show == "counts" and self.columns:
            raise DisclosureError.from_code("counts_have_no_columns", layer=self.id)
        if self.show != "shapes" and (self.as_published or self.merge or self.accuracy_m or self.withhold):
            raise DisclosureError.from_code("only_for_shapes", layer=self.id)
        if self.as_published is not None and self.accuracy_m is None:
            raise DisclosureError.from_code("exact_needs_accuracy", layer=self.id)
        ladder = policy().accuracy_ladder_m
        if self.as_published is None and self.accuracy_m is not None and self.accuracy_m < least:
            raise DisclosureError.from_code("accuracy_too_fine", layer=self.id, accuracy=self.accuracy_m, least=least)
        if self.accuracy_m is not None and self.accuracy_m not in ladder:
            choices = _choices(ladder)
            raise DisclosureError.from_code(
                "distance_off_ladder", key="accuracy_m", given=self.accuracy_m, choices=choices
            )
        if len(set(self.columns)) != len(self.columns):
            raise DisclosureError.from_code("column_twice", layer=self.id)
        if set(self.merge) - set(self.columns):
            raise DisclosureError.from_code("merge_columns_hidden", layer=self.id)
        return self


class PublicSites(_Record):
    """The sites of a run as the public sees them; ``basis`` is the document that makes them public."""

    basis: str = Field(max_length=_LONGEST)
    show: Literal["shapes", "list", "counts"] = "counts"
    columns: tuple[Literal["name", "town", "verdict"], ...] = ()
    by: Literal["town", "verdict"] | None = None
    accuracy_m: float | None = Field(default=None, ge=1, le=20_000)

    @model_validator(mode="after")
    def _consistent(self) -> PublicSites:
        PublicLayer(id="sites", show=self.show, columns=self.columns, by=self.by, accuracy_m=self.accuracy_m)
        return self


class Profile(_Record):
    """A publication.

    Attributes
    ----------
    protect_m : float
        How far the best attack on borders must stay away: the median of a layer; no zone below half of it. A rung of
        the policy's ladder.
    approval_number : str, optional
        The number of the map approval (审图号) as granted; never made up here.
    approval_ground : str, optional
        Why none is needed: a ground of the policy. One of the two must be given.
    no_approval_reason : str, optional
        What is to be said beside the ground; for an unaltered official map its number.
    """

    title: str = Field(min_length=4, max_length=_LONGEST)
    publisher: str = Field(min_length=4, max_length=_LONGEST)
    date: datetime.date
    protect_m: float = Field(default=policy().least_protect_m, le=2_000)
    approval_number: str | None = None
    approval_ground: str | None = None
    no_approval_reason: str | None = Field(default=None, min_length=6, max_length=_LONGEST)
    notes: tuple[str, ...] = Field(default=(), max_length=12)
    layers: tuple[PublicLayer, ...] = ()
    sites: PublicSites | None = None

    @field_validator("title", "publisher", "no_approval_reason")
    @classmethod
    def _says_something(cls, text: str | None) -> str | None:
        return text if text is None else _meaningful(text)

    @field_validator("notes")
    @classmethod
    def _short(cls, notes: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(note) > _LONGEST for note in notes):
            raise DisclosureError.from_code("note_too_long", most=_LONGEST)
        return notes

    @field_validator("protect_m")
    @classmethod
    def _far(cls, metres: float) -> float:
        if metres < policy().least_protect_m:
            raise DisclosureError.from_code("protection_too_small", given=metres, least=policy().least_protect_m)
        ladder = policy().protect_ladder_m
        if metres not in ladder:
            choices = _choices(ladder)
            raise DisclosureError.from_code("distance_off_ladder", key="protect_m", given=metres, choices=choices)
        return metres

    @field_validator("approval_number")
    @classmethod
    def _granted(cls, number: str | None) -> str | None:
        if number is not None and not _APPROVAL.match(number):
            raise DisclosureError.from_code("approval_number_impossible", number=number)
        return number

    @model_validator(mode="after")
    def _complete(self) -> Profile:
        grounds = policy().approval_grounds
        if (self.approval_number is None) == (self.approval_ground is None):
            raise DisclosureError.from_code("approval_needed", grounds="、".join(grounds))
        if self.approval_ground is not None and self.approval_ground not in grounds:
            raise DisclosureError.from_code(
                "approval_ground_unknown", given=self.approval_ground, grounds="、".join(grounds)
            )
        if self.approval_ground is None and self.no_approval_reason is not None:
            raise DisclosureError.from_code("approval_needed", grounds="、".join(grounds))
        if grounds.get(self.approval_ground or "", {}).get("needs_number") and not re.search(
            r"[\u4e00-\u9fffA-Z]{1,8}[（(\[〔](19|20)\d{2}[）)\]〕]\s*\d{1,6}\s*号", self.no_approval_reason or ""
        ):
            raise DisclosureError.from_code("official_map_number_needed")
        if not self.layers and self.sites is None:
            raise DisclosureError.from_code("nothing_public")
        offices = [text for layer in self.layers for text in (layer.office, layer.corrections) if text]
        letters = "".join([self.publisher, *offices])
        for layer in self.layers:
            if layer.as_published is not None:
                layer.as_published.require_number(letters)
        if self.sites is not None and document_number(self.sites.basis, letters) is None:
            raise DisclosureError.from_code("document_number_needed", text=self.sites.basis)
        names = [layer.id for layer in self.layers]
        if len(set(names)) != len(names) or "sites" in names:
            raise DisclosureError.from_code("layer_twice")
        if self.date > date.today().replace(year=date.today().year + 1):
            raise DisclosureError.from_code("profile_date_impossible", day=self.date)
        return self


def _choices(ladder: tuple[float, ...]) -> str:
    return "、".join(f"{rung:g}" for rung in ladder)


def read_profile(path: Path) -> Profile:
    """Read a profile.

    Raises
    ------
    MissingFileError
        If there is none.
    DisclosureError
        If anything in it is not as it should be; names the file, the key and what to do.
    """
    if not path.is_file():
        raise MissingFileError.from_code("profile_missing", file=path)
    data = read_located_yaml(path, error=DisclosureError)
    if not isinstance(data, dict):
        raise DisclosureError.from_code("profile_no_yaml", file=path)
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise _refusal(path, error) from error
    except (OverflowError, RecursionError) as error:
        raise DisclosureError.from_code("profile_no_yaml", file=path) from error


_KINDS = {
    "missing": Phrase("缺少该项，请填写", "is missing; give it"),
    "extra_forbidden": Phrase("没有这个键，请删除或更正", "no such key; take it out or correct it"),
    "string_type": Phrase("应为一段文字", "must be a text"),
    "string_too_short": Phrase("文字过短，请写明", "is too short; say it in full"),
    "string_too_long": Phrase("文字过长，请缩短", "is too long; shorten it"),
    "list_type": Phrase("应为列表，如 [name, grade]", "must be a list such as [name, grade]"),
    "tuple_type": Phrase("应为列表，如 [name, grade]", "must be a list such as [name, grade]"),
    "dict_type": Phrase("应为键和值", "must be a mapping"),
    "model_type": Phrase("应为键和值，如 {document: 文号, date: 2020-01-01}", "must be a mapping with its keys"),
    "literal_error": Phrase("不是可选的值", "is none of the choices"),
    "float_type": Phrase("应为数字（米）", "must be a number (metres)"),
    "float_parsing": Phrase("应为数字（米）", "must be a number (metres)"),
    "finite_number": Phrase("应为有限的数字", "must be a finite number"),
    "greater_than_equal": Phrase("数值过小", "is too small"),
    "less_than_equal": Phrase("数值过大", "is too large"),
}  # fmt: skip
_DATES = Phrase("应为日期，如 2026-11-24", "must be a date such as 2026-11-24")


def _refusal(path: Path, error: ValidationError) -> DisclosureError:
    first: Any = error.errors(include_url=False)[0]
    key = ".".join(str(step) for step in first["loc"]) or "-"
    own = first.get("ctx", {}).get("error")
    if isinstance(own, DisclosureError):
        what: Any = own
    elif first["type"].startswith("date"):
        what = _DATES
    else:
        what = _KINDS.get(first["type"], Phrase("内容不符合要求", first["msg"]))
    return DisclosureError.from_code("profile_refused", file=path, key=key, what=what)


def profile_at(name: str, folder: Path) -> Path:
    """Return the file of a profile: a path, or a name of a file in ``profiles`` beside the catalog."""
    given = Path(name)
    if given.suffix.lower() in (".yaml", ".yml") or given.is_file():
        return given
    return folder / "profiles" / f"{name}.yaml"
