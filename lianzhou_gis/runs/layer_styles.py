"""The table ``layer_styles`` of a GeoPackage: QGIS opens the layers of a run in the signs of the maps.

QGIS keeps there its own style of each layer (QML) and that of the standard (SLD), and takes the default by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lianzhou_gis.vocabulary import (
    Effect,
    Style,
    Verdict,
    label,
    other_style,
    shown_at_first,
    theme,
    themes,
    verdict_style,
)

__all__ = ["STYLES", "Sign", "signs_of", "write_styles"]

STYLES = "layer_styles"
_OUTLINE = "administrative"


@dataclass(frozen=True)
class Sign:
    """How the rows of a layer that fulfil a condition are drawn.

    Attributes
    ----------
    group, text : str
        Heading and words of the legend.
    where : tuple of (str, str)
        Columns and the values that they must have.
    known : tuple of str
        Where a grade must be none of these: the grades that have a sign of their own.
    opaque : float, optional
        Opacity of the ground instead of that of the pattern.
    fill, line : bool
        Whether ground and border are drawn.
    point : bool
        Whether the layer holds points.
    """

    group: str
    text: str
    style: Style
    where: tuple[tuple[str, str], ...] = ()
    known: tuple[str, ...] = ()
    dashed: bool = False
    shown: bool = True
    opaque: float | None = None
    fill: bool = True
    line: bool = True
    point: bool = False


def _zones() -> list[Sign]:
    """Return a sign for every theme and grade; what covers most is drawn first, the lines of towns last."""
    names = sorted(themes(), key=lambda name: (name == _OUTLINE, not theme(name).covering, shown_at_first(name)))
    found = []
    for name in names:
        entry, shown = theme(name), shown_at_first(name)
        known = tuple(grade.id for grade in entry.grades)
        words = "级别不明" if known else entry.label["zh"]
        found.append(Sign(entry.label["zh"], words, entry.style, (("theme", name),), known, shown=shown))
        found += [
            Sign(entry.label["zh"], grade.label["zh"], grade.style, (("theme", name), ("grade", grade.id)), shown=shown)
            for grade in reversed(entry.grades)
        ]
    return found


def _sites() -> list[Sign]:
    """Return the fills for what is proven and the borders for what is the worst that can still come."""
    found = []
    for column, group in (("verdict", "结论（填充）"), ("worst_possible", "可能适用的最严结论（边框）")):
        fill = column == "verdict"
        for verdict in Verdict:
            look = verdict_style(verdict)
            style = Style(look.colour, look.colour, "none", 3.0)
            where = ((column, verdict.value),)
            dashed = look.line == "dashed" and not fill
            words = label("verdict", verdict)["zh"]
            found.append(Sign(group, words, style, where, dashed=dashed, opaque=0.35, fill=fill, line=not fill))
    return found


def _other(name: str, where: tuple[tuple[str, str], ...] = (), *, dashed: bool = False, point: bool = False) -> Sign:
    words, style = other_style(name)
    return Sign("", words["zh"], style, where, dashed=dashed, point=point)


def signs_of(layer: str) -> list[Sign]:
    """Return how a layer of a run is drawn, the lowest sign first; none for a table without shapes.

    Examples
    --------
    >>> [sign.text for sign in signs_of("gaps")]
    ['未核查范围']
    >>> signs_of("totals")
    []
    """
    binding = [effect for effect in Effect if effect is not Effect.NOTICE]
    made: dict[str, Callable[[], list[Sign]]] = {
        "zones": _zones,
        "sites": _sites,
        "outfalls": lambda: [_other("outfall", point=True)],
        "overlaps": lambda: [_other("piece", (("relation", name),)) for name in ("overlap", "within")],
        "findings": lambda: [
            Sign("占用部分", label("effect", effect)["zh"], other_style("piece")[1], (("effect", effect.value),))
            for effect in binding
        ],
        "gaps": lambda: [_other("gap", dashed=True)],
    }
    return made[layer]() if layer in made else []


def write_styles(path: Path, stamp: str) -> None:
    """Write the styles of the layers of a run into its GeoPackage.

    Parameters
    ----------
    path : pathlib.Path
        A GeoPackage with the layers of a run.
    stamp : str
        The time that stands in the file.
    """
    import pandas as pd
    import pyogrio

    from lianzhou_gis.formats.geopackage_writing import fixed_timestamp
    from lianzhou_gis.runs.qml import as_qml
    from lianzhou_gis.runs.sld import as_sld

    rows = []
    for layer in (str(name) for name in pyogrio.list_layers(path)[:, 0]):
        signs = signs_of(layer)
        if signs:
            rows.append(
                {
                    "f_table_catalog": "",
                    "f_table_schema": "",
                    "f_table_name": layer,
                    "f_geometry_column": "geom",
                    "styleName": "lianzhou_gis",
                    "styleQML": as_qml(signs),
                    "styleSLD": as_sld(layer, signs),
                    "useAsDefault": True,
                    "description": "图例与网页地图一致 / the signs of the web map",
                    "owner": "",
                    "ui": None,
                    "update_time": pd.Timestamp(stamp),
                }
            )
    table = pd.DataFrame(rows)
    table["ui"] = table["ui"].astype("string")
    with fixed_timestamp(stamp):
        pyogrio.write_dataframe(
            table, path, layer=STYLES, driver="GPKG", append=True, layer_options={"FID": "id"}, geometry_type=None
        )
