"""The edge cases that a planner tests, by their numbers: how sites and zones lie and how their files are written."""

import geopandas as gpd
import openpyxl
import pyproj
import pytest
import shapely

from lianzhou_gis.errors import ReferenceSystemError
from lianzhou_gis.formats import read_sites
from lianzhou_gis.screening import screen

ROUND = {"rel": 5e-5, "abs": 0.05}


def parcel(corners, *, zone=37, prefix=True, area="1.0000", name="地块1"):
    """A parcel TXT of one ring: corners as east (no zone number) and north."""
    listed = [*corners, corners[0]]
    lines = [
        f"J{1 if number == len(listed) else number},1,{north:.3f},{f'{zone}{east:010.3f}' if prefix else f'{east:.3f}'}"
        for number, (east, north) in enumerate(listed, start=1)
    ]
    head = "格式版本号=1.01版本\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n"
    head += f"带号={zone}\n" if zone else "带号=\n"
    return f"[属性描述]\n{head}精度=0.001\n[地块坐标]\n{len(listed)},{area},1,{name},面,,工业用地,,@\n" + "\n".join(
        lines
    )


def in_zone(shape, zone):
    """The corners of a shape in a Gauss-Krueger zone, without its number."""
    to_plane = pyproj.Transformer.from_crs(4490, 4546 if zone == 37 else 4547, always_xy=True)
    return [to_plane.transform(*corner) for corner in shape.exterior.coords[:-1]]


def test_edge_01_a_site_that_touches_a_zone_does_not_take_it(place):
    place.zone("ecological_redline", 50, -50, 150, 50, grade="其他区域", zone_id="DEMO-Z")
    stated = place.screen()
    row = stated.of("DEMO-Z")
    assert (row.relation, row.area_m2, row.distance_m) == ("touch", 0.0, 0.0)
    assert stated.found["redline.adjacent"] == "notice"
    # Depth 0 is within the error of the border: a survey could put the site on the zone.
    assert stated.verdict == "needs_judgement"


def test_edge_02_a_sliver_is_reported_and_never_passes_a_primary_zone(place):
    place.zone("water_source_zone", 49, -400, 400, 400, grade="二级", zone_id="DEMO-Z", accuracy_m=4.0)
    stated = place.screen(wastewater_generated=True, wastewater_route="sewer_out_of_zone")
    assert stated.of("DEMO-Z").doubtful and stated.of("DEMO-Z").area_m2 == pytest.approx(100, **ROUND)
    assert (stated.verdict, stated.worst) == ("needs_judgement", "prohibited")
    assert "重叠深度小于定位误差" in stated.row.label_zh


@pytest.mark.parametrize(
    ("theme", "grade", "rule"),
    [("water_source_zone", "一级", "source.primary_unrelated"), ("ecological_redline", "核心保护区", "redline.core")],
)
def test_edge_02_a_sliver_of_a_strict_zone_retains_its_effect(place, theme, grade, rule):
    place.zone(theme, 49.5, -400, 400, 400, grade=grade, accuracy_m=4.0)
    stated = place.screen()
    assert stated.found[rule] == "prohibited"
    assert stated.verdict == "prohibited"


def test_edge_03_every_list_applies_to_its_part_and_the_parts_make_the_site(place):
    county = place.county
    county.zones["control_unit"].clear()
    county.items.clear()
    for unit, grade, edges in (
        ("DEMO-W", "general", (-30000, -30000, -20, 30000)),
        ("DEMO-E", "key", (-20, -30000, 30000, 30000)),
    ):
        place.zone("control_unit", *edges, grade=grade, zone_id=unit)
        county.item(
            f"DEMO-{grade}", kind="restricted" if grade == "key" else "prohibited", unit_id=unit, industries="G59"
        )
    stated = place.screen()
    parts = stated.overlaps[stated.overlaps["theme"] == "control_unit"]
    assert parts["area_m2"].tolist() == pytest.approx([7000, 3000], **ROUND)
    assert parts["area_m2"].sum() == pytest.approx(stated.row.area_m2, abs=0.02)
    assert parts["share_of_site"].sum() == pytest.approx(1.0, abs=1e-9)
    compared = stated.result.access
    assert dict(zip(compared["item_id"], compared["outcome"], strict=True)) == {
        "DEMO-general": "bears",
        "DEMO-key": "bears",
    }
    assert stated.verdict == "prohibited"


def test_edge_04_the_part_beyond_the_city_is_a_gap_of_each_layer(place):
    place.at = (112.2, 24.9)
    stated = place.screen()
    gaps = stated.result.gaps
    outside = gaps[gaps["reason"] == "outside_coverage"]
    assert len(set(outside["theme"])) == len(place.county.entries)
    # The gap of a rule's setback has no area of its own; the gap of a layer has the part of the site.
    beyond = outside[outside["rule_id"].isna()]
    assert len(beyond) == len(place.county.entries)
    assert set(outside.loc[outside["rule_id"].notna(), "theme"]) <= set(beyond["theme"])
    assert beyond["area_m2"].tolist() == pytest.approx([5000] * len(beyond), **ROUND)
    assert (stated.verdict, stated.worst) == ("not_assessed", "prohibited")


def test_edge_05_one_site_in_two_zones_beside_the_meridian_between_them(place, tmp_path):
    place.at = (112.5, 24.9)
    place.county.add("ecological_redline", place.box(0, -400, 400, 400), grade="其他区域", zone_id="DEMO-Z")
    catalog, found = place.county.write(), []
    for zone in (37, 38):
        path = tmp_path / f"带{zone}.txt"
        path.write_text(parcel(in_zone(place.site, zone), zone=zone), encoding="gbk")
        result = screen(read_sites(path), catalog, facts=place.facts, as_of="2026-11-23")
        (row,) = result.overlaps[result.overlaps["zone_id"] == "DEMO-Z"].itertuples()
        found.append(row.area_m2)
    assert found == pytest.approx([5000, 5000], **ROUND)
    assert found[0] == pytest.approx(found[1], abs=0.2)


def test_edge_05_a_zone_number_that_is_missing_is_never_guessed_and_a_wrong_one_is_no_clearance(place, tmp_path):
    corners = in_zone(place.site, 37)
    path = tmp_path / "无带号.txt"
    path.write_text(parcel(corners, zone=None, prefix=False), encoding="utf-8")
    with pytest.raises(ReferenceSystemError, match="no zone number"):
        read_sites(path)
    path.write_text(parcel(corners, zone=38, prefix=False), encoding="utf-8")
    result = screen(read_sites(path), place.county.write(), facts=place.facts, as_of="2026-11-23")
    (row,) = result.sites.itertuples()
    assert (row.verdict, row.worst_possible) == ("not_assessed", "prohibited")
    assert set(result.gaps["reason"]) == {"outside_coverage"}


def test_edge_06_layers_that_overlap_each_speak_and_no_area_counts_twice(place):
    place.zone("ecological_redline", grade="其他区域", zone_id="DEMO-R1")
    place.zone("ecological_redline", 0, -400, 400, 400, grade="其他区域", zone_id="DEMO-R2")
    place.zone("water_source_zone", grade="二级", zone_id="DEMO-W")
    place.county.zones["control_unit"][0]["grade"] = "priority"
    stated = place.screen(wastewater_generated=True, wastewater_route="sewer_out_of_zone")
    assert {"redline.other_activity", "source.secondary_discharging"} <= set(stated.found)
    assert "control_unit.priority_building" in stated.found
    totals = stated.result.totals
    (red,) = totals[(totals["theme"] == "ecological_redline") & totals["grade"].isna()].itertuples()
    assert red.gross_area_m2 == pytest.approx(15000, **ROUND)
    assert (red.net_area_m2, red.net_share) == (pytest.approx(10000, **ROUND), pytest.approx(1.0, abs=1e-9))
    assert stated.verdict == "prohibited"


@pytest.mark.parametrize("kind", ["line", "corridor"])
def test_edge_09_a_line_by_length_and_corridor(place, kind):
    place.zone("ecological_redline", -10, -400, 400, 400, grade="其他区域", zone_id="DEMO-R")
    line = shapely.LineString([place.moved(*place.at, -50, 0), place.moved(*place.at, 50, 0)])
    facts = {
        "industry_code": "E4812",
        "is_linear": True,
        "limited_activity_class": "c6_new",
        "unavoidable_redline": True,
        "unavoidable_redline_document": "示例函〔2026〕1号，示例机关，2026-01-05",
    }
    columns = {"corridor_width_m": [20.0]} if kind == "corridor" else {}
    stated = place.screen(shape=line, columns=columns, **facts)
    assert stated.found["redline.limited_activity"] == "procedure_required"
    assert ("no_footprint" in stated.gaps) is (kind == "line")
    assert stated.verdict == "procedure_required"
    if kind == "line":
        assert stated.of("DEMO-R").length_m == pytest.approx(60, abs=0.05)
    else:
        # The corridor ends round or flat: half a circle of 10 m at most on top of 60 m x 20 m.
        assert 60 * 20 * 0.999 <= stated.of("DEMO-R").area_m2 <= 60 * 20 + 158


def test_edge_16_a_receptor_is_measured_edge_to_edge_in_metres(place):
    place.zone("receptor", 200, -400, 600, 400, grade="school", zone_id="DEMO-S")
    stated = place.screen(target_use="industrial", soil_risk=True)
    assert stated.of("DEMO-S").distance_m == pytest.approx(150, abs=0.02)
    assert stated.found["receptor.soil_risk_nearby"] == "needs_judgement"
    assert (stated.verdict, stated.worst) == ("needs_judgement", "prohibited")


def test_edge_19_however_a_shape_is_drawn_it_is_the_same_shape(place):
    place.zone("ecological_redline", 0, -400, 400, 400, grade="其他区域", zone_id="DEMO-Z")
    plain = place.site
    hole = place.box(-20, -20, -10, 20)
    touching = place.box(-50, -20, -40, 20)
    corners = list(plain.exterior.coords)
    ways = {
        "other direction": shapely.Polygon(corners[::-1]),
        "a corner twice": shapely.Polygon([corners[0], *corners]),
        "3D": shapely.force_3d(plain, 90.0),
        "two parts": shapely.MultiPolygon([place.box(-50, -50, 10, 50), place.box(10.5, -50, 50, 50)]),
        "a hole": shapely.Polygon(corners, [hole.exterior.coords]),
        "a hole that touches the shell": shapely.Polygon(corners, [touching.exterior.coords]),
    }
    found = {name: place.screen(shape=shape).of("DEMO-Z").area_m2 for name, shape in ways.items()}
    assert found.pop("two parts") == pytest.approx(4950, **ROUND)
    assert found == pytest.approx(dict.fromkeys(found, 5000), **ROUND)


def test_edge_19_a_shape_that_crosses_itself_is_no_clearance(place):
    corners = list(place.site.exterior.coords)
    stated = place.screen(shape=shapely.Polygon([corners[0], corners[2], corners[1], corners[3]]))
    assert stated.gaps == {"invalid_geometry"}
    assert stated.worst == "prohibited"


def test_edge_20_area_units_are_recognised_and_a_small_share_is_no_zero(place, tmp_path):
    corners = in_zone(place.site, 37)
    for written in ("1.0000", "10000", "15.00"):
        path = tmp_path / "单位.txt"
        path.write_text(parcel(corners, area=written), encoding="utf-8")
        sites = read_sites(path)
        assert sites.table["declared_area_m2"][0] == pytest.approx(10_000, abs=1)
        assert ("declared_area_unit" in {issue.code for issue in sites.issues}) is (written != "1.0000")
    place.zone("ecological_redline", 49.9, -400, 400, -49.9, grade="其他区域", zone_id="DEMO-Z")
    row = place.screen().of("DEMO-Z")
    assert row.area_m2 == pytest.approx(0.01, rel=0.05)
    assert 0 < row.share_of_site < 2e-6


def test_edge_23_many_zones_and_sites_at_once(place, square):
    import numpy as np

    county, rng = place.county, np.random.default_rng(1)
    spots = zip(rng.uniform(112.3, 112.6, 4000), rng.uniform(24.7, 25.1, 4000), strict=True)
    zones = [square(lon, lat, 60) for lon, lat in spots]
    for number, shape in enumerate(zones):
        county.add("permanent_basic_farmland", shape, zone_id=f"DEMO-F{number}")
    shapes = [square(112.3 + 0.03 * (n % 10), 24.7 + 0.02 * (n // 10), 800) for n in range(200)]
    ids = [f"DEMO-S{n}" for n in range(200)]
    frame = gpd.GeoDataFrame({"site_id": ids, "accuracy_m": 0.5}, geometry=shapes, crs="EPSG:4490")
    result = county.screen(frame, place.facts)
    touched = result.overlaps[result.overlaps["relation"].isin(["overlap", "within"])]
    found = set(zip(touched["site_id"], touched["zone_id"], strict=True))
    tree = shapely.STRtree(zones)
    expected = {
        (ids[site], f"DEMO-F{zone}") for site, zone in zip(*tree.query(shapes, predicate="intersects"), strict=True)
    }
    assert len(expected) > 300
    assert {pair for pair in found if pair[1].startswith("DEMO-F")} == expected
    hit = {site for site, _ in expected}
    verdicts = dict(zip(result.sites["site_id"], result.sites["verdict"], strict=True))
    assert {site for site, verdict in verdicts.items() if verdict == "prohibited"} == hit


def test_edge_24_a_point_can_hit_and_never_be_clear(place):
    point = shapely.Point(place.at)
    stated = place.screen(shape=point)
    assert (stated.verdict, stated.gaps) == ("not_assessed", {"no_footprint"})
    place.county.entries["water_source_zone"]["path"] = "source.gpkg"
    place.zone("water_source_zone", grade="一级")
    for path in place.county.folder.glob("water_source_zone.gpkg"):
        path.unlink()
    place.county.entries["water_source_zone"]["path"] = "water_source_zone.gpkg"
    stated = place.screen(shape=point)
    assert stated.verdict == "prohibited"
    assert "no_footprint" in stated.gaps


def test_edge_25_chinese_paths_old_encodings_and_workbooks_are_the_same_site(place, tmp_path):
    folder = tmp_path / "连州市 红线（示例）"
    folder.mkdir()
    corners = in_zone(place.site, 37)
    text = folder / "地块 界址点.txt"
    text.write_text(parcel(corners, name="石材厂"), encoding="gbk")
    table = folder / "拐点坐标.csv"
    rows = "".join(f"J{n},{north:.3f},37{east:.3f}\n" for n, (east, north) in enumerate(corners, start=1))
    table.write_text("点号,X,Y\n" + rows, encoding="gb18030")
    book = openpyxl.Workbook()
    book.active.append(["点号", "X", "Y"])
    for n, (east, north) in enumerate(corners, start=1):
        book.active.append([f"J{n}", round(north, 3), round(37e6 + east, 3)])
    book.save(folder / "拐点坐标.xlsx")
    place.zone("ecological_redline", 0, -400, 400, 400, grade="其他区域", zone_id="DEMO-Z")
    catalog, found = place.county.write(), []
    for path in (text, table, folder / "拐点坐标.xlsx"):
        result = screen(read_sites(path, crs="EPSG:4525"), catalog, facts=place.facts, as_of="2026-11-23")
        (row,) = result.overlaps[result.overlaps["zone_id"] == "DEMO-Z"].itertuples()
        found.append(row.area_m2)
    assert found == pytest.approx([5000] * 3, **ROUND)


def test_edge_26_a_site_in_the_hole_of_a_zone_is_outside_it(place):
    ring = shapely.Polygon(
        place.box(-900, -900, 900, 900).exterior.coords, [place.box(-80, -80, 80, 80).exterior.coords]
    )
    place.county.add("ecological_redline", ring, grade="其他区域", zone_id="DEMO-Z")
    stated = place.screen()
    assert stated.of("DEMO-Z").relation == "near"
    assert stated.of("DEMO-Z").distance_m == pytest.approx(30, abs=0.02)
    assert stated.verdict == "no_conflict_found"
    island = shapely.MultiPolygon([ring, place.box(-10, -10, 10, 10)])
    place.county.zones["ecological_redline"][-1]["geometry"] = island
    (place.county.folder / "ecological_redline.gpkg").unlink()
    stated = place.screen()
    assert stated.of("DEMO-Z").area_m2 == pytest.approx(400, **ROUND)
    assert stated.verdict == "prohibited"


def test_edge_27_water_and_land_of_one_source_are_one_source(place):
    place.county.zones["water_source_zone"].clear()
    for part, edges in (("water", (-400, -400, 0, 400)), ("land", (0, -400, 400, 400))):
        place.zone(
            "water_source_zone", *edges, grade="二级", part=part, zone_id=f"DEMO-{part}", source_name="示例水源",
            name="示例水源二级保护区",
        )  # fmt: skip
    place.county.entries["water_source_zone"] |= {"expected_count": 1, "count_by": "source_name"}
    stated = place.screen()
    assert stated.gaps == set()
    assert [stated.of(f"DEMO-{part}").area_m2 for part in ("water", "land")] == pytest.approx([5000, 5000], **ROUND)
    totals = stated.result.totals[stated.result.totals["theme"] == "water_source_zone"]
    (total,) = totals[totals["grade"].isna()].itertuples()
    assert total.net_area_m2 == pytest.approx(10000, **ROUND)
    assert stated.verdict == "procedure_required"


@pytest.mark.parametrize("nested", [True, False])
def test_edge_28_a_primary_zone_in_the_middle_of_a_secondary_one_nested_or_cut_out(place, nested):
    inner, outer = place.box(-200, -200, 0, 200), place.box(-600, -600, 600, 600)
    ring = shapely.Polygon(outer.exterior.coords, [] if nested else [inner.exterior.coords])
    place.county.add("water_source_zone", inner, grade="一级", zone_id="DEMO-1", source_name="示例水源")
    place.county.add("water_source_zone", ring, grade="二级", zone_id="DEMO-2", source_name="示例水源")
    stated = place.screen()
    assert stated.of("DEMO-1").area_m2 == pytest.approx(5000, **ROUND)
    assert stated.of("DEMO-2").area_m2 == pytest.approx(5000, **ROUND)
    (net,) = stated.result.totals[stated.result.totals["grade"] == "secondary"]["net_area_m2"]
    assert net == pytest.approx(5000, **ROUND)
    assert {"source.primary_unrelated", "source.secondary_not_discharging"} <= set(stated.found)
