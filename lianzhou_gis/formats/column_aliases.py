"""Aliases of column names, compared without case, width, blanks and brackets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["COORDINATE_ALIASES", "CORNER_ALIASES", "SITE_ALIASES", "find_columns", "plain_name", "unit_in_name"]

# Field names of DBF end after 10 bytes, so that the cut form of our own long names is among the aliases.
SITE_ALIASES: Mapping[str, Sequence[str]] = {
    "site_id": (
        "site_id",
        "siteid",
        "地块编号",
        "地块号",
        "宗地编号",
        "宗地号",
        "宗地代码",
        "parcel_id",
        "parcel_no",
        "dkbh",
        "zddm",
    ),
    "name": ("name", "site_name", "名称", "项目名称", "地块名称", "地块", "工程名称", "xmmc", "dkmc", "mc"),
    "town": ("town", "乡镇", "镇", "镇街", "所在镇", "所在乡镇", "乡镇名称", "xzmc"),
    "accuracy_m": ("accuracy_m", "accuracy", "平面精度", "点位精度", "精度米"),
    "standard_error_m": ("standard_error_m", "中误差", "点位中误差", "平面中误差", "平面位置中误差", "rmse"),
    "corridor_width_m": (
        "corridor_width_m",
        "corridor_width",
        "corridor_w",
        "廊道宽度",
        "走廊宽度",
        "用地宽度",
        "路基宽度",
    ),
    "declared_area": (
        "declared_area_m2",
        "declared_area",
        "declared_a",
        "用地面积",
        "地块面积",
        "宗地面积",
        "申报面积",
        "面积",
        "dkmj",
        "zdmj",
        "area",
    ),
    "outfall": ("outfall", "outfall_wkt", "排污口", "排放口", "入河排污口"),
    "outfall_lon": ("outfall_lon", "outfall_lo", "outfall_x", "排污口经度", "排放口经度"),
    "outfall_lat": ("outfall_lat", "outfall_la", "outfall_y", "排污口纬度", "排放口纬度"),
}

COORDINATE_ALIASES: Mapping[str, Sequence[str]] = {
    "lon": ("lon", "lng", "long", "longitude", "经度", "东经", "lon_e", "jd", "中心经度"),
    "lat": ("lat", "latitude", "纬度", "北纬", "lat_n", "wd", "中心纬度"),
    "wkt": ("wkt", "geometry", "geom", "the_geom", "wkt_geom", "shape", "几何", "图形", "坐标串"),
    "east": ("east", "easting", "东坐标", "横坐标", "y坐标东", "横坐标y", "东向坐标", "y东", "y坐标东向"),
    "north": ("north", "northing", "北坐标", "纵坐标", "x坐标北", "纵坐标x", "北向坐标", "x北", "x坐标北向"),
    "pair": (
        "经纬度",
        "经纬度坐标",
        "坐标",
        "点坐标",
        "坐标值",
        "拐点坐标",
        "界址点坐标",
        "经度纬度",
        "东经北纬",
        "经度,纬度",
        "经纬",
        "lonlat",
        "lnglat",
        "coordinate",
        "coordinates",
        "coords",
        "xy",
        "xy坐标",
        "坐标xy",
        "位置坐标",
    ),
    "x": ("x", "x坐标", "坐标x", "x值", "x_coord", "coord_x", "point_x", "xcoord"),
    "y": ("y", "y坐标", "坐标y", "y值", "y_coord", "coord_y", "point_y", "ycoord"),
}

# Columns of a table whose rows are the corners of plots.
CORNER_ALIASES: Mapping[str, Sequence[str]] = {
    "point": (
        "点号",
        "拐点",
        "拐点号",
        "拐点编号",
        "拐点序号",
        "界址点",
        "界址点号",
        "界址点编号",
        "界址点序号",
        "点序号",
        "pt_no",
        "point_no",
        "point_id",
        "corner",
        "vertex",
    ),
    "ring": ("圈号", "地块圈号", "环号", "圈", "环", "ring", "ring_no", "ring_id"),
    "part": ("部分", "部分号", "块号", "子块", "子地块", "part", "part_no", "part_id"),
    "kind": ("图形属性", "记录图形属性", "图形类型", "geometry_kind", "kind"),
    "number": ("序号", "编号", "no", "no.", "id", "fid"),
}

_UNITS = {
    "m2": ("m2", "㎡", "平方米", "平米"),
    "ha": ("ha", "hm2", "公顷"),
    "mu": ("亩", "mu"),
}
_UNIT_WORD = re.compile(
    "(?:" + "|".join(sorted((word for words in _UNITS.values() for word in words), key=len, reverse=True)) + r")$"
)


def plain_name(name: str) -> str:
    r"""Return a name folded for comparison.

    Examples
    --------
    >>> plain_name(" Site－ID "), plain_name("经度(°)\n"), plain_name("面积（公顷）")
    ('siteid', '经度', '面积公顷')
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())


def unit_in_name(name: str) -> tuple[str, str | None]:
    """Split an area column's folded name into the name proper and its unit, None if it has none.

    Examples
    --------
    >>> unit_in_name("用地面积(亩)")
    ('用地面积', 'mu')
    >>> unit_in_name("面积"), unit_in_name("declared_area_m2")
    (('面积', None), ('declaredarea', 'm2'))
    """
    plain = plain_name(name)
    found = _UNIT_WORD.search(plain)
    if found is None or found.start() == 0:
        return plain, None
    unit = next(unit for unit, words in _UNITS.items() if found[0] in {plain_name(word) for word in words} | set(words))
    return plain[: found.start()], unit


def find_columns(names: Iterable[str], aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return which of ``names`` carries which meaning; the first matching alias wins.

    Examples
    --------
    >>> find_columns(["序号", "经度", "纬度"], COORDINATE_ALIASES)
    {'lon': '经度', 'lat': '纬度'}
    """
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain_name(name), name)
        if "area" in plain_name(name) or "面积" in name or plain_name(name).endswith("mj"):
            by_plain.setdefault(unit_in_name(name)[0], name)
    found: dict[str, str] = {}
    for meaning, words in aliases.items():
        for word in words:
            if (name_found := by_plain.get(plain_name(word))) is not None and name_found not in found.values():
                found[meaning] = name_found
                break
    return found
