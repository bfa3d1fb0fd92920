"""What a publication is, as plain records: its manifest, the layers in it, and the profile that makes it again."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pydantic import BaseModel, ConfigDict, Field

from lianzhou_gis.maps.disclosure.attack_suite import AttackReport
from lianzhou_gis.maps.disclosure.lattice import Lattice
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.profile import AsPublished, Profile, PublicLayer, PublicSites

__all__ = [
    "COUNTS_ONLY", "FEW", "FIXED_REASONS", "HIDDEN_PLACE", "LIST_ONLY", "MANIFEST", "MOST_COARSER", "NOT_IN_PROFILE",
    "NOT_PUBLIC", "OF_THE_RUN", "ON_REQUEST", "OTHER", "OTHER_COLUMNS", "OTHER_LAYERS", "OTHER_REASONS", "PAGE",
    "SMALL_PIECES", "UNNAMED", "FileRecord", "GridRecord", "Manifest", "Part", "PublicColumn", "PublicPart", "Withheld",
    "approval_text", "display_name", "grid_reason", "numbered_rows", "profile_of", "small_count",
]  # fmt: skip

MANIFEST, PAGE = "manifest.json", "index.html"
# How often cells are doubled where attacks come too near.
MOST_COARSER = 3
# Why something is withheld, beside the reasons of zones and of the grid.
HIDDEN_PLACE, COUNTS_ONLY, LIST_ONLY = "不得公开位置的场所", f"只公布数量，少于 {policy().fewest} 的合并", "只公布名录"
OTHER_COLUMNS, ON_REQUEST = "列未声明公开或未列入", "发布单位要求不绘出，未绘出"
SMALL_PIECES = "面积过小、形状规则或可被推算，未绘出"
FIXED_REASONS = (HIDDEN_PLACE, COUNTS_ONLY, LIST_ONLY, OTHER_COLUMNS, ON_REQUEST, SMALL_PIECES)
OTHER_LAYERS = "（其余图层或版本）"
NOT_IN_PROFILE, NOT_PUBLIC, OF_THE_RUN = "本次发布方案未列入", "未声明公开", "结果文件夹为内部资料"
OTHER_REASONS = (NOT_IN_PROFILE, NOT_PUBLIC)
FEW = f"少于{policy().fewest}"
OTHER, UNNAMED = "其他（合并）", "未注明"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicColumn(_Record):
    """A column with its type and what it is called in public."""

    id: str
    type: str
    label: str


class GridRecord(_Record):
    """The grid on which zones are drawn: centres of cells lie at whole multiples of the size, from 0° E, 0° N."""

    rung: int = Field(ge=0, le=10)
    east: int = Field(ge=1)
    north: int = Field(ge=1)
    units_per_degree: Literal[100000] = 100000

    @property
    def lattice(self) -> Lattice:
        """The grid itself."""
        return Lattice(self.rung, self.east, self.north)


class PublicPart(_Record):
    """One layer of a publication, as the manifest describes it.

    Attributes
    ----------
    protect_m : float or None
        The bound that attacks on borders must not pass, median; half of it for any zone.
    public_accuracy_m : float or None
        How far a drawn border is from the true one at most, metres.
    grid : GridRecord or None
        ``None`` for exact borders, lists and counts.
    decimals : int or None
        Of the coordinates, degrees.
    omitted_parts : int or str
        Parts of drawn zones that are too small to be drawn; a few are not counted.
    attacks : AttackReport or None
        What the attacks made of it.
    """

    id: str
    theme: str
    title: str
    show: Literal["shapes", "list", "counts"]
    columns: list[PublicColumn]
    merged_by: list[str]
    withhold: list[str]
    accuracy_m: float | None
    protect_m: float | None
    public_accuracy_m: float | None
    grid: GridRecord | None
    decimals: int | None
    as_published: AsPublished | None
    source: str
    profile_source: str | None
    data_date: date
    profile_date: date | None
    valid_from: date | None
    valid_to: date | None
    licence: str | None
    profile_licence: str | None
    office: str | None
    corrections: str | None
    omitted_parts: int | str
    attacks: AttackReport | None


class Withheld(_Record):
    """What is not there, and why.

    Attributes
    ----------
    layer : str or None
        The layer of the publication that it is left out of; ``None`` for themes that are not in it at all.
    """

    layer: str | None
    what: str
    why: str


class FileRecord(_Record):
    """A file of the publication: its hash is of public bytes alone."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int


class Manifest(_Record):
    """What a publication is: who, when, from what, how exact, under which approval, and what was left out.

    Attributes
    ----------
    exact_confirmed : list of str
        The layers of which exact borders were confirmed a second time, with ``--exact``.
    """

    schema_version: Literal["3"] = "3"
    title: str
    publisher: str
    date: datetime.date
    as_of: datetime.date
    region: str
    region_bounds: tuple[float, float, float, float]
    protect_m: float
    approval_number: str | None
    approval_ground: str | None
    no_approval_reason: str | None
    notes: list[str]
    synthetic: bool
    reference_system: Literal["CGCS2000, EPSG:4490, longitude and latitude in degrees"]
    software: str
    sites_basis: str | None
    exact_confirmed: list[str]
    layers: list[PublicPart]
    withheld: list[Withheld]
    files: list[FileRecord] = []

    def written(self) -> bytes:
        """Return the manifest as the bytes that are published."""
        return (self.model_dump_json(indent=1) + "\n").encode("utf-8")


@dataclass(frozen=True)
class Part:
    """A layer with its rows: ``number`` first, then the public columns; shapes where there are any (EPSG:4490)."""

    record: PublicPart
    rows: pd.DataFrame
    shapes: list[Any] | None


def profile_of(manifest: Manifest) -> Profile:
    """Return the profile that makes a publication again.

    Raises
    ------
    pydantic.ValidationError
        If the manifest is none that this software writes.
    """
    layers, sites = [], None
    for part in manifest.layers:
        columns = tuple(column.id for column in part.columns)
        known = policy().columns
        given: dict[str, Any] = {
            "id": part.id,
            "show": part.show,
            "columns": () if part.show == "counts" else columns,
            "types": {column.id: column.type for column in part.columns if column.id not in known},
            "by": columns[0] if part.show == "counts" else None,
            "merge": tuple(part.merged_by),
            "accuracy_m": part.accuracy_m,
            "withhold": tuple(part.withhold),
            "as_published": part.as_published,
            "source": part.profile_source,
            "data_date": part.profile_date,
            "licence": part.profile_licence,
            "office": part.office,
            "corrections": part.corrections,
        }
        if part.id == "sites":
            basis = {"basis": manifest.sites_basis}
            sites = PublicSites.model_validate(
                {name: given[name] for name in ("show", "columns", "by", "accuracy_m")} | basis
            )
        else:
            layers.append(PublicLayer.model_validate(given))
    return Profile(
        title=manifest.title,
        publisher=manifest.publisher,
        date=manifest.date,
        protect_m=manifest.protect_m,
        approval_number=manifest.approval_number,
        approval_ground=manifest.approval_ground,
        no_approval_reason=manifest.no_approval_reason,
        notes=tuple(manifest.notes),
        layers=tuple(layers),
        sites=sites,
    )


def grid_reason(lattice: Lattice, requested: Lattice) -> str:
    """Return why exact borders are not there: the grid, and where attacks came too near, that it was made coarser."""
    accuracy = policy().accuracy_m(lattice.cell_m)
    why = f"按约 {lattice.cell_m:g} 米格网概化，精度约 {accuracy:g} 米"
    return why + (f"（{requested.cell_m:g} 米格网时反推误差不足，已自动放大）" if lattice != requested else "")


def numbered_rows(rows: pd.DataFrame, shapes: list[Any] | None) -> tuple[pd.DataFrame, npt.NDArray[np.intp]]:
    """Return rows by their public columns and shapes, with numbers, and the order that they are in."""
    keys = [rows[column].fillna("").astype(str).to_numpy(dtype=str) for column in reversed(rows.columns)]
    places = [] if shapes is None else [np.array([shapely.to_wkb(shape, hex=True) for shape in shapes], dtype=str)]
    order = np.lexsort([*places, *keys]) if keys or places else np.arange(len(rows))
    sorted_rows = rows.iloc[order].reset_index(drop=True)
    sorted_rows.insert(0, "number", range(1, len(sorted_rows) + 1))
    return sorted_rows, order


def approval_text(manifest: Manifest) -> str:
    """Return the approval number, or why there is none, as it is printed."""
    if manifest.approval_number:
        return f"审图号：{manifest.approval_number}"
    ground = policy().approval_grounds[manifest.approval_ground or ""]["zh"]
    reason = f"：{manifest.no_approval_reason}" if manifest.no_approval_reason else ""
    return f"未标注审图号（{ground}）{reason}"


def small_count(number: int) -> int | str:
    """Return a number, or that it is small: fewer could be told apart one by one."""
    return number if number >= policy().fewest else FEW


def display_name(row: pd.Series) -> str | None:
    """Return what a zone is called in public: its name, else its source with the grade; ``None`` where it has none."""
    if row.get("name"):
        return str(row["name"])
    if row.get("source_name"):
        return str(row["source_name"]) + str(row.get("grade") or "")
    return str(row["zone_id"]) if row.get("zone_id") else None
