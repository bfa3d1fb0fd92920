"""Reads and validates a catalog file; errors name file, line and entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog.entries import CatalogDocument, LayerEntry
from lianzhou_gis.errors import CatalogError

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

__all__ = ["catalog_schema", "read_catalog", "validated_entry"]

_KIND = "catalog"
_ROOMS = (
    "errors.py", "messages.yaml", "cache.py", "resources.py", "located_yaml.py", "validation.py",
    "vocabulary", "catalog",
)  # fmt: skip


def read_catalog(path: Path) -> CatalogDocument:
    """Read a catalog file; the result is cached by the bytes of the file.

    Raises
    ------
    CatalogError
        If anything in it is wrong; names the file, the line and the entry.
    """
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    entry, key = Cache.standard(_ROOMS).get(_KIND, {"sha256": content}), {"sha256": content}
    if entry is not None:
        try:
            return CatalogDocument.from_json(entry.meta)
        except (KeyError, ValueError, TypeError, AttributeError):
            # Intact, but not what this code writes: read again.
            pass
    document = parse_catalog(path)
    data = document.to_json()
    unchanged = hashlib.sha256(path.read_bytes()).hexdigest() == content
    if unchanged and CatalogDocument.from_json(json.loads(json.dumps(data))) == document:
        Cache.standard(_ROOMS).put(_KIND, key, document.region.name, data)
    return document


def parse_catalog(path: Path) -> CatalogDocument:
    """Parse and validate a catalog file."""
    from pydantic import ValidationError

    from lianzhou_gis.located_yaml import line_at, read_located_yaml

    data = read_located_yaml(path, CatalogError)
    if not isinstance(data, dict):
        raise CatalogError.from_code("catalog_not_mapping", file=path.name)
    try:
        document: CatalogDocument = _adapter(CatalogDocument).validate_python(data)
    except ValidationError as error:
        raise _refusal(path.name, data, error) from error
    seen: dict[str, LayerEntry] = {}
    for number, entry in enumerate(document.layers):
        where = f"{path.name}:{line_at(data, ('layers', number))}"
        if entry.id in seen:
            raise CatalogError.from_code("layer_id_repeated", where=where, layer=entry.id)
        seen[entry.id] = entry
        for other in seen.values():
            if other.series == entry.series and other.theme != entry.theme:
                raise CatalogError.from_code(
                    "series_of_two_themes", where=where, series=entry.series, theme=other.theme, other=entry.theme
                )
    return document


def validated_entry(data: Mapping[str, Any]) -> LayerEntry:
    """Validate the fields of an entry.

    Raises
    ------
    pydantic.ValidationError
        If a key is unknown or missing, or a value is not allowed.

    Examples
    --------
    >>> fields = {"id": "k", "series": "k", "theme": "karst_strong", "path": "k.gpkg", "accuracy_m": 5}
    >>> validated_entry(fields).accuracy_m
    5.0
    """
    entry: LayerEntry = _adapter(LayerEntry).validate_python(data)
    return entry


def catalog_schema() -> dict[str, Any]:
    """Return the JSON Schema of a catalog file, for editors that complete and check YAML.

    Examples
    --------
    >>> catalog_schema()["$defs"]["LayerEntry"]["properties"]["accuracy_m"]["anyOf"][0]
    {'minimum': 0, 'type': 'number'}
    """
    return _adapter(CatalogDocument).json_schema()


@cache
def _adapter(record: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(record)


def _refusal(file: str, data: Mapping[str, Any], error: ValidationError) -> CatalogError:
    from lianzhou_gis.located_yaml import line_at
    from lianzhou_gis.validation import first_invalid

    first = first_invalid(error)
    where, key = f"{file}:{line_at(data, first.steps)}", first.key
    if first.steps[:1] == ("layers",) and len(first.steps) > 1:
        key += _layer_name(data, first.steps[1])
    if first.more:
        return CatalogError.from_code(
            "catalog_invalid.several", where=where, key=key, problem=first.message, more=first.more
        )
    return CatalogError.from_code("catalog_invalid", where=where, key=key, problem=first.message)


def _layer_name(data: Mapping[str, Any], number: int | str) -> str:
    """Return the id of an entry that may be wrong itself, in brackets."""
    try:
        name = data["layers"][number].get("id")
    except (AttributeError, KeyError, IndexError, TypeError):
        return ""
    return f" ({name})" if name is not None else ""
