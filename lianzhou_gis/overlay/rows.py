"""The rows of the tables that an overlay returns; a field is a column of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shapely.geometry.base import BaseGeometry

from lianzhou_gis.table import Columns

__all__ = ["MarginRow", "NearestRow", "OverlapRow", "RemainderRow", "TotalRow", "overlap_rows"]


class OverlapRow(NamedTuple):
    """A site, or its outfall, and a zone that overlap, touch or are near.

    Attributes
    ----------
    site, zone : int
        Positions: of the site in :attr:`Overlay.site_ids`, of the zone in :class:`LayerIndex`.
    subject : {"footprint", "outfall"}
    relation : {"within", "overlap", "touch", "near"}
    area_m2 : float
        Shared area in the plane; 0 where the two only touch or are near.
    share_of_site, share_of_zone : float
        NaN where there is no area to take a share of, or the zone was clipped to the study area.
    length_m : float
        Geodesic length inside the zone, for lines; else NaN.
    distance_m, bearing_deg : float
        Geodesic, from the site to the zone; 0 and NaN where they intersect.
    error_m : float
        Position error of the pair: the hypot of those of site and zone, as limits.
    doubtful : bool
        Whether an error of borders within ``error_m`` could undo an overlap.
    within_error : bool
        Whether such an error could make an overlap of a zone that touches or is near.
    crossing : bool
        Whether the two run through each other or coincide, which makes an overlap certain whatever its depth.
    geometry : shapely geometry or None
        The shared part, EPSG:4490.
    """

    site: int
    zone: int
    site_id: str
    layer_id: str
    theme: str
    zone_id: str
    zone_name: str | None
    grade: str | None
    part: str | None
    subject: str
    relation: str
    area_m2: float
    share_of_site: float
    share_of_zone: float
    length_m: float
    distance_m: float
    bearing_deg: float
    error_m: float
    doubtful: bool
    within_error: bool
    crossing: bool
    geometry: BaseGeometry | None


class TotalRow(NamedTuple):
    """Areas of a theme, or of a grade of it, under a site; ``grade`` is None in the row of the whole theme."""

    site: int
    site_id: str
    theme: str
    grade: str | None
    gross_area_m2: float
    net_area_m2: float
    net_share: float


class RemainderRow(NamedTuple):
    """A part of a site that a layer says nothing about.

    Attributes
    ----------
    reason : str
        A :class:`~lianzhou_gis.vocabulary.GapReason`.
    gap : int
        Position in :attr:`LayerIndex.gaps`, or -1.
    area_m2 : float
        NaN for a site inside a coverage but closer to its end than the position error; ``geometry`` is None then.
    """

    site: int
    site_id: str
    subject: str
    reason: str
    layer_id: str
    gap: int
    area_m2: float
    geometry: BaseGeometry | None


class MarginRow(NamedTuple):
    """A site closer to the end of a layer's coverage than the setback of a rule with the position error added.

    Attributes
    ----------
    subject : str
        What is so close: ``footprint`` or ``outfall``.
    error_m : float
        Position error: the hypot of that of the site and the largest of the zones of the layer.
    """

    site: int
    site_id: str
    theme: str
    layer_id: str
    subject: str
    margin_m: float
    error_m: float


class NearestRow(NamedTuple):
    """The nearest zone of a theme, however far."""

    site: int
    zone: int
    site_id: str
    theme: str
    layer_id: str
    zone_id: str
    nearest_m: float


def overlap_rows(columns: Columns) -> Iterator[OverlapRow]:
    """Yield the rows of :attr:`Overlay.overlap_columns`."""
    arrays = (columns[name].tolist() for name in OverlapRow._fields)
    return map(OverlapRow._make, zip(*arrays, strict=True))
