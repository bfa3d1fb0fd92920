"""Every value of a manifest and of the published tables against what this software writes, without the source.

What follows from other values is computed again; what does not is held to its type, its bounds and its form, so that no
value can carry anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely
from pydantic import ValidationError
from shapely.geometry.base import BaseGeometry

import lianzhou_gis
from lianzhou_gis.errors import DisclosureError, Issue
from lianzhou_gis.maps.disclosure.attack_suite import AttackReport, plausible_report
from lianzhou_gis.maps.disclosure.cell_zones import REASONS
from lianzhou_gis.maps.disclosure.lattice import Lattice, lattice_for, sample
from lianzhou_gis.maps.disclosure.layer_requests import exact_decimals
from lianzhou_gis.maps.disclosure.leak_checks import public_text_issues
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.profile import Profile
from lianzhou_gis.maps.disclosure.public_columns import column_label, column_type, is_public_value
from lianzhou_gis.maps.disclosure.publication import (
    FEW,
    FIXED_REASONS,
    MANIFEST,
    MOST_COARSER,
    OTHER,
    OTHER_LAYERS,
    OTHER_REASONS,
    UNNAMED,
    Manifest,
    Part,
    PublicPart,
    Withheld,
    grid_reason,
    numbered_rows,
    profile_of,
)
from lianzhou_gis.vocabulary import theme, themes
from lianzhou_gis.vocabulary.hidden_places import is_hidden_column

__all__ = ["manifest_issues", "part_issues"]

_LAYER_ID = re.compile(r"[A-Za-z0-9_.\-\u4e00-\u9fff]{1,64}")
_WEST, _SOUTH, _EAST, _NORTH = 70.0, 0.0, 140.0, 56.0
_WIDEST = 20.0


def manifest_issues(manifest: Manifest, parts: list[Part]) -> list[Issue]:
    """Return what of a manifest is not what this software would have written; texts are searched for places.

    Parameters
    ----------
    manifest : Manifest
    parts : list of Part
        The layers as they were read from the files.
    """
    keys = [*_whole(manifest), *_profile(manifest)]
    for record in manifest.layers:
        keys += [f"layers.{record.id}.{key}" for key in _layer(manifest, record)]
    keys += [f"withheld.{number}" for number, item in enumerate(manifest.withheld) if not _is_known(manifest, item)]
    found = [Issue.from_code("error", "manifest_value", MANIFEST, key=key) for key in dict.fromkeys(keys)]
    if manifest.software != f"lianzhou_gis {lianzhou_gis.__version__}":
        found.append(Issue.from_code("error", "other_version", MANIFEST))
    return found + public_text_issues(manifest, parts)


def _whole(manifest: Manifest) -> Iterator[str]:
    west, south, east, north = bounds = manifest.region_bounds
    sound = _WEST <= west < east <= _EAST and _SOUTH <= south < north <= _NORTH
    if not sound or max(east - west, north - south) > _WIDEST or any(round(value, 2) != value for value in bounds):
        yield "region_bounds"
    if manifest.exact_confirmed != sorted(record.id for record in manifest.layers if record.as_published):
        yield "exact_confirmed"
    if (manifest.sites_basis is not None) != any(record.id == "sites" for record in manifest.layers):
        yield "sites_basis"
    names = [record.id for record in manifest.layers]
    if len(set(names)) != len(names) or not all(_LAYER_ID.fullmatch(name) for name in names):
        yield "layers"
    listed = [record.name for record in manifest.files]
    if listed != sorted(set(listed)):
        yield "files"


def _profile(manifest: Manifest) -> Iterator[str]:
    """Yield the key that no profile could have, since the manifest holds every value of its profile."""
    try:
        profile: Profile = profile_of(manifest)
    except ValidationError as error:
        yield ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"]) or "layers"
    except DisclosureError:
        yield "layers"
    else:
        if profile.date != manifest.date or manifest.as_of.year < 1979:
            yield "date"


def _layer(manifest: Manifest, record: PublicPart) -> Iterator[str]:
    limits = policy()
    if record.theme not in themes() and not (record.theme == record.id == "sites"):
        yield "theme"
    given = {column.id: column.type for column in record.columns}
    for column in record.columns:
        if (
            column.label != column_label(column.id)
            or column.type not in limits.types
            or column_type(column.id, given) != column.type
            or column.id in limits.never
            or is_hidden_column(column.id.casefold())
        ):
            yield f"columns.{column.id}"
    if len(given) != len(record.columns) or (record.show == "counts") != (len(given) == 1 and record.show == "counts"):
        yield "columns"
    for value, of_profile, key in (
        (record.source, record.profile_source, "source"),
        (record.data_date, record.profile_date, "data_date"),
        (record.licence, record.profile_licence, "licence"),
    ):
        if of_profile is not None and of_profile != value:
            yield key
    if record.data_date > manifest.date and record.id != "sites":
        yield "data_date"
    if record.omitted_parts not in (0, FEW) and not (
        isinstance(record.omitted_parts, int) and record.omitted_parts >= limits.fewest
    ):
        yield "omitted_parts"
    drawn = record.show == "shapes" and record.as_published is None
    if drawn:
        yield from _drawn(manifest, record)
        return
    if record.grid is not None or record.protect_m is not None or record.attacks is not None:
        yield "grid"
    accuracy = record.accuracy_m if record.show == "shapes" else None
    if record.public_accuracy_m != accuracy:
        yield "public_accuracy_m"
    if record.decimals != (exact_decimals(accuracy) if accuracy else None):
        yield "decimals"


def _drawn(manifest: Manifest, record: PublicPart) -> Iterator[str]:
    """Yield what of a generalised layer does not follow from the distances asked for and the middle of the region."""
    if record.protect_m != manifest.protect_m:
        yield "protect_m"
    requested = _requested(manifest, record)
    if record.grid is None or record.attacks is None:
        yield "grid"
        return
    lattice = record.grid.lattice
    if lattice.rung - requested.rung not in range(MOST_COARSER + 1) or lattice != requested.coarser(
        lattice.rung - requested.rung
    ):
        yield "grid"
        return
    if record.decimals != lattice.decimals:
        yield "decimals"
    if record.public_accuracy_m != policy().accuracy_m(lattice.cell_m):
        yield "public_accuracy_m"
    report: AttackReport = record.attacks
    if not plausible_report(report, manifest.protect_m):
        yield "attacks"


def _requested(manifest: Manifest, record: PublicPart) -> Lattice:
    middle = (manifest.region_bounds[1] + manifest.region_bounds[3]) / 2
    return lattice_for(policy().requested_cell_m(manifest.protect_m, record.accuracy_m), middle)


def _is_known(manifest: Manifest, item: Withheld) -> bool:
    """Tell whether an entry of what is withheld has one of the forms that this software writes."""
    if item.layer is None:
        labels = {theme(name).label["zh"] + OTHER_LAYERS for name in themes()}
        return (item.what in labels and item.why in OTHER_REASONS) or item.what == "项目"
    record = next((record for record in manifest.layers if record.id == item.layer), None)
    if record is None or not item.what.startswith(f"{record.title}："):
        return False
    reasons = {*FIXED_REASONS, *(f"{zh}，未绘出" for zh, _ in REASONS.values())}
    if record.grid is not None:
        requested = _requested(manifest, record)
        reasons.add(grid_reason(record.grid.lattice, requested))
    return item.why in reasons


def part_issues(manifest: Manifest, part: Part) -> Iterator[Issue]:
    """Yield what of a layer's rows and shapes this software would not have written: types, order, outlines."""
    record, name = part.record, f"data/{part.record.id}"
    for column in part.rows.columns:
        values = part.rows[column]
        if column == "number":
            if list(values) != list(range(1, len(values) + 1)):
                yield Issue.from_code("error", "value_not_canonical", name, column=column)
            continue
        if column == "count" and record.show == "counts":
            continue
        kind = next((item.type for item in record.columns if item.id == column), "class")
        accuracy = _area_accuracy(manifest, record)
        merged = {OTHER, UNNAMED} if record.show == "counts" else set()
        if not all(
            value in merged or is_public_value(value, column, kind, record.theme, accuracy) for value in _given(values)
        ):
            yield Issue.from_code("error", "value_not_canonical", name, column=column)
        most = policy().types[kind].most_values if kind in policy().types else None
        if most is not None and record.show != "counts" and len(set(_given(values))) > most:
            yield Issue.from_code("error", "value_not_canonical", name, column=column)
    if record.show != "counts":
        bare = part.rows.drop(columns="number")
        if list(numbered_rows(bare, part.shapes)[1]) != list(range(len(bare))):
            yield Issue.from_code("error", "order_not_canonical", name)
    if part.shapes is None:
        return
    if record.attacks is not None and record.attacks.zones != len(part.rows):
        yield Issue.from_code("error", "manifest_value", MANIFEST, key=f"layers.{record.id}.attacks.zones")
    if not all(_is_canonical(shape, record) for shape in part.shapes):
        yield Issue.from_code("error", "shape_not_canonical", name)


def _given(values: pd.Series) -> list[object]:
    return [value for value in values if value is not None and not pd.isna(value)]


def _area_accuracy(manifest: Manifest, record: PublicPart) -> float:
    if record.show != "shapes":
        return 100.0
    if record.as_published:
        return record.accuracy_m or 1.0
    return policy().accuracy_m(_requested(manifest, record).cell_m)


def _is_canonical(shape: BaseGeometry, record: PublicPart) -> bool:
    """Tell whether a shape is the outline of its own cells, or an exact one that is cut to its decimals."""
    if shapely.get_type_id(shape) not in (3, 6) or shapely.is_empty(shape):
        return False
    if record.grid is None:
        xy, decimals = shapely.get_coordinates(shape), record.decimals or 0
        return bool((np.round(xy, decimals) == xy).all() and shapely.equals_exact(shapely.normalize(shape), shape, 0))
    outline = sample(shape, record.grid.lattice).polygon()
    decimals = record.grid.lattice.decimals
    made, given = (shapely.transform(item, lambda xy: np.round(xy, decimals)) for item in (outline, shape))
    return bool(shapely.equals_exact(made, given, 0))
