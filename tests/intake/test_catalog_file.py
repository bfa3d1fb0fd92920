"""A catalog with one entry more: nothing else of it changes by a byte."""

from dataclasses import replace

import pytest

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import CatalogError
from lianzhou_gis.intake.catalog_file import add_entry, remove_entry, replace_entry

ENTRY = LayerEntry(
    id="新层", series="新层", theme="karst_strong", path="k.gpkg", grades={}, columns={"编号": "zone_id"}
)
HEAD = "region: {name: 某县, bounds: [111.6, 24.1, 113.3, 25.7]}  # 区域\nlayers:\n"
FIRST = "- id: a\n  series: a\n  theme: receptor\n  path: a.gpkg"


def added(tmp_path, text):
    path = tmp_path / "layers.yaml"
    path.write_bytes(text.encode())
    catalog = add_entry(path, ENTRY)
    assert catalog.layers[-1] == ENTRY and Catalog.open(path).layers == catalog.layers
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FIRST + "\n", ""),
        # No end of the last line; a comment behind it.
        (FIRST, ""),
        (FIRST + "  # 最后一行\n", "\n# 尾注\n"),
        # Entries that are indented, blank lines, something after the list.
        ("    - id: a\n      series: a\n\n      theme: receptor\n      path: a.gpkg\n", "\n# 平面\nplane: null\n"),
        # A last value that is a block of text, or a mapping in one line.
        ("- {id: a, series: a, theme: receptor, path: a.gpkg}\n", ""),
        (
            "- id: a\n  series: a\n  theme: receptor\n  path: a.gpkg\n  publisher: |\n    某局\n    某科\n",
            "plane: null\n",
        ),
    ],
)
def test_every_byte_stays(tmp_path, before, after):
    text = added(tmp_path, HEAD + before + after)
    assert text.startswith(HEAD + before.rstrip("\n")) and text.endswith(after)
    middle = text[len(HEAD + before) : len(text) - len(after)]
    assert middle.lstrip().startswith("- id: 新层") and "编号: zone_id" in middle


def test_line_ends_stay_what_they_are(tmp_path):
    text = added(tmp_path, (HEAD + FIRST + "\n").replace("\n", "\r\n"))
    assert text.count("\n") == text.count("\r\n") > 6


def test_a_catalog_is_begun(tmp_path):
    catalog = add_entry(tmp_path / "layers.yaml", ENTRY)
    assert (catalog.region.code, catalog.region.bounds) == ("441882", (111.6, 24.1, 113.3, 25.7))
    assert [entry.id for entry in Catalog.open(catalog.path).layers] == ["新层"]


@pytest.mark.parametrize("layers", ["layers: [{id: a, series: a, theme: receptor, path: a.gpkg}]\n"])
def test_a_list_in_one_line_is_left_alone(tmp_path, layers):
    path = tmp_path / "layers.yaml"
    path.write_text("region: {name: 某县, bounds: [111.6, 24.1, 113.3, 25.7]}\n" + layers, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="one entry per line"):
        add_entry(path, ENTRY)
    assert path.read_bytes() == before


def test_an_entry_that_does_not_fit_changes_nothing(tmp_path):
    path = tmp_path / "layers.yaml"
    path.write_text(HEAD + FIRST + "\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="is entered twice"):
        add_entry(path, replace(ENTRY, id="a"))
    assert path.read_bytes() == before and sorted(file.name for file in tmp_path.iterdir()) == ["layers.yaml"]


def test_an_entry_is_replaced_or_removed_and_all_else_stays(tmp_path):
    path = tmp_path / "layers.yaml"
    first, second, third = (
        f"- id: {name}\n  series: {name}\n  theme: karst_strong\n  path: {name}.gpkg # {name}\n" for name in "abc"
    )
    path.write_text(HEAD + first + "# 说明\n" + second + third, encoding="utf-8")
    entry = Catalog.open(path).layers[1]
    replace_entry(path, replace(entry, accuracy_m=3.0, disclosure="internal"))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(HEAD + first) and text.endswith(third)
    assert Catalog.open(path).layers[1].accuracy_m == 3.0
    remove_entry(path, "b")
    remove_entry(path, "c")
    assert path.read_text(encoding="utf-8").startswith(HEAD + first)
    with pytest.raises(CatalogError, match="only layer"):
        remove_entry(path, "a")
    with pytest.raises(CatalogError, match="no layer b"):
        remove_entry(path, "b")
