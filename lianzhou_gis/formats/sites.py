"""Sites from any source: ids assigned, footprints checked and measured, gaps for unreliable ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from lianzhou_gis.errors import FormatError, Issue, Message
from lianzhou_gis.formats.areas import declared_area
from lianzhou_gis.formats.column_aliases import SITE_ALIASES, find_columns, unit_in_name
from lianzhou_gis.formats.georeference import SecondReading
from lianzhou_gis.formats.limits import MAX_SITES, refuse_count
from lianzhou_gis.formats.outfalls import far_outfalls, outfalls_from_columns, outfalls_from_layer
from lianzhou_gis.formats.parse_numbers import parse_number
from lianzhou_gis.formats.positions import PositionError, PositionGround, position_error
from lianzhou_gis.formats.raw_features import Geometries
from lianzhou_gis.formats.repair import repair_geometries
from lianzhou_gis.formats.site_drafts import SiteDraft, SiteInput
from lianzhou_gis.formats.site_ids import MAX_ID, MAX_NAME, plain_text, site_ids
from lianzhou_gis.formats.site_sources import SiteSource, read_drafts
from lianzhou_gis.geodesy import Plane, Region, footprints, length, statutory_area
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import GapReason

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["SITE_COLUMNS", "SecondSites", "SiteDefaults", "SiteGap", "Sites", "build_sites", "read_sites"]

SITE_COLUMNS = (
    "site_id", "name", "source_file", "source_row", "survey_crs", "datum", "accuracy_m", "position_error_m", "town",
    "geometry_kind", "corridor_width_m", "area_m2", "statutory_area_m2", "declared_area_m2", "length_m", "geometry",
    "outfall",
)  # fmt: skip
_KINDS = {0: "point", 1: "line", 2: "polygon"}
# Corners of sites are surveyed: repairs that differ by more than this are ambiguous.
_SITE_ACCURACY_M = 0.5
_WIDEST_CORRIDOR_M = 5000.0
_WORST_ACCURACY_M = 10_000.0
# 1 cm in degrees: a border line drawn beside its area follows it so closely.
_NEAR_BORDER_DEG = 1e-7
# An overlap below 2 mm is a touch: so thin a site would never overlap a zone.
_THINNEST_M = 0.01


@dataclass(frozen=True)
class SiteGap:
    """Why a site, as given, cannot be assessed completely."""

    site_id: str
    reason: GapReason
    detail: dict[str, str]


@dataclass(frozen=True)
class SecondSites:
    """Sites as the second reading of their coordinates has them.

    Attributes
    ----------
    sites : Sites
        Those that have one, under the same ids.
    readings : dict of str to SecondReading
        By ``site_id``.
    """

    sites: Sites
    readings: dict[str, SecondReading]


@dataclass(frozen=True)
class Sites:
    """Proposed sites.

    Attributes
    ----------
    columns : Columns
        Sorted by ``site_id``; those of :data:`SITE_COLUMNS`. ``geometry`` and ``outfall`` hold shapely geometries,
        EPSG:4490, or None.
    facts : dict of str to dict
        By ``site_id``: every other column of the source, unchanged.
    gaps : tuple of SiteGap
    issues : tuple of Issue
    inputs : tuple of SiteInput
    position_errors : dict of str to PositionError
        By ``site_id``: on what ``position_error_m`` rests.
    second : SecondSites, optional
        The sites whose coordinates can be read in another way, as that way has them.
    reading : dict of str to str, float or None
        Options of :func:`read_sites` that the sources were read with.
    """

    columns: Columns
    facts: dict[str, dict[str, Any]]
    gaps: tuple[SiteGap, ...]
    issues: tuple[Issue, ...]
    inputs: tuple[SiteInput, ...]
    position_errors: dict[str, PositionError] = field(default_factory=dict)
    second: SecondSites | None = None
    reading: dict[str, str | float | None] = field(default_factory=dict)

    def __repr__(self) -> str:
        named = ", ".join(item.name for item in self.inputs)
        return f"<Sites: {len(self)} from {named}; {len(self.gaps)} gaps, {len(self.issues)} issues>"

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import sites_card

        return sites_card(self)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The columns as a table."""
        return self.columns.frame(inferred=("site_id", "geometry_kind"))

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """The table as a GeoDataFrame, EPSG:4490."""
        import geopandas as gpd

        return gpd.GeoDataFrame(self.table, geometry="geometry", crs="EPSG:4490")

    def __len__(self) -> int:
        return len(self.columns)


def read_sites(
    source: SiteSource,
    *,
    layer: str | None = None,
    crs: CrsLike | None = None,
    datum: str | None = None,
    region: Region | None = None,
    corridor_width_m: float | None = None,
    accuracy_m: float | None = None,
    points: Literal["footprint", "outfall"] = "footprint",
) -> Sites:
    """Read proposed sites.

    Parameters
    ----------
    source : path, list of paths, WKT, shapely geometry, GeoJSON as a dict, or GeoDataFrame
        Any file that :func:`lianzhou_gis.formats.read_features` reads (GeoPackage and FileGDB: the layer ``sites`` if
        there are several, points of the layer ``outfalls`` by ``site_id``), and the parcel coordinate TXT.
    layer : str, optional
        Which layer of every source, where there are several.
    crs : anything pyproj takes, optional
        Used instead of what the source declares; needed for DXF, tables of coordinates, WKT and bare geometry.
    datum : {"wgs84", "cgcs2000", "gcj02", "bd09"}, optional
        Declared datum of longitude and latitude.
    region : Region, optional
        Where coordinates must plausibly lie.
    corridor_width_m : float, optional
        Of lines without a width of their own.
    accuracy_m : float, optional
        Of sites without a declared accuracy, as a limit (twice a standard error).
    points : {"footprint", "outfall"}
        What a site given as a point is: its place, or its outfall.

    Returns
    -------
    Sites

    Raises
    ------
    MissingFileError, FormatError
        If a source is missing, broken or too large; names file, place and remedy.
    ReferenceSystemError
        If the reference system is missing, unknown or impossible; ``candidates`` holds what would fit.

    Examples
    --------
    >>> sites = read_sites("POLYGON ((112.49 24.82, 112.492 24.82, 112.492 24.822, 112.49 24.82))", crs="EPSG:4490")
    >>> sites.frame[["geometry_kind", "survey_crs"]].values.tolist(), float(sites.frame["area_m2"][0].round(2))
    ([['polygon', None]], 22396.87)
    """
    drafts = list(read_drafts(source, layer=layer, crs=crs, datum=datum, region=region))
    refuse_count("sites", sum(len(draft.rows) for draft in drafts), MAX_SITES, "sites")
    if not sum(len(draft.rows) for draft in drafts):
        names = ", ".join(draft.name for draft in drafts)
        raise FormatError.from_code("sites_empty", file=names)
    defaults = SiteDefaults(corridor_width_m, accuracy_m, points == "outfall")
    reading: dict[str, str | float | None] = {
        "layer": layer,
        "crs": None if crs is None else str(crs),
        "datum": datum,
        "corridor_width_m": corridor_width_m,
        "accuracy_m": accuracy_m,
        "points": points,
    }
    return replace(build_sites(drafts, defaults=defaults), reading=reading)


@dataclass(frozen=True)
class SiteDefaults:
    """Defaults for sites whose source does not state a value.

    Attributes
    ----------
    corridor_width_m, accuracy_m : float, optional
        Metres, above 0.
    points_are_outfalls : bool
    """

    corridor_width_m: float | None = None
    accuracy_m: float | None = None
    points_are_outfalls: bool = False

    def __post_init__(self) -> None:
        for name, metres, most in (
            ("corridor_width_m", self.corridor_width_m, _WIDEST_CORRIDOR_M),
            ("accuracy_m", self.accuracy_m, _WORST_ACCURACY_M),
        ):
            if metres is not None and not 0 < metres <= most:
                raise FormatError.from_code("metres_out_of_range", setting=name, metres=metres, most=most)


def build_sites(
    drafts: list[SiteDraft], ids: list[str] | None = None, *, defaults: SiteDefaults | None = None
) -> Sites:
    """Check and measure drafts of sites.

    Parameters
    ----------
    drafts : list of SiteDraft
        With at least one site.
    ids : list of str, optional
        Of all sites, each once; default: their own, made unique.
    defaults : SiteDefaults, optional
    """
    defaults = defaults or SiteDefaults()
    issues = [issue for draft in drafts for issue in draft.issues]
    parts = [_of_draft(draft, defaults, issues) for draft in drafts]
    table = Columns.joined([part for part, _ in parts])
    facts = [row for _, rows in parts for row in rows]
    trouble = [draft.troubles.get(row) for draft in drafts for row in range(len(draft.rows))]
    places = [place for draft in drafts for place in draft.places]
    if ids is None:
        ids, found = site_ids(table["site_id"].tolist(), table["geometry"], facts, places)
        issues += found
    table = table.assign(site_id=cells(ids), outfall=_all_outfalls(drafts, table, ids))
    if defaults.points_are_outfalls:
        table = _points_as_outfalls(table)
    table, errors = _position_errors(drafts, table, defaults, issues)
    table, gaps = _check(table, trouble, places, issues)
    table, thin = _measure(table, places, issues)
    inputs = {(draft.source.name, draft.source.sha256): draft.source for draft in drafts}
    return Sites(
        columns=table.select(SITE_COLUMNS).take(np.argsort(table["site_id"], kind="stable")),
        facts=dict(sorted(zip(ids, facts, strict=True), key=lambda item: item[0])),
        gaps=(*gaps, *thin),
        issues=tuple(issues),
        inputs=tuple(inputs[key] for key in sorted(inputs)),
        position_errors=dict(zip(ids, errors, strict=True)),
        second=_second_sites(drafts, ids, defaults),
    )


def _second_sites(drafts: list[SiteDraft], ids: list[str], defaults: SiteDefaults) -> SecondSites | None:
    """Return the sites that can be read in another way, None where there are none."""
    others: list[SiteDraft] = []
    other_ids: list[str] = []
    readings: dict[str, SecondReading] = {}
    start = 0
    for draft in drafts:
        end = start + len(draft.rows)
        other = draft.second_draft()
        if other is not None and draft.second is not None:
            others.append(other)
            other_ids += ids[start:end]
            readings.update(dict.fromkeys(ids[start:end], draft.second))
        start = end
    return SecondSites(build_sites(others, other_ids, defaults=defaults), readings) if others else None


def _points_as_outfalls(table: Columns) -> Columns:
    """Return sites given as points with these as outfalls, where they have none."""
    shapes, outfalls = table["geometry"].copy(), table["outfall"].copy()
    pointed = np.isin(shapely.get_type_id(shapes), (0, 4)) & shapely.is_missing(outfalls)
    outfalls[pointed] = shapes[pointed]
    shapes[pointed] = None
    return table.assign(geometry=shapes, outfall=outfalls)


def _position_errors(
    drafts: list[SiteDraft], table: Columns, defaults: SiteDefaults, issues: list[Issue]
) -> tuple[Columns, list[PositionError]]:
    """Return the table with ``position_error_m``, and the grounds of each; what is assumed or coarse is noted."""
    errors: list[PositionError] = []
    declared = table["declared_accuracy"]
    start = 0
    for draft in drafts:
        digits = draft.digit_errors
        found: list[PositionError] = []
        for row, system in enumerate(draft.systems):
            last, single = (
                (float(digits.last_digit_m[row]), float(digits.single_precision_m[row]))
                if digits is not None and row < len(digits.last_digit_m)
                else (0.0, 0.0)
            )
            found.append(position_error(float(declared[start + row]), last, single, system.error_band_m))
        issues.extend(_position_issues(draft.name, found))
        errors += found
        start += len(draft.rows)
    metres = np.array([error.metres for error in errors], dtype=np.float64)
    return table.assign(position_error_m=metres), errors


def _position_issues(name: str, errors: list[PositionError]) -> list[Issue]:
    issues = []
    for ground in (PositionGround.LAST_DIGIT, PositionGround.SINGLE_PRECISION):
        metres = [error.grounds[ground] for error in errors if error.grounds.get(ground, 0.0) >= error.metres]
        if metres:
            issues.append(
                Issue.from_code(
                    "warning",
                    "coordinates_coarse" if ground is PositionGround.LAST_DIGIT else "single_precision",
                    name,
                    count=len(metres),
                    metres=max(metres),
                )
            )
    return issues


def _texts(draft: SiteDraft, found: dict[str, str], key: str, longest: int, issues: list[Issue]) -> list[str | None]:
    if key not in found:
        return [None] * len(draft.rows)
    texts = []
    for value, place in zip(draft.columns[found[key]], draft.places, strict=True):
        text, cut = plain_text(value, longest)
        texts.append(text)
        if cut:
            issues.append(Issue.from_code("warning", "text_cut.long", place, column=found[key], longest=longest))
    return texts


def _metres(draft: SiteDraft, found: dict[str, str], key: str, most: float, issues: list[Issue]) -> list[float]:
    """Return a column of lengths; what is no length is NaN, with an Issue."""
    if key not in found:
        return [np.nan] * len(draft.rows)
    numbers = []
    for value, place in zip(draft.columns[found[key]], draft.places, strict=True):
        empty = value is None or str(value).strip() == "" or (isinstance(value, float) and np.isnan(value))
        number = None if empty else parse_number(value)
        good = number is not None and 0 < number <= most
        numbers.append(float(number) if good and number is not None else np.nan)
        if not empty and not good:
            issues.append(
                Issue.from_code(
                    "warning", "length_unreadable", place, column=found[key], cell=str(value)[:30], most=most
                )
            )
    return numbers


def _of_draft(draft: SiteDraft, defaults: SiteDefaults, issues: list[Issue]) -> tuple[Columns, list[dict[str, Any]]]:
    """Return the table of a source, its outfalls and its further columns row by row."""
    found = find_columns(draft.columns.arrays, SITE_ALIASES)
    count = len(draft.rows)
    band = np.array([system.error_band_m for system in draft.systems], dtype=np.float64)
    declared_accuracy = np.array(_metres(draft, found, "accuracy_m", _WORST_ACCURACY_M, issues), dtype=np.float64)
    # A standard error is doubled: accuracies are limits.
    doubled = 2.0 * np.array(_metres(draft, found, "standard_error_m", _WORST_ACCURACY_M / 2.0, issues))
    declared_accuracy = np.where(np.isnan(declared_accuracy), doubled, declared_accuracy)
    if defaults.accuracy_m is not None:
        declared_accuracy = np.where(np.isnan(declared_accuracy), defaults.accuracy_m, declared_accuracy)
    width = np.array(_metres(draft, found, "corridor_width_m", _WIDEST_CORRIDOR_M, issues), dtype=np.float64)
    if defaults.corridor_width_m is not None:
        width = np.where(np.isnan(width), defaults.corridor_width_m, width)
    accuracy = declared_accuracy
    accuracy = np.where(band > 0, np.hypot(np.nan_to_num(accuracy), band), accuracy)
    declared = draft.columns[found["declared_area"]] if "declared_area" in found else [None] * count
    unit = unit_in_name(found["declared_area"])[1] if "declared_area" in found else None
    table = Columns(
        {
            "site_id": cells(_texts(draft, found, "site_id", MAX_ID, issues)),
            "name": cells(_texts(draft, found, "name", MAX_NAME, issues)),
            "source_file": np.full(count, draft.name, dtype=object),
            "source_row": np.asarray(draft.rows, dtype=np.int64),
            "survey_crs": cells(None if system.crs.is_geographic else system.code for system in draft.systems),
            "datum": cells(system.datum for system in draft.systems),
            "reliable": np.array([system.reliable for system in draft.systems], dtype=bool),
            "accuracy_m": accuracy,
            "town": cells(_texts(draft, found, "town", MAX_NAME, issues)),
            "declared_accuracy": declared_accuracy,
            "corridor_width_m": width,
            "declared": cells(declared),
            "unit": np.full(count, unit or draft.area_unit, dtype=object),
            "geometry": np.asarray(draft.geometries, dtype=object),
            "outfall": outfalls_from_columns(draft, found, issues),
        }
    )
    others = [name for name in draft.columns.arrays if name not in found.values()]
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for name in others:
        for row, value in zip(rows, draft.columns[name], strict=True):
            if value is not None and value != "":
                row[name] = value
    return table, rows


def _all_outfalls(drafts: list[SiteDraft], table: Columns, ids: list[str]) -> Geometries:
    """Return the outfalls of all sites, those of a layer of their own included."""
    start, points, given = 0, np.empty(len(table), dtype=object), table["outfall"]
    for draft in drafts:
        end = start + len(draft.rows)
        points[start:end] = outfalls_from_layer(draft, ids[start:end], given[start:end])
        start = end
    return points


def _check(
    table: Columns, trouble: list[Message | None], places: list[str], issues: list[Issue]
) -> tuple[Columns, list[SiteGap]]:
    """Repair footprints, classify them, and add a gap for every site that cannot be assessed completely."""
    gaps: list[SiteGap] = []
    shapes = table["geometry"].copy()

    def gap(row: int, reason: GapReason, code: str, **parameters: object) -> None:
        gaps.append(SiteGap(table["site_id"][row], reason, Message.from_code(code, **parameters).texts))

    for row, shape in enumerate(shapes):
        if shape is not None and shape.geom_type == "GeometryCollection":
            shapes[row] = _footprint_of_collection(shape)
            if shapes[row] is None:
                gap(row, GapReason.INVALID_GEOMETRY, "site_mixed")
            else:
                issues.append(Issue.from_code("info", "members_inside_dropped", places[row]))
    for row, repair in repair_geometries(shapes, accuracy_m=np.full(len(shapes), _SITE_ACCURACY_M)).items():
        shapes[row] = repair.geometry
        issues.append(repair.issue(places[row]))
        if shapes[row] is not None and shapes[row].geom_type == "GeometryCollection":
            # A part encloses nothing.
            shapes[row] = _footprint_of_collection(shapes[row])
        if repair.doubtful is not None or shapes[row] is None:
            gap(row, GapReason.INVALID_GEOMETRY, "site_border_crosses")
    dimension = np.where(shapely.is_missing(shapes) | shapely.is_empty(shapes), -1, shapely.get_dimensions(shapes))
    kinds = [_KINDS.get(int(value), "none") for value in dimension]
    width = np.where(dimension == 1, table["corridor_width_m"], np.nan)
    for row, kind in enumerate(kinds):
        if (message := trouble[row]) is not None:
            gaps.append(SiteGap(table["site_id"][row], GapReason.INVALID_GEOMETRY, message.texts))
        elif kind == "none":
            gap(row, GapReason.NO_FOOTPRINT, "site_without_geometry")
        elif kind == "point":
            gap(
                row,
                GapReason.NO_FOOTPRINT,
                "site_is_point",
            )
        elif kind == "line" and np.isnan(width[row]):
            gap(row, GapReason.NO_FOOTPRINT, "site_line_without_width")
        if not table["reliable"][row]:
            gap(row, GapReason.UNRELIABLE_DATUM, "site_datum_unreliable", datum=table["datum"][row])
    return table.assign(geometry=shapes, geometry_kind=cells(kinds), corridor_width_m=width), gaps


def _footprint_of_collection(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Return the areas of a collection whose points and lines lie inside them or on their border, else None."""
    members = shapely.get_parts(shapely.get_parts(shape))
    dimensions = shapely.get_dimensions(members)
    areas = members[dimensions == 2]
    if not len(areas):
        return None
    lesser = members[dimensions < 2]
    ground = shapely.buffer(areas, _NEAR_BORDER_DEG)
    covered = [bool(shapely.covers(ground, member).any()) for member in lesser]
    if not all(covered):
        return None
    footprint: shapely.Geometry = areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
    return footprint


def _measure(table: Columns, places: list[str], issues: list[Issue]) -> tuple[Columns, list[SiteGap]]:
    """Measure footprints, compare declared areas with statutory ones, and add a gap for degenerate ones."""
    plane = Plane()
    shapes, survey = table["geometry"], table["survey_crs"].tolist()
    taken = footprints(shapes, plane, survey, table["corridor_width_m"])
    area = np.nan_to_num(shapely.area(taken))
    lines = table["geometry_kind"] == "line"
    metres = np.full(len(table), np.nan)
    if lines.any():
        metres[lines] = length(shapes[lines], plane, [survey[row] for row in np.flatnonzero(lines)])
    # Where no edge was densified, the footprint in the plane has the vertices as given.
    statutory = area.copy()
    others = np.flatnonzero(~lines & (shapely.get_num_coordinates(taken) != shapely.get_num_coordinates(shapes)))
    statutory[others] = np.nan_to_num(statutory_area(shapes[others], plane))
    declared = np.full(len(table), np.nan)
    for row, value in enumerate(table["declared"]):
        area_m2, found = declared_area(value, float(statutory[row]), unit=table["unit"][row], where=places[row])
        declared[row] = np.nan if area_m2 is None else area_m2
        issues += found
    issues += far_outfalls(table["outfall"], shapes, plane, places)
    thin = (shapely.get_dimensions(taken) == 2) & (2.0 * shapely.area(taken) < _THINNEST_M * shapely.length(taken))
    narrow = Message.from_code("site_too_narrow").texts
    measured = table.assign(area_m2=area, statutory_area_m2=statutory, declared_area_m2=declared, length_m=metres)
    gaps = [SiteGap(name, GapReason.NO_FOOTPRINT, narrow) for name in table["site_id"][thin].tolist()]
    return measured, gaps
