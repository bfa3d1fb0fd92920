"""``certificate.json`` of a run folder: written from a result, read and checked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from lianzhou_gis.certificate import Checker
from lianzhou_gis.certificate_record import CertificateRecord, ZonesShown, check_record, facts_of, parse_record
from lianzhou_gis.clearance import certificates_of
from lianzhou_gis.errors import LianzhouError, Message
from lianzhou_gis.rulebook import Rulebook

if TYPE_CHECKING:
    import geopandas as gpd

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.result import Result

__all__ = ["CERTIFICATE", "CertificateCheck", "certificate_bytes", "check_certificate", "read_certificate"]

CERTIFICATE = "certificate.json"
_MOST_BYTES = 500_000_000
CheckState = Literal["consistent", "confirmed", "disagrees", "no_clears", "not_checked"]


@dataclass(frozen=True)
class CertificateCheck:
    """What the independent checker found.

    Attributes
    ----------
    state : str
        ``confirmed``: the checker read the layers and agrees with every clear; ``consistent``: certificates, facts,
        rules and the zones in the folder agree, the layers were not at hand; ``disagrees``; ``no_clears``: no site
        reads ``no_conflict_found``; ``not_checked``: the rulebook of the run is not that of the program.
    messages : tuple of Message
    """

    state: CheckState
    messages: tuple[Message, ...] = ()


def certificate_bytes(result: Result) -> bytes:
    """Return the certificates of a result as the bytes of ``certificate.json``."""
    record = certificates_of(result).record()
    return (json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def read_certificate(folder: Path) -> CertificateRecord | None:
    """Return the certificates of a run folder, ``None`` where there are none that can be read."""
    path = folder / CERTIFICATE
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        return parse_record(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return None


def check_certificate(
    record: CertificateRecord | None,
    document: Mapping[str, Any],
    tables: Mapping[str, gpd.GeoDataFrame],
    catalog: Catalog | None = None,
) -> CertificateCheck:
    """Check the certificates of a run, with the layers where they are at hand.

    Parameters
    ----------
    record : CertificateRecord or None
        What :func:`read_certificate` found.
    document : mapping
        Content of ``result.json``.
    tables : mapping of str to GeoDataFrame
        ``sites``, ``outfalls`` and ``zones`` of ``findings.gpkg``.
    catalog : Catalog, optional
    """
    if record is None:
        return CertificateCheck("disagrees", (Message.from_code("certificate_absent"),))
    rulebook = Rulebook.load()
    theirs = document["run"]["rulebook"]
    if theirs["sha256"] != rulebook.sha256:
        message = Message.from_code("certificate_rulebook", version=theirs["version"])
        return CertificateCheck("not_checked", (message,))
    shown = _shown(tables)
    found = list(check_record(record, document, rulebook, shown))
    if not found and record.sites and catalog is not None:
        found = _check_positions(record, document, rulebook, shown, catalog)
    if found:
        return CertificateCheck("disagrees", tuple(found))
    if not record.sites:
        return CertificateCheck("no_clears")
    return CertificateCheck("consistent" if catalog is None else "confirmed")


def _check_positions(
    record: CertificateRecord, document: Mapping[str, Any], rulebook: Rulebook, shown: ZonesShown, catalog: Catalog
) -> list[Message]:
    """Return what the layers speak against the clears."""
    facts = {site["site_id"]: facts_of(site) for site in document["sites"]}
    ids = [site.site_id for site in record.sites]
    shapes, outfalls = (np.empty(len(ids), dtype=object) for _ in range(2))
    shapes[:] = [shown.sites[name] for name in ids]
    outfalls[:] = [shown.outfalls.get(name) for name in ids]
    errors = np.array([site.position_error_m for site in record.sites], dtype=np.float64)
    checker = Checker(catalog, rulebook, date.fromisoformat(record.as_of), record.scope)
    try:
        found = checker.check(shapes, errors, [facts[name] for name in ids], outfalls)
    except (LianzhouError, ValueError, OSError, shapely.errors.ShapelyError) as error:
        return [Message.from_code("certificate_failed", problem=type(error).__name__)]
    return [
        Message.from_code("certificate_refused", site=name, reason=message)
        for name, message in zip(ids, found, strict=True)
        if message is not None
    ]


def _shown(tables: Mapping[str, gpd.GeoDataFrame]) -> ZonesShown:
    sites, outfalls, zones = tables["sites"], tables["outfalls"], tables["zones"]

    def texts(name: str) -> list[str | None]:
        return [None if value is None or value != value else str(value) for value in zones[name].tolist()]

    return ZonesShown(
        sites=dict(zip(sites["site_id"].tolist(), sites.geometry.to_numpy(), strict=True)),
        outfalls=dict(zip(outfalls["site_id"].tolist(), outfalls.geometry.to_numpy(), strict=True)),
        errors_m=dict(zip(sites["site_id"].tolist(), sites["position_error_m"].tolist(), strict=True)),
        themes=zones["theme"].tolist(),
        layer_ids=zones["layer_id"].tolist(),
        zone_ids=zones["zone_id"].tolist(),
        names=texts("name"),
        grades=texts("grade"),
        accuracy_m=zones["accuracy_m"].to_numpy(dtype=np.float64, na_value=np.nan),
        shapes=zones.geometry.to_numpy(),
    )
