"""Adds an entry to ``layers.yaml`` without changing any existing byte, comments included."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError
from lianzhou_gis.geodesy import LIANZHOU

__all__ = ["add_entry", "entry_text", "new_catalog_text", "remove_entry", "replace_entry"]

_ORDER = [item.name for item in fields(LayerEntry) if item.name not in ("columns", "grades")] + ["columns", "grades"]


def _plain(entry: LayerEntry) -> dict[str, Any]:
    """Return the stated fields of an entry in the order of the record."""
    stated = entry.stated() | {"disclosure": entry.disclosure}
    return {name: stated[name] for name in _ORDER if name in stated}


def entry_text(entry: LayerEntry, indent: int = 0) -> str:
    """Return an entry as a block of the list ``layers``.

    Examples
    --------
    >>> print(entry_text(LayerEntry(id="k", series="k", theme="karst_strong", path="k.gpkg")))
    - id: k
      series: k
      theme: karst_strong
      path: k.gpkg
      disclosure: restricted
    """
    text = yaml.safe_dump([_plain(entry)], allow_unicode=True, sort_keys=False, width=1000)
    return "\n".join(" " * indent + line for line in text.rstrip("\n").split("\n"))


def new_catalog_text() -> str:
    """Return the head of a new catalog of Lianzhou without layers."""
    bounds = ", ".join(f"{value:g}" for value in LIANZHOU.bounds)
    return f'region:\n  name: {LIANZHOU.name}\n  code: "441882"\n  bounds: [{bounds}]\nlayers:\n'


def _last_leaf(node: yaml.Node) -> yaml.Node:
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _place(text: str, name: str) -> tuple[int, int]:
    """Return the end of the list of layers and the indent of its entries."""
    root = yaml.compose(text)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    listed = next((value for key, value in pairs if key.value == "layers"), None)
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not listed.value:
        raise CatalogError.from_code("catalog_layers_inline", file=name)
    first = listed.value[0].start_mark
    line = text[text.rfind("\n", 0, first.index) + 1 : first.index]
    end = _last_leaf(listed).end_mark.index
    # A block text ends at the start of the next line; anything else ends in its own line.
    if text[end - 1 : end] != "\n":
        end = text.find("\n", end) + 1 or len(text)
    return end, line.index("-")


def _inserted(text: str, entry: LayerEntry, name: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    if text.rstrip().endswith("layers:"):
        end, indent = len(text), 0
    else:
        end, indent = _place(text, name)
    head, tail = text[:end], text[end:]
    if head and not head.endswith("\n"):
        head += newline
    return head + entry_text(entry, indent).replace("\n", newline) + newline + tail


def _span(text: str, position: int, name: str) -> tuple[int, int, int]:
    """Return begin and end of the text of one entry, and its indent."""
    end, indent = _place(text, name)
    root = yaml.compose(text)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    listed = next(value for key, value in pairs if key.value == "layers")
    starts = [text.rfind("\n", 0, node.start_mark.index) + 1 for node in listed.value]
    return starts[position], starts[position + 1] if position + 1 < len(starts) else end, indent


def replace_entry(path: Path, entry: LayerEntry) -> Catalog:
    """Write an entry in the place of that of the same id; every other byte of the catalog stays.

    Raises
    ------
    CatalogError
        If there is no such entry, or it cannot be written without changing anything else.
    """
    return _rewrite(path, entry.id, entry)


def remove_entry(path: Path, layer_id: str) -> Catalog:
    """Take an entry out of a catalog; every other byte of it stays.

    Raises
    ------
    CatalogError
        If there is no such entry, it is the last one, or the coverage of other layers rests on it.
    """
    catalog = Catalog.open(path)
    entry = next((item for item in catalog.layers if item.id == layer_id), None)
    others = [item for item in catalog.layers if item.id != layer_id]
    if entry is not None and entry.theme == "administrative" and not any(o.theme == entry.theme for o in others):
        resting = [item.id for item in others if (item.coverage or "").startswith("administrative:")]
        if resting:
            raise CatalogError.from_code("catalog_layer_needed", layer=layer_id, layers=resting)
    if entry is not None and not others:
        raise CatalogError.from_code("catalog_layer_last", file=path.name, layer=layer_id)
    return _rewrite(path, layer_id, None)


def _rewrite(path: Path, layer_id: str, entry: LayerEntry | None) -> Catalog:
    """Replace or remove the text of one entry; the result is read back before it takes the place of the old one."""
    old, before = Catalog.open(path), path.read_bytes()
    ids = [item.id for item in old.layers]
    if layer_id not in ids:
        raise CatalogError.from_code("catalog_layer_unknown", layer=layer_id, known=ids)
    position, text = ids.index(layer_id), before.decode("utf-8")
    begin, end, indent = _span(text, position, path.name)
    newline = "\r\n" if "\r\n" in text else "\n"
    middle = "" if entry is None else entry_text(entry, indent).replace("\n", newline) + newline
    wanted = [*old.layers[:position], *([] if entry is None else [entry]), *old.layers[position + 1 :]]
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".layers-") as building:
        written = Path(building) / path.name
        written.write_bytes((text[:begin] + middle + text[end:]).encode("utf-8"))
        new = Catalog.open(written)
        if replace(new, path=path) != replace(old, layers=tuple(wanted)):
            raise CatalogError.from_code("catalog_not_extendable", file=path.name)
        if path.read_bytes() != before:
            raise CatalogError.from_code("catalog_changed_meanwhile", file=path.name)
        shutil.copymode(path, written)
        written.replace(path)
    return replace(new, path=path)


def add_entry(path: Path, entry: LayerEntry) -> Catalog:
    """Append an entry to the list of layers of a catalog; a missing catalog is created.

    The new text is read back before it takes the place of the old one, in one step.

    Returns
    -------
    Catalog
        As it now is.

    Raises
    ------
    CatalogError
        If it could not be written without changing anything else, or the entry does not fit.
    """
    old = Catalog.open(path) if path.exists() else None
    before = path.read_bytes() if old else new_catalog_text().encode()
    text = _inserted(before.decode("utf-8"), entry, path.name)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".layers-") as building:
        written = Path(building) / path.name
        written.write_bytes(text.encode("utf-8"))
        new = Catalog.open(written)
        unchanged = old is None or replace(new, layers=new.layers[:-1], path=path) == old
        if not unchanged or new.layers[-1] != entry:
            raise CatalogError.from_code("catalog_not_extendable", file=path.name)
        if old is not None:
            if path.read_bytes() != before:
                raise CatalogError.from_code("catalog_changed_meanwhile", file=path.name)
            shutil.copymode(path, written)
        else:
            written.chmod(0o644)
        written.replace(path)
    return replace(new, path=path)
