"""The styles in findings.gpkg: QGIS finds them, they are the vocabulary's, and every zone has exactly one sign."""

import sqlite3
from itertools import pairwise
from xml.etree import ElementTree

import pyogrio
import pytest

from lianzhou_gis.runs import Run
from lianzhou_gis.runs.layer_styles import signs_of
from lianzhou_gis.runs.qml import as_qml
from lianzhou_gis.runs.sld import as_sld
from lianzhou_gis.vocabulary import Verdict, other_style, patterns, shown_at_first, theme, themes, verdict_style

SE, OGC, SLD = "{http://www.opengis.net/se}", "{http://www.opengis.net/ogc}", "{http://www.opengis.net/sld}"
# What QGIS asks for in the table, as it makes it itself.
COLUMNS = [
    "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML", "styleSLD",
    "useAsDefault", "description", "owner", "ui", "update_time",
]  # fmt: skip


@pytest.fixture
def folder(county, square, tmp_path):
    county.add("water_source_zone", square(112.45, 24.87, 600), grade="二级", zone_id="DEMO-SY", name="甲")
    return county.screen(square(112.45, 24.87, 100)).save(tmp_path / "run")


@pytest.fixture
def styles(folder):
    return pyogrio.read_dataframe(folder / "findings.gpkg", layer="layer_styles")


def rules(qml):
    """Every rule with a symbol: label, filter, symbol."""
    root = ElementTree.fromstring(qml.split("\n", 1)[1])
    symbols = {item.get("name"): item for item in root.findall("renderer-v2/symbols/symbol")}
    return [
        (rule.get("label"), rule.get("filter"), symbols[rule.get("symbol")])
        for rule in root.iter("rule")
        if rule.get("symbol") is not None
    ]


def option(layer, name):
    return next((item.get("value") for item in layer.findall("Option/Option") if item.get("name") == name), None)


def hexed(text):
    return "#" + "".join(f"{int(part):02x}" for part in text.split(",")[:3])


def test_the_table_is_as_qgis_reads_it(folder, styles):
    assert list(styles.columns) == COLUMNS
    assert list(styles["f_table_name"]) == ["sites", "outfalls", "overlaps", "findings", "gaps", "zones"]
    assert styles["useAsDefault"].all() and (styles["f_geometry_column"] == "geom").all()
    assert (styles["f_table_schema"] == "").all() and (styles["f_table_catalog"] == "").all()
    assert {str(day)[:10] for day in styles["update_time"]} == {"2026-11-23"}
    connection = sqlite3.connect(folder / "findings.gpkg")
    kinds = dict(connection.execute("select table_name, data_type from gpkg_contents"))
    columns = dict(connection.execute("select table_name, column_name from gpkg_geometry_columns"))
    connection.close()
    assert kinds["layer_styles"] == "attributes" and columns["zones"] == "geom"
    # They are no table of the run.
    assert "layer_styles" not in Run.open(folder).tables


def test_qml_has_the_signs_of_the_vocabulary(styles):
    found = rules(styles.set_index("f_table_name")["styleQML"]["zones"])
    by_filter = {where: (label, symbol) for label, where, symbol in found}
    for name, entry in themes().items():
        for grade in entry.grades:
            label, symbol = by_filter[f"\"theme\" = '{name}' AND \"grade\" = '{grade.id}'"]
            layers = symbol.findall("layer")
            pattern = patterns()[grade.style.pattern]
            assert label == grade.label["zh"] and symbol.get("type") == "fill"
            assert hexed(option(layers[-1], "outline_color")) == grade.style.line
            assert float(option(layers[-1], "outline_width")) == pytest.approx(grade.style.width * 0.2646, abs=1e-3)
            if pattern.tint:
                assert hexed(option(layers[0], "color")) == grade.style.fill
                assert int(option(layers[0], "color").split(",")[3]) == round(255 * pattern.tint)
            angles = [float(option(layer, "angle")) for layer in layers if layer.get("class") == "LinePatternFill"]
            assert angles == list(pattern.angles)
            dots = [layer for layer in layers if layer.get("class") == "PointPatternFill"]
            assert len(dots) == (grade.style.pattern == "dots")


def test_what_covers_everything_is_not_ticked_and_lies_below(styles):
    qml = styles.set_index("f_table_name")["styleQML"]["zones"]
    root = ElementTree.fromstring(qml.split("\n", 1)[1])
    groups = {rule.get("label"): rule for rule in root.findall("renderer-v2/rules/rule")}
    assert list(groups) == [entry.label["zh"] for entry in themes().values()]
    for name, entry in themes().items():
        assert (groups[entry.label["zh"]].get("checkstate") == "0") == (not shown_at_first(name))
    level = {name: int(symbol.find("layer").get("pass")) for name, _, symbol in rules(qml)}
    assert level["重点管控单元"] < level["二级保护区"] < level["一级保护区"] < level["行政区划"]
    assert root.find("renderer-v2").get("symbollevels") == "1"


def test_every_zone_has_exactly_one_sign():
    """Also one whose grade nobody knows: QGIS would otherwise not show it at all."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create table zones (theme text, grade text)")
    rows = [(name, grade) for name, entry in themes().items() for grade in (*(g.id for g in entry.grades), None, "x'y")]
    connection.executemany("insert into zones values (?, ?)", rows)
    total = 0
    for _, where, _ in rules(as_qml(signs_of("zones"))):
        # The conditions are SQL as well.
        total += connection.execute(f"select count(*) from zones where {where}").fetchone()[0]
    assert total == len(rows)
    sld = ElementTree.fromstring(as_sld("zones", signs_of("zones")).split("\n", 1)[1])
    filters = [rule.find(f"{OGC}Filter") for rule in sld.iter(f"{SE}Rule")]
    for theme_id, grade in rows:
        assert sum(holds(item[0], {"theme": theme_id, "grade": grade}) for item in filters) == 1, (theme_id, grade)


def holds(test, row):
    name = test.tag.removeprefix(OGC)
    if name == "PropertyIsEqualTo":
        return row[test.find(f"{OGC}PropertyName").text] == test.find(f"{OGC}Literal").text
    if name == "PropertyIsNull":
        return row[test.find(f"{OGC}PropertyName").text] is None
    inner = [holds(item, row) for item in test]
    return {"And": all(inner), "Or": any(inner), "Not": not inner[0]}[name]


def test_sld_has_the_structure_of_the_standard(styles):
    for layer, text in styles.set_index("f_table_name")["styleSLD"].items():
        root = ElementTree.fromstring(text.encode())
        assert root.tag == f"{SLD}StyledLayerDescriptor" and root.get("version") == "1.1.0"
        assert root.find(f"{SLD}NamedLayer/{SE}Name").text == layer
        kind = root.find(f"{SLD}NamedLayer/{SLD}UserStyle/{SE}FeatureTypeStyle")
        order = [f"{SE}Name", f"{SE}Description", f"{OGC}Filter", f"{SE}PolygonSymbolizer", f"{SE}PointSymbolizer"]
        for rule in kind:
            assert rule.tag == f"{SE}Rule"
            places = [order.index(child.tag) for child in rule]
            assert all(a <= b for a, b in pairwise(places)) and places[-1] >= 3
            for symbolizer in rule.iter(f"{SE}PolygonSymbolizer"):
                assert [child.tag.removeprefix(SE) for child in symbolizer] in (["Fill"], ["Stroke"])


def test_sld_has_the_signs_of_the_vocabulary(styles):
    text = styles.set_index("f_table_name")["styleSLD"]["zones"]
    named = {rule.find(f"{SE}Name").text: rule for rule in ElementTree.fromstring(text.encode()).iter(f"{SE}Rule")}
    rule = named["饮用水水源保护区 · 一级保护区"]
    style = next(grade for grade in theme("water_source_zone").grades if grade.id == "primary").style
    values = [item.text for item in rule.iter(f"{SE}SvgParameter")]
    assert style.fill in values and style.line in values and f"{style.width:g}" in values
    assert rule.find(f".//{SE}WellKnownName").text == patterns()[style.pattern].mark == "horline"


def test_sites_gaps_and_pieces(styles):
    qml = styles.set_index("f_table_name")["styleQML"]
    found = rules(qml["sites"])
    for verdict in Verdict:
        look = verdict_style(verdict)
        fill = next(symbol for _, where, symbol in found if where == f"\"verdict\" = '{verdict.value}'")
        line = next(symbol for _, where, symbol in found if where == f"\"worst_possible\" = '{verdict.value}'")
        assert hexed(option(fill.find("layer"), "color")) == look.colour
        assert option(line.find("layer"), "outline_style") == ("dash" if look.line == "dashed" else "solid")
        assert hexed(option(line.find("layer"), "outline_color")) == look.colour
    _, style = other_style("gap")
    ((_, where, symbol),) = rules(qml["gaps"])
    assert where is None and hexed(option(symbol.findall("layer")[-1], "outline_color")) == style.line
    # What restricts nothing is no overlap piece on a map, and none here.
    assert all("notice" not in where for _, where, _ in rules(qml["findings"]))


def test_words_are_escaped():
    from dataclasses import replace

    sign = replace(signs_of("gaps")[0], text="<a>&\"'", where=(("zone_id", "a'b<c"),))
    ((label, where, _),) = rules(as_qml([sign]))
    assert label == "<a>&\"'" and where == "\"zone_id\" = 'a''b<c'"
    root = ElementTree.fromstring(as_sld("gaps", [sign]).split("\n", 1)[1])
    assert root.find(f".//{OGC}Literal").text == "a'b<c"
