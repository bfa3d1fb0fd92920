"""What a catalog file says, and how it is kept: as plain values under the hash of its bytes and of this code.

The file stays the only source: a byte of it changed, and it is read and checked anew.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog.entries import CatalogRegion, LayerEntry

__all__ = ["Contents", "keep", "revived"]

_KIND = "catalog"
_ROOMS = ("errors.py", "messages.yaml", "cache.py", "resources.py", "vocabulary", "located_yaml.py", "catalog")
_DAYS = ("data_date", "valid_from", "valid_to")


class Contents(NamedTuple):
    """What a catalog file says."""

    region: CatalogRegion
    plane: str | None
    layers: tuple[LayerEntry, ...]


def revived(sha256: str) -> Contents | None:
    """Return what was read of a file with these bytes; ``None`` where nothing usable is kept."""
    kept = Cache.standard(_ROOMS).get(_KIND, {"sha256": sha256})
    if kept is None:
        return None
    try:
        return _contents(kept.meta)
    except (KeyError, ValueError, TypeError, AttributeError):
        # Whole, and yet not what this code writes: read anew.
        return None


def keep(sha256: str, contents: Contents) -> None:
    """Keep what was read, where it comes back the same."""
    region = contents.region
    told = {
        "region": {"name": region.name, "code": region.code, "bounds": region.bounds},
        "plane": contents.plane,
        "layers": [entry.plain() for entry in contents.layers],
    }
    if _contents(json.loads(json.dumps(told))) == contents:
        Cache.standard(_ROOMS).put(_KIND, {"sha256": sha256}, region.name, told)


def _contents(told: dict[str, Any]) -> Contents:
    region, bounds = told["region"], told["region"]["bounds"]
    return Contents(
        CatalogRegion(**{**region, "bounds": None if bounds is None else tuple(bounds)}),
        told["plane"],
        tuple(LayerEntry(**{**entry, **_days(entry)}) for entry in told["layers"]),
    )


def _days(entry: dict[str, Any]) -> dict[str, date]:
    return {name: date.fromisoformat(entry[name]) for name in _DAYS if entry[name] is not None}
