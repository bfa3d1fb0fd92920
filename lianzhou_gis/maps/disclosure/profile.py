"""What is to be made public, and how exactly: a YAML file, checked before anything is read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lianzhou_gis.errors import DisclosureError, MissingFileError
from lianzhou_gis.located_yaml import read_located_yaml

__all__ = ["FEWEST", "Profile", "PublicLayer", "PublicSites", "profile_at", "read_profile"]

# Smaller groups could be told apart one by one.
FEWEST = 5
_APPROVAL = re.compile(r"^\D{1,8}[（(\[〔]\d{4}[）)\]〕]\s*\d{1,6}\s*号$")
SITE_COLUMNS = ("name", "town", "verdict")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


class PublicLayer(_Part):
    """One layer as the public sees it.

    Attributes
    ----------
    show : {"shapes", "list", "counts"}
        Generalised shapes with their columns, the columns alone, or numbers by one column.
    columns : tuple of str
        Which columns, each declared public in the catalog.
    by : str, optional
        For counts: the column that is counted by.
    accuracy_m : float, optional
        For shapes: to which they are generalised.
    as_published : str, optional
        The document with which the exact boundaries were published; they are then shown as published.
    source, data_date : optional
        Where the catalog does not say.
    """

    id: str
    show: Literal["shapes", "list", "counts"] = "shapes"
    columns: tuple[str, ...] = ()
    by: str | None = None
    accuracy_m: float | None = Field(default=None, ge=1, le=10_000)
    as_published: str | None = Field(default=None, min_length=2)
    source: str | None = Field(default=None, min_length=2)
    data_date: date | None = None

    @model_validator(mode="after")
    def _fits(self) -> PublicLayer:
        if self.show == "shapes" and self.accuracy_m is None:
            raise ValueError("shapes need accuracy_m, the accuracy that is declared to the public")
        if (self.show == "counts") != (self.by is not None):
            raise ValueError("counts need the column to count by (by), and only counts have one")
        if self.as_published is not None and self.show != "shapes":
            raise ValueError("as_published belongs to shapes")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("a column stands twice")
        return self


class PublicSites(_Part):
    """The sites of a run as the public sees them; ``basis`` is the document that makes them public."""

    basis: str = Field(min_length=2)
    show: Literal["shapes", "list", "counts"] = "counts"
    columns: tuple[Literal["name", "town", "verdict"], ...] = ()
    by: Literal["town", "verdict"] | None = None
    accuracy_m: float | None = Field(default=None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _fits(self) -> PublicSites:
        PublicLayer(id="sites", show=self.show, columns=self.columns, by=self.by, accuracy_m=self.accuracy_m)
        return self


class Profile(_Part):
    """A publication.

    Attributes
    ----------
    approval_number : str, optional
        The number of the map approval (审图号) as granted; never made up here.
    no_approval_reason : str, optional
        Why none is needed; one of the two must stand.
    """

    title: str = Field(min_length=2)
    publisher: str = Field(min_length=2)
    date: date
    approval_number: str | None = None
    no_approval_reason: str | None = Field(default=None, min_length=6)
    notes: tuple[str, ...] = ()
    layers: tuple[PublicLayer, ...] = ()
    sites: PublicSites | None = None

    @field_validator("approval_number")
    @classmethod
    def _granted(cls, number: str | None) -> str | None:
        if number is not None and not _APPROVAL.match(number):
            raise ValueError(
                f"{number!r} is no number of an approval such as 粤S（2026）012号: write the one that was granted, or "
                "leave it out and give no_approval_reason"
            )
        return number

    @model_validator(mode="after")
    def _complete(self) -> Profile:
        if (self.approval_number is None) == (self.no_approval_reason is None):
            raise ValueError(
                "give either approval_number (审图号, as granted) or no_approval_reason (why none is needed), not both"
            )
        if not self.layers and self.sites is None:
            raise ValueError("nothing is made public: name layers or sites")
        names = [layer.id for layer in self.layers]
        if len(set(names)) != len(names) or "sites" in names:
            raise ValueError("a layer stands twice, or is called sites")
        return self


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
        raise MissingFileError(
            f"{path.name}：没有这个发布方案；请用 --profile 给出 YAML 文件，样例见 layers/profiles/public.yaml",
            f"{path.name}: no such profile; name a YAML file with --profile, like layers/profiles/public.yaml",
        )
    data = read_located_yaml(path, DisclosureError)
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise _refusal(path, error) from error


_WORDS = {"missing": "缺少该项，请填写", "extra_forbidden": "没有这个键，请删除"}


def _refusal(path: Path, error: ValidationError) -> DisclosureError:
    first: Any = error.errors(include_url=False)[0]
    key = ".".join(str(step) for step in first["loc"]) or "-"
    what = first["msg"].removeprefix("Value error, ")
    zh = _WORDS.get(first["type"], what)
    if "approval_number (审图号" in what:
        zh = "请填写批准的审图号（approval_number），或书面理由（no_approval_reason），二者取一；软件不会代拟审图号"
    return DisclosureError(f"{path.name}：{key}：{zh}", f"{path.name}: {key}: {what}")


def profile_at(name: str, folder: Path) -> Path:
    """Return the file of a profile: a path, or a name of a file in ``profiles`` beside the catalog."""
    given = Path(name)
    if given.suffix.lower() in (".yaml", ".yml") or given.is_file():
        return given
    return folder / "profiles" / f"{name}.yaml"
