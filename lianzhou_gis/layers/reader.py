"""A layer read from its file or table: brought to the columns of zones, checked for wholeness, repaired, measured."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.formats import Features
from lianzhou_gis.formats.positions import UNSTATED_POSITION_ERROR_M
from lianzhou_gis.geodesy import buffer_metres
from lianzhou_gis.layers.completeness import area_issues, completeness_gaps, whole_area_issues
from lianzhou_gis.layers.content_hash import Content
from lianzhou_gis.layers.gathering import Loading
from lianzhou_gis.layers.layer import Layer
from lianzhou_gis.layers.layer_source import read_source
from lianzhou_gis.layers.misplacement import misplaced_gaps
from lianzhou_gis.layers.schema_mapping import as_zones, named_columns, source_ids
from lianzhou_gis.layers.shapes import far_issue, near_zones, usable_zones
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason, theme

__all__ = ["read_layer"]

# A zone known as a point without a stated accuracy may lie anywhere within this.
_POINT_ACCURACY_M = 1000.0
# What is wrong with the rows of a layer such that it cannot clear a site.
_DOUBTS_OF_ROWS = ("identical_rows", "shapes_repeated", "accuracy_unreadable")
# Type ids of shapely: from here on geometries have members; the last of them may mix dimensions.
_MULTIPOINT = 4
_COLLECTION = 7


def read_layer(loading: Loading, entry: LayerEntry, coverage: BaseGeometry | None = None) -> Layer:
    """Read a layer of a catalog, check and repair it.

    Parameters
    ----------
    loading : Loading
        Gaps and issues are added to it.
    entry : LayerEntry
    coverage : shapely geometry, optional
        EPSG:4490, the coverage; zones far beyond it are a sign of wrong coordinates.

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError, CatalogError
        If it cannot be read.
    """
    # Control units are retained wherever they are: their access list names them.
    study = None if theme(entry.theme).covering else loading.study
    features, known = read_source(loading.catalog, entry, region=loading.region, study=study)
    if known is not None and coverage is not None and misplaced_gaps(_edges(known.extent), coverage, entry):
        # Some zone lies far beyond the coverage: their number is known from the whole table only.
        features, known = read_source(loading.catalog, entry, region=loading.region)
    loading.issues.extend(features.issues)
    survey = None if features.system.crs.is_geographic else features.system.code
    records = named_columns(features, entry)
    zones = as_zones(records, entry, survey, loading.issues)
    counted = [entry.count_by] if entry.count_by else []
    ids = source_ids(records, zones, entry)
    whole = known or Content.summarise(zones, counted, ids)
    # After the hash of the content, which is that of the source.
    coarse_m = _raise_to_digit_errors(zones, features)
    _add_datum_band(zones, features)
    if not whole.rows:
        return loading.failed(entry, GapReason.LAYER_EMPTY, Message.from_code("layer_without_features"))
    current = _of_the_day(loading, zones, entry)
    present = known or Content.count(current, counted, ids)
    gaps, issues = completeness_gaps(whole, present, entry)
    loading.gaps.extend(gaps)
    for fault in features.wholeness.faults:
        loading.gap(GapReason.LAYER_INCOMPLETE, entry, fault.message)
    loading.issues.extend(issues)
    for issue in loading.issues:
        if issue.code in _DOUBTS_OF_ROWS and issue.where == f"layer {entry.id}":
            loading.gap(GapReason.LAYER_INCOMPLETE, entry, Message(issue.code, issue.zh, issue.en))
    if not present.rows:
        return loading.failed(entry, GapReason.LAYER_EMPTY, Message.from_code("no_zone_in_force", day=loading.day))
    if not features.system.reliable:
        name = features.system.name
        loading.gap(GapReason.UNRELIABLE_DATUM, entry, Message.from_code("layer_datum_unreliable", system=name))
    if coverage is not None:
        loading.gaps.extend(misplaced_gaps(current["geometry"].to_numpy(dtype=object), coverage, entry))
    _second_places(loading, current, features, entry)
    near = near_zones(current, study)
    _report_coarse(loading, coarse_m.loc[near.index].dropna(), entry)
    usable = usable_zones(near, entry, study)
    if far := present.rows - len(near) + usable.elsewhere:
        loading.issues.append(far_issue(far, entry))
    loading.gaps.extend(usable.gaps)
    loading.issues.extend(usable.issues)
    _without_extent(loading, usable.zones, entry)
    areas = [*area_issues(usable.zones, entry, usable.uncut), *whole_area_issues(current, entry)]
    loading.issues.extend(areas)
    for issue in areas:
        if issue.code == "area_below_official":
            loading.gap(GapReason.LAYER_INCOMPLETE, entry, Message(issue.code, issue.zh, issue.en))
    beyond = study if far or usable.cut else None
    files = {"source": features.sha256}
    return Layer(entry, Columns.of_frame(usable.zones), "loaded", None, whole.sha256, beyond, usable.cut, files)


def _raise_to_digit_errors(zones: pd.DataFrame, features: Features) -> pd.Series[float]:
    """Raise the accuracy of zones whose numbers are coarser than what is declared, or assumed, of them.

    Returns
    -------
    Series of float
        Metres by the index of ``zones``; NaN where the numbers are fine enough.
    """
    none = pd.Series(np.nan, index=zones.index)
    digits = np.fmax(features.digit_errors.last_digit_m, features.digit_errors.single_precision_m)
    if len(digits) != len(zones):
        # Parcel texts and the like have no digits of their own here.
        return none
    stated = zones["accuracy_m"].to_numpy(dtype=np.float64)
    coarse = digits > np.where(np.isnan(stated), UNSTATED_POSITION_ERROR_M, stated)
    if not coarse.any():
        return none
    zones["accuracy_m"] = np.where(coarse, digits, stated)
    return pd.Series(np.where(coarse, digits, np.nan), index=zones.index)


def _add_datum_band(zones: pd.DataFrame, features: Features) -> None:
    """Add the uncertainty of the reference system itself to the accuracy of zones."""
    band = features.system.error_band_m
    if band:
        stated = zones["accuracy_m"].to_numpy(dtype=np.float64)
        zones["accuracy_m"] = np.hypot(np.where(np.isnan(stated), UNSTATED_POSITION_ERROR_M, stated), band)


def _second_places(loading: Loading, zones: pd.DataFrame, features: Features, entry: LayerEntry) -> None:
    """Record where the zones lie if their datum is not the one assumed: a site there is not known to be clear."""
    if features.second is None:
        return
    places = features.second.geometries[zones.index.to_numpy()]
    places = places[~(shapely.is_missing(places) | shapely.is_empty(places))]
    broken = ~shapely.is_valid(places)
    # With all that they enclose.
    places[broken] = shapely.convex_hull(places[broken])
    if len(places):
        message = Message.from_code("layer_datum_readings", reading=features.second.message)
        loading.gap(GapReason.UNRELIABLE_DATUM, entry, message, area=shapely.union_all(places))


def _report_coarse(loading: Loading, metres: pd.Series[float], entry: LayerEntry) -> None:
    """Report zones near the study area whose numbers are coarser than their accuracy."""
    if len(metres):
        loading.issues.append(
            Issue.from_code(
                "warning", "zones_coarse", f"layer {entry.id}", count=len(metres), metres=float(metres.max())
            )
        )


def _edges(extent: tuple[float, float, float, float] | None) -> npt.NDArray[np.object_]:
    """Return the four edges of an extent: each is touched by a zone."""
    if extent is None:
        return np.empty(0, dtype=object)
    west, south, east, north = extent
    corners = np.array([(west, south), (west, north), (east, north), (east, south), (west, south)])
    return np.asarray(shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1)))


def _of_the_day(loading: Loading, zones: pd.DataFrame, entry: LayerEntry) -> pd.DataFrame:
    """Leave out zones that are not in force on the day."""
    day = loading.day
    begun = [begin is None or begin <= day for begin in zones["valid_from"]]
    lasting = [end is None or day <= end for end in zones["valid_to"]]
    in_force = np.logical_and(begun, lasting)
    loading.turns.extend(begin for begin in zones["valid_from"] if begin is not None)
    loading.turns.extend(end + timedelta(days=1) for end in zones["valid_to"] if end is not None and end < date.max)
    if not in_force.all():
        loading.issues.append(
            Issue.from_code("info", "zones_of_other_dates", f"layer {entry.id}", count=int((~in_force).sum()), day=day)
        )
    return zones[in_force]


def _parts_without_extent(loading: Loading, zone: pd.Series, entry: LayerEntry) -> None:
    """Report the lines and points that a collection holds beside its areas: their extent is not known."""
    parts = np.array([zone["geometry"]], dtype=object)
    while (shapely.get_type_id(parts) >= _MULTIPOINT).any():
        parts = shapely.get_parts(parts)
    count = int((shapely.get_dimensions(parts[~shapely.is_empty(parts)]) < 2).sum())
    if not count:
        return
    name = zone["name"] if isinstance(zone["name"], str) else zone["zone_id"]
    message = Message.from_code("zone_parts_without_extent", zone=name, count=count)
    loading.gap(GapReason.NO_GEOMETRY, entry, message, zone_id=zone["zone_id"])


def _without_extent(loading: Loading, zones: pd.DataFrame, entry: LayerEntry) -> None:
    """Mark the surroundings of zones known as a point only, and name those of which a line is all that is known."""
    shapes = zones.geometry.to_numpy()
    dimension = shapely.get_dimensions(shapes)
    zone: Any
    for row in np.flatnonzero((dimension == 2) & (shapely.get_type_id(shapes) == _COLLECTION)):
        _parts_without_extent(loading, zones.iloc[row], entry)
    for zone in zones[dimension == 1].itertuples():
        name = zone.name if isinstance(zone.name, str) else zone.zone_id
        loading.gap(GapReason.NO_GEOMETRY, entry, Message.from_code("zone_is_line", zone=name), zone_id=zone.zone_id)
    pointed = zones[dimension == 0]
    if not len(pointed):
        return
    accuracy = pointed["accuracy_m"].to_numpy(dtype=np.float64)
    if entry.accuracy_m is not None and len(pointed) < len(zones):
        # The accuracy in the catalog is that of borders, not the extent of a point.
        accuracy = np.where(accuracy == entry.accuracy_m, np.nan, accuracy)
    metres = np.where(np.isnan(accuracy), _POINT_ACCURACY_M, accuracy)
    points = loading.plane.project(pointed.geometry.to_numpy())
    discs = loading.plane.unproject(buffer_metres(points, metres, loading.plane))
    for zone, radius, disc in zip(pointed.itertuples(), metres, discs, strict=True):
        name = zone.name if isinstance(zone.name, str) else zone.zone_id
        loading.gap(
            GapReason.NO_GEOMETRY,
            entry,
            Message.from_code("zone_is_point", zone=name, radius=radius),
            zone_id=zone.zone_id,
            area=disc,
        )
