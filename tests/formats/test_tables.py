"""Tables of coordinates: what their heads say, what their rows are, and where the corners lie."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
import shapely

from lianzhou_gis.errors import FormatError, ReferenceSystemError
from lianzhou_gis.formats import read_features, read_sites
from lianzhou_gis.formats.parse_numbers import packed_degrees
from lianzhou_gis.geodesy import Plane, Region, statutory_area

CORPUS = Path(__file__).parents[1] / "data" / "formats"
SQUARE = [(2746900.0, 650500.0), (2746900.0, 650700.0), (2747100.0, 650700.0), (2747100.0, 650500.0)]


def written(folder, text, name="a.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(points, *before, labels=True):
    return "".join(
        ",".join([*before, *([f"J{number}"] if labels else []), f"{north}", f"{east}"]) + "\n"
        for number, (north, east) in enumerate(points, start=1)
    )


def codes(features):
    return [issue.code for issue in features.issues]


def test_all_ways_to_write_degrees_lead_to_the_same_place():
    names = ["csv-decimal.csv", "csv-dms.csv", "csv-packed-declared.csv", "xlsx-dms-columns.xlsx"]
    found = [read_features(CORPUS / name, crs="EPSG:4490").frame["geometry"][0] for name in names]
    plane = read_features(CORPUS / "csv-x-north.csv", crs="EPSG:4546").frame["geometry"][0]
    for shape in found:
        assert shapely.hausdorff_distance(shapely.normalize(shape), shapely.normalize(plane)) < 1e-7


def test_both_orders_of_x_and_y_lead_to_the_same_place():
    north, east = (read_features(CORPUS / name, crs="EPSG:4546") for name in ("csv-x-north.csv", "csv-x-east.csv"))
    assert shapely.equals(north.frame["geometry"][0], east.frame["geometry"][0])
    assert "axes_by_size" in codes(north) and "axes_by_size" not in codes(east)


def test_rings_inside_rings_are_holes():
    """The golden plot of the parcel TXT: 200 m square with a hole of 50 m, here as a table."""
    frame = read_features(CORPUS / "csv-plots-and-holes.csv", crs="EPSG:4546").frame
    assert frame["地块编号"].tolist() == ["A", "B"]
    areas = statutory_area(frame["geometry"].to_numpy(), Plane())
    assert areas[0] == pytest.approx(37_479.009, abs=0.01)
    assert [len(shapely.get_rings(shape)) for shape in frame["geometry"]] == [2, 1]


def test_plots_by_merged_cells_by_part_by_blank_rows_and_by_restarted_numbers(tmp_path):
    far = [(north + 500, east) for north, east in SQUARE]
    merged = rows(SQUARE[:1], "甲") + rows(SQUARE[1:], "") + rows(far[:1], "乙") + rows(far[1:], "")
    plots = read_features(written(tmp_path, "地块名称,点号,X,Y\n" + merged), crs="EPSG:4546").frame
    assert plots["地块名称"].tolist() == ["甲", "乙"]
    parts = "地块名称,部分,点号,X,Y\n" + rows(SQUARE, "甲", "1") + rows(far, "甲", "2")
    one = read_features(written(tmp_path, parts), crs="EPSG:4546").frame
    assert [shape.geom_type for shape in one["geometry"]] == ["MultiPolygon"]
    blank = read_features(written(tmp_path, "点号,X,Y\n" + rows(SQUARE) + "\n" + rows(far)), crs="EPSG:4546").frame
    assert [shape.geom_type for shape in blank["geometry"]] == ["Polygon", "Polygon"]
    again = read_features(written(tmp_path, "点号,X,Y\n" + rows(SQUARE) + rows(far)), crs="EPSG:4546").frame
    assert [shape.geom_type for shape in again["geometry"]] == ["MultiPolygon"]
    assert shapely.area(Plane().project(again["geometry"].to_numpy()))[0] == pytest.approx(2 * 39_977.6, abs=1)


def test_what_differs_from_corner_to_corner_is_no_column_of_the_plot(tmp_path):
    text = "地块名称,批复文号,点号,X,Y,边长\n" + "".join(
        f"甲,示例1号,J{i},{north},{east},{200 + i}\n" for i, (north, east) in enumerate(SQUARE)
    )
    features = read_features(written(tmp_path, text), crs="EPSG:4546")
    assert set(features.frame.columns) == {"地块名称", "批复文号", "source_row", "geometry"}
    assert "corner_columns_dropped" in codes(features)


def test_remarks_below_a_table_are_no_corners(tmp_path):
    text = "点号,X,Y\n" + rows(SQUARE) + "\n,,\n说明：2000国家大地坐标系,,\n"
    features = read_features(written(tmp_path, text), crs="EPSG:4546")
    # It stands in the column of point numbers, so that it could be a corner without coordinates.
    assert features.frame["geometry"].tolist()[-1] is None or "rows_without_corner" in codes(features)
    text = "地块,点号,X,Y\n" + rows(SQUARE, "甲") + "说明：2000国家大地坐标系,,,\n"
    features = read_features(written(tmp_path, text), crs="EPSG:4546")
    assert "rows_without_corner" in codes(features)
    assert features.frame["geometry"].notna().all()


def test_a_lost_corner_makes_its_plot_unusable_and_no_other(tmp_path):
    text = (
        "地块,点号,X,Y\n"
        + rows(SQUARE[:2], "甲")
        + "甲,J3,27469x0,650600\n"
        + rows(SQUARE[3:], "甲")
        + rows(SQUARE, "乙")
    )
    sites = read_sites(written(tmp_path, text), crs="EPSG:4546")
    assert sorted(sites.frame["geometry_kind"]) == ["none", "polygon"]
    assert {"plot_unusable", "coordinate_unreadable"} <= {issue.code for issue in sites.issues}


def test_rows_with_names_are_points_and_a_point_never_is_clear(tmp_path):
    text = "名称,经度,纬度\n甲,112.4891,24.8271\n乙,112.5,24.9\n"
    sites = read_sites(written(tmp_path, text), crs="EPSG:4490")
    assert sites.frame["geometry_kind"].tolist() == ["point", "point"]
    assert {gap.reason for gap in sites.gaps} == {"no_footprint"}


def test_numbers_that_may_be_packed_are_asked_about():
    with pytest.raises(FormatError, match=r"may be decimal degrees or DDD\.MMSS; let the header state which"):
        read_features(CORPUS / "csv-packed-unsaid.csv", crs="EPSG:4490")


def test_sites_with_numbers_that_may_be_packed_have_both_readings(tmp_path):
    sites = read_sites(written(tmp_path, "名称,经度,纬度\n甲,112.2924,24.4912\n"), crs="EPSG:4490")
    (second,) = sites.second.sites.columns["geometry"]
    assert sites.columns["geometry"][0].coords[0] == pytest.approx((112.2924, 24.4912))
    assert second.coords[0] == pytest.approx((112.49, 24.82))


def test_packed_numbers_that_lie_in_the_region_only_so_are_read_so(tmp_path):
    region = Region("连州市", (112.4, 24.7, 112.6, 25.0))
    sites = read_sites(written(tmp_path, "名称,经度,纬度\n甲,112.2924,24.4912\n"), crs="EPSG:4490", region=region)
    assert sites.columns["geometry"][0].coords[0] == pytest.approx((112.49, 24.82))
    assert sites.second is None and "degrees_packed_by_place" in codes(sites)


def test_a_column_with_minutes_beyond_sixty_is_decimal(tmp_path):
    sites = read_sites(written(tmp_path, "名称,经度,纬度\n甲,112.2924,24.8112\n"), crs="EPSG:4490")
    assert sites.second is None


def test_the_head_is_believed_where_it_states_decimal(tmp_path):
    text = (
        (CORPUS / "csv-packed-unsaid.csv").read_text().replace("经度", "经度(十进制)").replace("纬度", "纬度(十进制)")
    )
    features = read_features(written(tmp_path, text), crs="EPSG:4490")
    assert features.frame["geometry"][0].bounds[0] == pytest.approx(112.29, abs=0.01)


def test_packed_minutes_of_sixty_are_refused(tmp_path):
    text = "点号,经度(度分秒),纬度(度分秒)\nJ1,112.2924,24.4912\nJ2,112.6024,24.4912\nJ3,112.3,24.5\n"
    with pytest.raises(FormatError, match=r"a\.csv:3: minutes or seconds of 112\.6024 reach 60"):
        read_features(written(tmp_path, text), crs="EPSG:4490")


def test_packed_degrees_do_not_carry_over_what_binary_fractions_add():
    minutes = np.arange(60)
    assert np.allclose(packed_degrees(24 + minutes / 100), 24 + minutes / 60, atol=1e-12)
    assert packed_degrees(112.295959999) == pytest.approx(112 + 29 / 60 + 59.59999 / 3600, abs=1e-9)


def test_degrees_are_not_taken_for_metres():
    with pytest.raises(ReferenceSystemError, match="the coordinates are degrees"):
        read_features(CORPUS / "csv-decimal.csv", crs="EPSG:4546")
    with pytest.raises(ReferenceSystemError, match="plane coordinates"):
        read_features(CORPUS / "csv-x-north.csv", crs="EPSG:4490")


def test_two_pairs_of_the_same_name_are_refused(tmp_path):
    text = "点号,2000坐标,,80坐标,\n,X,Y,X,Y\n" + "".join(
        f"J{i},{n},{e},{n + 9},{e + 9}\n" for i, (n, e) in enumerate(SQUARE)
    )
    with pytest.raises(FormatError, match="several columns are x coordinates"):
        read_features(written(tmp_path, text), crs="EPSG:4546")


def test_a_second_pair_is_named(tmp_path):
    text = "点号,经度,纬度,X,Y\n" + "".join(f"J{i},112.48{i}71,24.8271,{n},{e}\n" for i, (n, e) in enumerate(SQUARE))
    features = read_features(written(tmp_path, text), crs="EPSG:4490")
    assert "coordinates_twice" in codes(features)


def test_workbooks_name_formulas_by_cell_and_choose_by_sheet(tmp_path):
    features = read_features(CORPUS / "xlsx-formula.xlsx", crs="EPSG:4546")
    assert "(B3)" in next(issue.en for issue in features.issues if issue.code == "formula_value")
    with pytest.raises(FormatError, match=r"--layer: 旧坐标, 新坐标"):
        read_features(CORPUS / "xlsx-two-sheets.xlsx", crs="EPSG:4546")
    with pytest.raises(FormatError, match=r"no coordinate columns"):
        read_features(CORPUS / "xlsx-two-sheets.xlsx", layer="说明")
    with pytest.raises(FormatError, match=r"no layer 新座标; choose one of 旧坐标, 新坐标, 说明"):
        read_features(CORPUS / "xlsx-two-sheets.xlsx", layer="新座标")


def test_a_workbook_retains_its_numbers_as_numbers(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["名称", "面积（亩）", "经度", "纬度"])
    book.active.append(["甲", 59.97, 112.4891, 24.8271])
    book.save(tmp_path / "a.xlsx")
    frame = read_features(tmp_path / "a.xlsx", crs="EPSG:4490").frame
    assert frame[["名称", "面积（亩）"]].values.tolist() == [["甲", 59.97]]
