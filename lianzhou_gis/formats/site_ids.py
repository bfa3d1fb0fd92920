"""Names of sites: their own number, else the hash of their geometry; the same whatever the order of the files."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Issue

__all__ = ["MAX_ID", "MAX_NAME", "geometry_hash", "plain_text", "site_ids"]

MAX_ID = 64
MAX_NAME = 200
# 1e-9 degrees is a tenth of a millimetre: what PROJ's last bits do on another machine must not rename a site.
_DECIMALS = 9


def plain_text(value: object, longest: int) -> tuple[str | None, bool]:
    r"""Return a value as one line of text, and whether anything was left out.

    Markup stays as it is: what shows text must escape it. Control characters become blanks.

    Examples
    --------
    >>> plain_text("<b>a</b>\n", 200), plain_text(7.0, 200), plain_text("x" * 9, 4), plain_text(None, 4)
    (('<b>a</b>', False), ('7', False), ('xxx…', True), (None, False))
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None, False
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    cleaned = str(value)[: 20 * longest]
    if not cleaned.isprintable():
        # Surrogates cannot be written to any file; bidirectional controls can disguise text.
        cleaned = "".join(
            " "
            if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in "\u202a\u202b\u202d\u202e"
            else letter
            for letter in cleaned
        )
    text = " ".join(cleaned.split())
    changed = len(text) > longest
    if changed:
        text = text[: longest - 1] + "…"
    return text or None, changed


def geometry_hash(geometry: BaseGeometry | None) -> str:
    """Return the SHA-256 of a geometry, whatever the order and direction of its parts and rings.

    Parameters
    ----------
    geometry : shapely geometry or None
        EPSG:4490, lon/lat.

    Examples
    --------
    >>> square = shapely.box(112.4, 24.8, 112.5, 24.9)
    >>> geometry_hash(square) == geometry_hash(square.reverse())
    True
    """
    if geometry is None:
        return hashlib.sha256(b"").hexdigest()
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, _DECIMALS) + 0.0)
    blob = shapely.to_wkb(shapely.normalize(rounded), byte_order=1, output_dimension=2)
    return hashlib.sha256(blob).hexdigest()


def site_ids(
    given: Sequence[str | None], geometries: npt.NDArray[np.object_], contents: Sequence[Any], places: Sequence[str]
) -> tuple[list[str], list[Issue]]:
    """Return a unique id for every site: its own, else 12 hex of its geometry's hash; duplicates get -2, -3.

    Parameters
    ----------
    given : sequence of str or None
        Ids from columns or parcel numbers.
    geometries : ndarray, shape (n,)
        EPSG:4490.
    contents : sequence
        Further attributes of each site (JSON values); order duplicates independently of the order of files.
    places : sequence of str
        For issues.
    """
    hashes = [geometry_hash(geometry) for geometry in geometries]
    wanted = [own or digest[:12] for own, digest in zip(given, hashes, strict=True)]
    keys = [
        (digest, json.dumps(content, sort_keys=True, default=str, ensure_ascii=False))
        for digest, content in zip(hashes, contents, strict=True)
    ]
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], keys[index], places[index]))
    taken = set(wanted)
    result = list(wanted)
    issues: list[Issue] = []
    seen: set[str] = set()
    for index in order:
        name = wanted[index]
        if name not in seen:
            seen.add(name)
            continue
        number = 2
        while f"{name}-{number}" in taken:
            number += 1
        result[index] = f"{name}-{number}"
        taken.add(result[index])
        if given[index]:
            issues.append(
                Issue.from_code("warning", "site_id_repeated", places[index], name=name, renamed=result[index])
            )
    return result, issues
