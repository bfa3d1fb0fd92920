"""Whether an answer of a feature server is only a page of what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["page_of_server"]

_COUNTS = ("numberMatched", "totalFeatures", "totalCount", "total", "count")
_LIMITS = ("exceededTransferLimit", "exceededLimit", "limitExceeded")


def page_of_server(document: Mapping[str, Any], features: int) -> Wholeness:
    """Return the signs in a server's response of features that it left out.

    Parameters
    ----------
    document : mapping
        GeoJSON or Esri JSON, or the attributes of the root element of GML.
    features : int
        How many features were read.

    Examples
    --------
    >>> page_of_server({"type": "FeatureCollection", "numberMatched": 9}, 9).is_whole
    True
    >>> page_of_server({"numberMatched": "9"}, 2).faults[0].ground.value
    'server_page'
    >>> page_of_server({"links": [{"rel": "next"}]}, 2).is_whole
    False
    """
    whole = Wholeness()
    for member in _members(document):
        for key in _LIMITS:
            if _is_true(member.get(key)):
                whole = whole.with_fault(WholenessGround.SERVER_PAGE, "server_limit_exceeded", key=key)
        for key in _COUNTS:
            count = _whole_number(member.get(key))
            if count is not None and count > features:
                whole = whole.with_fault(
                    WholenessGround.SERVER_PAGE, "server_count_above", key=key, count=count, read=features
                )
        if _has_next(member.get("links")) or (isinstance(member.get("next"), str) and member["next"]):
            whole = whole.with_fault(WholenessGround.SERVER_PAGE, "server_next_page")
    return whole


def _members(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the document and the objects in which servers write such members."""
    yield document
    for key in ("properties", "metadata", "context"):
        inner = document.get(key)
        if isinstance(inner, Mapping):
            yield inner


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _whole_number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    return int(value) if isinstance(value, str) and value.strip().isdecimal() and len(value) < 12 else None


def _has_next(links: object) -> bool:
    return isinstance(links, list) and any(
        isinstance(link, Mapping) and str(link.get("rel")).strip().lower() == "next" for link in links
    )
