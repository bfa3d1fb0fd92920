"""How far a position may be wrong, and on what that rests."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lianzhou_gis.formats import read_sites
from lianzhou_gis.formats.positions import PositionGround, digit_errors, position_error, written_steps
from lianzhou_gis.geodesy import CGCS2000, gauss_kruger

BOX = shapely.box(112.4376041736, 24.8716388940, 112.4383958263, 24.8723611048)


@pytest.mark.parametrize(("decimals", "metres"), [(2, 555.0), (3, 55.5), (4, 5.55), (5, 4.0), (8, 4.0)])
def test_few_written_decimals_of_degrees_are_an_error(decimals, metres, tmp_path):
    rounded = shapely.transform(BOX, lambda xy: np.round(xy, decimals))
    if decimals == 2:
        rounded = shapely.box(112.42, 24.73, 112.43, 24.74)
    path = tmp_path / "a.wkt"
    path.write_text(rounded.wkt)
    sites = read_sites(path, crs="EPSG:4490")
    assert sites.columns["position_error_m"][0] == pytest.approx(metres)


@pytest.mark.parametrize(
    ("shape", "metres"),
    [
        # Long rectangles and lines between round positions may be meant exactly.
        (shapely.box(112.42, 24.73, 112.62, 24.93), 4.0),
        (shapely.LineString([(112.45, 24.62), (112.45, 25.17)]), 4.0),
        # By rounding to two decimals any plot of a kilometre becomes such a box.
        (shapely.box(112.42, 24.73, 112.43, 24.74), 555.0),
        (shapely.box(112.42, 24.73, 112.43, 24.93), 555.0),
        # Three different values on both axes are no drawing by chance, and a point has nothing else to tell.
        (shapely.Polygon([(112.42, 24.73), (112.44, 24.74), (112.43, 24.76)]), 555.0),
        (shapely.Point(112.42, 24.73), 555.0),
    ],
)
@pytest.mark.parametrize("ending", [".gpkg", None])
def test_round_doubles_show_of_rounding_only_where_nothing_simpler_explains_them(shape, metres, ending, tmp_path):
    frame = gpd.GeoDataFrame({"site_id": ["A"], "width_m": [20.0]}, geometry=[shape], crs="EPSG:4490")
    source = frame
    if ending:
        source = tmp_path / f"a{ending}"
        frame.to_file(source)
    if shape.geom_type == "Point":
        frame["site_id"] = ["A"]
        assert read_sites(source, points="outfall").columns["position_error_m"][0] == pytest.approx(metres)
        return
    assert read_sites(source).columns["position_error_m"][0] == pytest.approx(metres)


def test_one_fine_corner_shows_fine_digits():
    shape = shapely.Polygon([(112.4, 24.8), (112.5, 24.8), (112.5, 24.9), (112.41234567, 24.9)])
    assert written_steps(np.array([shape], dtype=object))[0] <= 1e-6


def test_whole_metres_are_no_error_worth_counting():
    shape = shapely.box(650500, 2746900, 650700, 2747100)
    assert digit_errors(np.array([shape], dtype=object), gauss_kruger(37, prefix=False)).last_digit_m[0] == 0.5


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4546"])
def test_single_precision_is_seen(crs):
    shape = BOX if crs == "EPSG:4490" else shapely.box(644601.231, 2744656.893, 644803.498, 2744880.598)
    single = shapely.transform(shape, lambda xy: xy.astype(np.float32).astype(np.float64))
    system = CGCS2000 if crs == "EPSG:4490" else gauss_kruger(37, prefix=False)
    errors = digit_errors(np.array([shape, single], dtype=object), system)
    assert errors.single_precision_m[0] == 0.0
    # No corner lies further away than this.
    moved = np.abs(shapely.get_coordinates(shape) - shapely.get_coordinates(single)).max()
    assert errors.single_precision_m[1] >= moved * (111_000 if crs == "EPSG:4490" else 1.0) > 0.0


def test_round_numbers_are_not_taken_for_single_precision():
    shapes = np.array([shapely.box(112.5, 24.75, 113.0, 25.0), shapely.box(650500, 2746900, 650700, 2747100)])
    assert digit_errors(shapes, CGCS2000).single_precision_m.tolist() == [0.0, 0.0]


def test_the_largest_ground_counts():
    assert position_error(0.5, 0.0, 0.0, 10.0).metres == 10.0
    assert position_error(20.0, 5.0, 0.4, 10.0).metres == 20.0
    assert set(position_error(np.nan, 0.0, 0.0, 0.0).grounds) == {PositionGround.UNSTATED}


def test_written_zeros_are_digits(tmp_path):
    path = tmp_path / "a.csv"
    corners = [("112.430000", "24.800000"), ("112.440000", "24.800000"), ("112.440000", "24.810000")]
    path.write_text("点号,经度,纬度\n" + "\n".join(f"J{n},{x},{y}" for n, (x, y) in enumerate(corners, 1)))
    sites = read_sites(path, crs="EPSG:4490")
    assert sites.columns["position_error_m"][0] == 4.0
    path.write_text(path.read_text().replace("0000", ""))
    assert read_sites(path, crs="EPSG:4490").columns["position_error_m"][0] == pytest.approx(555.0)


def test_a_declared_accuracy_is_the_least():
    sites = read_sites(BOX, crs="EPSG:4490", accuracy_m=0.3)
    assert sites.columns["position_error_m"][0] == 0.3
    site_id = sites.columns["site_id"][0]
    assert sites.position_errors[site_id].grounds[PositionGround.DECLARED] == 0.3
