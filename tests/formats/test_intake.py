"""What people really have is read as meant, or its true reason is named."""

import json

import openpyxl
import pytest

from lianzhou_gis.errors import FormatError, LianzhouError, ReferenceSystemError
from lianzhou_gis.formats import read_features, read_sites
from lianzhou_gis.geodesy import Region

REGION = Region("连州市", (112.0, 24.4, 112.8, 25.3))
CORNERS = [(112.43, 24.8), (112.432, 24.8), (112.432, 24.802), (112.43, 24.802)]
PLANE = [(2744656.893, 644601.231), (2744659.012, 644803.498), (2744880.598, 644801.174), (2744878.478, 644598.911)]
AREA_M2 = pytest.approx(44_800, rel=2e-4)


def codes(sites):
    return [issue.code for issue in sites.issues]


def workbook(folder, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / "table.xlsx"
    book.save(path)
    return path


def text(folder, content, name="table.csv"):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def one_site(path, **options):
    sites = read_sites(path, region=REGION, **options)
    assert len(sites) == 1
    return sites


@pytest.mark.parametrize(
    "footer",
    [
        ["面积：4.48公顷", None, None],
        [None, "面积（公顷）", 4.48],
        ["合计", None, 4.48],
        ["注：本表坐标由实测得到", None, None],
        ["制表人：张三", None, "2026年11月"],
        ["J1-J2边长见附图", None, None],
    ],
)
def test_rows_below_the_corners_are_no_corners(tmp_path, footer):
    rows = [["点号", "X", "Y"], *([f"J{n}", x, y] for n, (x, y) in enumerate(PLANE, 1)), footer]
    sites = one_site(workbook(tmp_path, rows), crs="EPSG:4546")
    assert sites.columns["area_m2"][0] == AREA_M2 and "rows_without_corner" in codes(sites)


@pytest.mark.parametrize("label", ["J4", "4", 4, "界址点4"])
def test_a_corner_without_coordinates_is_lost_and_its_plot_with_it(tmp_path, label):
    rows = [["点号", "X", "Y"], *([f"J{n}", x, y] for n, (x, y) in enumerate(PLANE[:3], 1)), [label, None, None]]
    sites = one_site(workbook(tmp_path, rows), crs="EPSG:4546")
    assert "plot_unusable" in codes(sites) and sites.columns["geometry"][0] is None


def test_sums_and_repeated_heads_part_the_plots(tmp_path):
    shifted = [(x + 400, y) for x, y in PLANE]
    rows = [["点号", "X", "Y"]]
    for plot in (PLANE, shifted):
        rows += [*([f"J{n}", x, y] for n, (x, y) in enumerate(plot, 1)), ["面积：4.48公顷", None, None]]
        rows += [["点号", "X", "Y"]]
    sites = read_sites(workbook(tmp_path, rows), crs="EPSG:4546", region=REGION)
    assert sites.columns["area_m2"].tolist() == [AREA_M2, AREA_M2]


@pytest.mark.parametrize(
    "form",
    [
        "东经{d}°{m}′{s}″",
        "{d}º{m}'{s}''",
        "{d}-{m}-{s}",
        "{d}:{m}:{s}",
        "{d} {m} {s}",
        "{d}度{m}分{s}秒",
        "{d}°{m}＇{s}＂",
        "{d}°{m}’{s}”",
    ],
)
def test_degrees_as_people_write_them(tmp_path, form):
    def dms(value):
        seconds = round(value * 3600, 3)
        return form.format(d=int(seconds // 3600), m=int(seconds % 3600 // 60), s=f"{seconds % 60:.3f}")

    lines = [f'J{n},"{dms(x)}","{dms(y)}"' for n, (x, y) in enumerate(CORNERS, 1)]
    sites = one_site(text(tmp_path, "点号,经度,纬度\n" + "\n".join(lines)), crs="EPSG:4490")
    assert sites.columns["area_m2"][0] == AREA_M2


def test_sixty_seconds_are_carried_with_an_issue(tmp_path):
    lines = ["J1,112°25′60″,24°48′0″", "J2,112°26′7″,24°48′0″", "J3,112°26′7″,24°48′7″"]
    features = read_features(text(tmp_path, "点号,经度,纬度\n" + "\n".join(lines)), crs="EPSG:4490")
    assert features.frame.geometry[0].bounds[0] == pytest.approx(112 + 26 / 60)
    assert "sixty_carried" in [issue.code for issue in features.issues]


@pytest.mark.parametrize("title", ["经纬度", "坐标", "拐点坐标(经度,纬度)", "coordinates"])
@pytest.mark.parametrize("form", ["{},{}", "{}，{}", "{} {}", "({}; {})", "东经{}，北纬{}"])
def test_both_coordinates_in_one_cell(tmp_path, title, form):
    rows = [["点号", title], *([n, form.format(*corner)] for n, corner in enumerate(CORNERS, 1))]
    sites = one_site(workbook(tmp_path, rows), crs="EPSG:4490")
    assert sites.columns["area_m2"][0] == AREA_M2


def test_a_title_over_two_columns_is_no_pair(tmp_path):
    rows = [["点号", "坐标", None], [None, "X", "Y"], *([f"J{n}", x, y] for n, (x, y) in enumerate(PLANE, 1))]
    assert one_site(workbook(tmp_path, rows), crs="EPSG:4546").columns["area_m2"][0] == AREA_M2


@pytest.mark.parametrize(
    "stated",
    ["坐标系：2000国家大地坐标系，中央子午线111°", "CGCS2000 3度带 第37带", "坐标系 EPSG:4546"],
)
@pytest.mark.parametrize("below", [True, False])
def test_a_reference_system_written_in_a_cell(tmp_path, stated, below):
    table = [["点号", "X", "Y"], *([f"J{n}", x, y] for n, (x, y) in enumerate(PLANE, 1))]
    rows = [*table, [stated, None, None]] if below else [[stated, None, None], *table]
    sites = one_site(workbook(tmp_path, rows))
    assert sites.columns["survey_crs"][0] == "EPSG:4546" and "crs_in_sheet" in codes(sites)


def test_two_reference_systems_in_a_sheet_are_asked_about(tmp_path):
    rows = [["由1980西安坐标系转换至2000国家大地坐标系", None, None], ["点号", "X", "Y"]]
    rows += [[f"J{n}", x, y] for n, (x, y) in enumerate(PLANE, 1)]
    with pytest.raises(ReferenceSystemError, match="names several reference systems"):
        read_sites(workbook(tmp_path, rows), region=REGION)


@pytest.mark.parametrize(("flag", "datum"), [("g", "gcj02"), ("b", "bd09")])
def test_flags_of_a_map_program_name_the_datum(tmp_path, flag, datum):
    content = "\n".join(f"{flag} {x:.8f} {y:.8f}" for x, y in CORNERS)
    sites = one_site(text(tmp_path, content, "plot.txt"))
    assert sites.columns["datum"][0] == datum and "datum_by_maker" in codes(sites)
    assert sites.columns["position_error_m"][0] >= 10.0


def test_mixed_flags_are_refused(tmp_path):
    with pytest.raises(FormatError, match="different datum flags"):
        read_sites(text(tmp_path, "g 112.43 24.8\nb 112.44 24.8\ng 112.44 24.81\n", "plot.txt"))


RING = [list(corner) for corner in CORNERS]
OPEN = {
    "geojson": json.dumps({"type": "Polygon", "coordinates": [RING]}),
    "kml": "<kml><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>"
    + " ".join(f"{x},{y}" for x, y in RING)
    + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>",
    "wkt": "SRID=4490;POLYGON ((" + ", ".join(f"{x} {y}" for x, y in RING) + "))",
    "csv": 'wkt\n"SRID=4490;POLYGON ((' + ", ".join(f"{x} {y}" for x, y in RING) + '))"\n',
}


@pytest.mark.parametrize("suffix", OPEN)
def test_open_rings_are_closed_alike_in_every_format(tmp_path, suffix):
    sites = one_site(text(tmp_path, OPEN[suffix], f"plot.{suffix}"))
    assert sites.columns["area_m2"][0] == AREA_M2 and "ring_not_closed" in codes(sites)


@pytest.mark.parametrize("suffix", ["geojson", "kml", "wkt"])
@pytest.mark.parametrize("gap", [2e-8, -2e-8])
def test_a_closing_point_within_a_centimetre_closes_the_ring(tmp_path, suffix, gap):
    first = f"{RING[0][0]}"
    ring = [*RING, [RING[0][0] + gap, RING[0][1] + gap]]
    content = {
        "geojson": json.dumps({"type": "Polygon", "coordinates": [ring]}),
        "kml": OPEN["kml"].replace("</coordinates>", f" {ring[-1][0]:.9f},{ring[-1][1]:.9f}</coordinates>"),
        "wkt": OPEN["wkt"].replace("))", f", {ring[-1][0]:.9f} {ring[-1][1]:.9f}))"),
    }[suffix]
    assert first in content
    sites = one_site(text(tmp_path, content, f"plot.{suffix}"))
    assert sites.columns["area_m2"][0] == AREA_M2 and not sites.gaps
    assert len(sites.columns["geometry"][0].exterior.coords) in (5, 6) and sites.columns["geometry"][0].is_valid


@pytest.mark.parametrize("gap", [0.001, 0.009])
def test_a_parcel_text_that_closes_within_its_precision(parcels, gap):
    lines = parcels.ring(parcels.outer, 1)
    lines[-1] = f"J1,1,2746900.000,{37650500 + gap:.3f}"
    sites = read_sites(parcels.write(parcels.text(parcels.plot(lines))))
    assert not sites.gaps and "closing_point_snapped" in codes(sites)
    assert len(sites.columns["geometry"][0].exterior.coords) == 5


@pytest.mark.parametrize("tag", ["MultiGeometry", "MultiPolygon"])
def test_several_polygons_and_a_label_in_one_placemark(tmp_path, tag):
    polygon = OPEN["kml"].split("<Placemark>")[1].split("</Placemark>")[0]
    label = "<Point><coordinates>112.431,24.801</coordinates></Point>"
    content = f"<kml><Placemark><{tag}>{label}{polygon}</{tag}></Placemark></kml>"
    sites = one_site(text(tmp_path, content, "plot.kml"))
    assert sites.columns["area_m2"][0] == AREA_M2 and "members_inside_dropped" in codes(sites)


def test_a_line_beside_the_area_of_a_collection_is_not_dropped(tmp_path):
    shapes = [
        {"type": "Polygon", "coordinates": [[*RING, RING[0]]]},
        {"type": "LineString", "coordinates": [[112.43, 24.8], [112.44, 24.9]]},
    ]
    content = json.dumps({"type": "GeometryCollection", "geometries": shapes})
    sites = one_site(text(tmp_path, content, "plot.geojson"))
    assert {gap.reason for gap in sites.gaps} >= {"invalid_geometry"}


def test_an_empty_member_is_dropped_and_the_rest_screened(tmp_path):
    content = json.dumps({"type": "MultiPolygon", "coordinates": [[[*RING, RING[0]]], []]})
    sites = one_site(text(tmp_path, content, "plot.geojson"))
    assert sites.columns["area_m2"][0] == AREA_M2 and "empty_part_dropped" in codes(sites)


def test_a_file_by_a_maker_of_offset_coordinates_is_read_so(tmp_path):
    plain = one_site(text(tmp_path, OPEN["kml"], "a.kml"), datum="gcj02")
    named = one_site(text(tmp_path, OPEN["kml"], "a.ovkml"))
    assert named.columns["datum"][0] == "gcj02" and named.second is None
    assert named.columns["geometry"][0].equals_exact(plain.columns["geometry"][0], 0.0)


def test_a_standard_datum_has_a_second_reading_until_it_is_declared(tmp_path):
    path = text(tmp_path, OPEN["geojson"], "a.geojson")
    sites = one_site(path)
    moved = sites.second.sites.columns["geometry"][0]
    assert 300 < 111_000 * moved.centroid.distance(sites.columns["geometry"][0].centroid) < 900
    for datum in ("wgs84", "cgcs2000", "gcj02"):
        assert one_site(path, datum=datum).second is None


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ('{"type": "Point", "type": "Polygon", "coordinates": [112.4, 24.8]}', "the key type stands twice"),
        (
            '{"type": "Point", "coordinates": [112.4, 24.8], "crs": {"type": "link", "properties": {"href": "x"}}}',
            "a link, which is not followed",
        ),
    ],
)
def test_what_json_hides_is_refused(tmp_path, content, match):
    with pytest.raises(LianzhouError, match=match):
        read_sites(text(tmp_path, content, "a.geojson"))


def test_widths_and_outfalls_are_taken_as_options():
    line = "LINESTRING (112.43 24.8, 112.44 24.8)"
    plain = read_sites(line, crs="EPSG:4490")
    assert "--corridor-width" in plain.gaps[0].detail["zh"]
    assert not read_sites(line, crs="EPSG:4490", corridor_width_m=12.0).gaps
    point = "POINT (112.43 24.8)"
    assert "outfall_lon" in read_sites(point, crs="EPSG:4490").gaps[0].detail["en"]
    outfall = read_sites(point, crs="EPSG:4490", points="outfall")
    assert outfall.columns["outfall"][0] is not None and outfall.columns["geometry"][0] is None
    with pytest.raises(FormatError, match="corridor_width_m"):
        read_sites(line, crs="EPSG:4490", corridor_width_m=-1.0)


LONLAT = """[属性描述]
坐标系=2000国家大地坐标系
计量单位={unit}
[地块坐标]
4,,1,地块1,面,,,,@
J1,1,25.07202,112.21402
J2,1,25.07202,112.21472
J3,1,25.07272,112.21472
J4,1,25.07272,112.21402
"""


@pytest.mark.parametrize(
    ("unit", "lon", "readings"), [("度", 112.21402, 1), ("度分秒", 112.361167, 1), ("", 112.21402, 2)]
)
def test_packed_degrees_of_a_parcel_text(tmp_path, unit, lon, readings):
    sites = one_site(text(tmp_path, LONLAT.format(unit=unit), "a.txt"))
    assert sites.columns["geometry"][0].bounds[0] == pytest.approx(lon, abs=1e-6)
    assert (sites.second is not None) == (readings == 2)
    if sites.second is not None:
        assert sites.second.sites.columns["geometry"][0].bounds[0] == pytest.approx(112.361167, abs=1e-6)


def test_a_standard_error_is_doubled(tmp_path):
    lines = [f"{x},{y},0.3" for x, y in CORNERS[:1]]
    sites = read_sites(
        text(tmp_path, "经度,纬度,点位中误差\n112.43000001,24.80000001,3\n" + "".join(lines[1:])), crs="EPSG:4490"
    )
    assert sites.columns["accuracy_m"][0] == 6.0 and sites.columns["position_error_m"][0] == 6.0
