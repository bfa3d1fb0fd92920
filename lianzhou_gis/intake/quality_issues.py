"""A defect of a layer: what is wrong, where, by how much, and what its owner should do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.geodesy import from_cgcs2000, gauss_kruger
from lianzhou_gis.resources import read_resource
from lianzhou_gis.vocabulary import GapReason, label

__all__ = [
    "SEVERITIES",
    "Defect",
    "DefectPlace",
    "contradictions",
    "defects_of_issue",
    "place_of",
    "threshold",
    "title_of",
]

SEVERITIES = ("error", "warning", "info")
# "layer water, zone W3", "layer water:12" (row 12).
_NAMED = re.compile(r"(?:^|, )(layer|zone) ([^,]+?)(?::\d+)?(?=, |$)")


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read_resource(Path(__file__).with_name("checks.yaml"))
    return data


def threshold(name: str) -> float:
    """Return a threshold by its name in ``checks.yaml``.

    Examples
    --------
    >>> threshold("width_m")
    0.01
    """
    return float(_data()["thresholds"][name])


def title_of(kind: str) -> dict[str, str]:
    """Return the name of a kind of defect."""
    entry = _data()["codes"][kind]
    return {"zh": entry["zh"], "en": entry["en"]}


def contradictions() -> list[dict[str, Any]]:
    """Return the statements about pairs of layers that must be true."""
    return list(_data()["contradictions"])


@dataclass(frozen=True)
class DefectPlace:
    """Place of a defect: longitude and latitude, and the 3-degree zone with metres (X north, Y east)."""

    lon: float
    lat: float
    zone: str
    north: float
    east: float


@dataclass(frozen=True)
class Defect:
    """One entry of the worklist.

    Attributes
    ----------
    severity : {"error", "warning", "info"}
    code : str
    title : dict
        Name of the kind of defect, zh and en.
    layer_id, zone_id, zone_name : str or None
    zh, en : str
        Description.
    todo : dict
        What the owner of the data should do, zh and en.
    amount : float or None
        How much, in ``unit``: ``m2``, ``m`` or ``count``.
    shape : shapely geometry or None
        The place, EPSG:4490.
    """

    severity: str
    code: str
    title: dict[str, str]
    layer_id: str | None
    zone_id: str | None
    zone_name: str | None
    zh: str
    en: str
    todo: dict[str, str]
    amount: float | None = None
    unit: str | None = None
    shape: BaseGeometry | None = None

    @classmethod
    def from_kind(
        cls,
        kind: str,
        layer_id: str | None,
        message: Message,
        *,
        severity: str | None = None,
        zone_id: str | None = None,
        zone_name: str | None = None,
        amount: float | None = None,
        unit: str | None = None,
        shape: BaseGeometry | None = None,
    ) -> Defect:
        """Build a defect of a kind that ``checks.yaml`` has; severity, title and what to do are from there."""
        entry = _data()["codes"][kind]
        return cls(
            severity=severity or entry["severity"],
            code=kind,
            title=title_of(kind),
            layer_id=layer_id,
            zone_id=zone_id,
            zone_name=zone_name,
            zh=message.zh,
            en=message.en,
            todo=dict(entry["todo"]),
            amount=None if amount is None else round(float(amount), 2) + 0.0,
            unit=unit,
            shape=shape,
        )

    @property
    def order(self) -> tuple[Any, ...]:
        """Errors first, then by layer, kind, zone and size."""
        place = self.place
        where = (place.lon, place.lat) if place else (0.0, 0.0)
        rank = SEVERITIES.index(self.severity)
        return rank, self.layer_id or "", self.code, self.zone_id or "", -(self.amount or 0.0), where, self.zh

    @property
    def where(self) -> str:
        """Layer and zone in short."""
        return ", ".join(
            f"{word} {name}" for word, name in (("layer", self.layer_id), ("zone", self.zone_id)) if name is not None
        )

    @property
    def place(self) -> DefectPlace | None:
        """A point of the shape."""
        return place_of(self.shape)


def place_of(shape: BaseGeometry | None) -> DefectPlace | None:
    """Return a point inside a shape with its coordinates for a surveyor.

    Examples
    --------
    >>> place_of(shapely.Point(112.489039, 24.819999))
    DefectPlace(lon=112.489039, lat=24.819999, zone='EPSG:4525', north=2746936.48, east=37650547.93)
    """
    if shape is None or shape.is_empty:
        return None
    point = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
    lon, lat = float(shapely.get_x(point)), float(shapely.get_y(point))
    system = gauss_kruger(round(lon / 3.0))
    metres = from_cgcs2000(np.array([point], dtype=object), system)[0]
    return DefectPlace(round(lon, 7), round(lat, 7), system.code, round(metres.y, 2), round(metres.x, 2))


def defects_of_issue(issue: Issue) -> Defect:
    """Convert an issue of loading to a defect; layer and zone are taken from ``where``."""
    named = dict(_NAMED.findall(issue.where)) if issue.where.startswith("layer ") else {}
    entry = _data()["codes"]["other"]
    known = {reason.value for reason in GapReason}
    title = label("gap", issue.code) if issue.code in known else {"zh": entry["zh"], "en": entry["en"]}
    zone = named.get("zone")
    return Defect(
        severity=issue.severity,
        code=issue.code,
        title=title,
        layer_id=named.get("layer"),
        zone_id=zone,
        zone_name=None,
        zh=issue.zh if named else f"{issue.where}：{issue.zh}",
        en=issue.en if named else f"{issue.where}: {issue.en}",
        todo=dict(entry["todo"]),
    )
