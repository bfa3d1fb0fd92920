import numpy as np
import pyproj
import pytest
import shapely

from lianzhou_gis.errors import ReferenceSystemError
from lianzhou_gis.geodesy import (
    LIANZHOU,
    from_cgcs2000,
    gauss_kruger,
    rank_candidates,
    resolve_reference_system,
    system_from_code,
    to_cgcs2000,
)
from lianzhou_gis.geodesy.datums import bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02

ZONES = [(3, zone) for zone in range(25, 46)] + [(6, zone) for zone in range(13, 24)]


@pytest.mark.parametrize(("width", "zone"), ZONES)
@pytest.mark.parametrize("prefix", [True, False])
def test_every_zone_against_its_formula(width, zone, prefix):
    meridian = 3 * zone if width == 3 else 6 * zone - 3
    easting = 500_000 + (zone * 1_000_000 if prefix else 0)
    formula = pyproj.Proj(
        f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k=1 +x_0={easting} +y_0=0 +a=6378137 +rf=298.257222101"
    )
    lon, lat = meridian + 0.7, 24.85
    point = from_cgcs2000([shapely.Point(lon, lat)], gauss_kruger(zone, width=width, prefix=prefix))[0]
    assert (point.x, point.y) == pytest.approx(formula(lon, lat), abs=1e-4)


def test_the_seam_is_one_place_in_all_systems():
    seam = shapely.Point(112.5, 24.9)
    for code in ("EPSG:4525", "EPSG:4526", "EPSG:4546", "EPSG:4547", "EPSG:4497", "EPSG:4508"):
        system = system_from_code(code)
        back = to_cgcs2000(from_cgcs2000([seam], system), system)[0]
        assert back.distance(seam) * 111_000 < 1e-6


def test_zones_that_do_not_exist():
    with pytest.raises(ReferenceSystemError, match="no CGCS2000 3-degree zone 12"):
        gauss_kruger(12)


@pytest.mark.parametrize(
    "name", ["CGCS2000_3_Degree_GK_Zone_37", "EPSG:4525", 4525, pyproj.CRS("EPSG:4525").to_wkt("WKT1_ESRI")]
)
def test_names_of_zone_37(name):
    system, issues = resolve_reference_system(name, bounds=(37640000, 2740000, 37641000, 2741000), region=LIANZHOU)
    assert (system.code, system.datum, issues) == ("EPSG:4525", "cgcs2000", [])


def test_a_missing_system_is_refused_with_candidates():
    with pytest.raises(ReferenceSystemError) as caught:
        resolve_reference_system(None, bounds=(640000, 2740000, 641000, 2741000), region=LIANZHOU, where="a.shp")
    # UTM 49N has the same meridian: the numbers alone cannot decide.
    assert {"EPSG:4546", "EPSG:32649"} == {candidate.code for candidate in caught.value.candidates}
    assert "2 systems would put it into the region" in caught.value.en
    assert "a.shp" in caught.value.zh
    assert "--crs" in caught.value.zh


def test_six_digits_near_the_seam_fit_two_zones():
    # 500 km +- 100 km: without the prefix a place in one zone is a place in the other, 303 km away.
    codes = [candidate.code for candidate in rank_candidates((600000, 2740000, 600000, 2740000), LIANZHOU)]
    assert "EPSG:4546" in codes


def test_an_impossible_system_is_refused():
    with pytest.raises(ReferenceSystemError) as caught:
        resolve_reference_system("EPSG:4526", bounds=(37640000, 2740000, 37641000, 2741000), region=LIANZHOU)
    assert caught.value.candidates[0].code == "EPSG:4525"


def test_an_unknown_name_is_refused():
    with pytest.raises(ReferenceSystemError, match="unknown reference system"):
        resolve_reference_system("zone of my own", where="a.shp")


@pytest.mark.parametrize(
    ("code", "datum"), [("EPSG:2361", "xian80"), ("EPSG:2413", "beijing54"), ("EPSG:4214", "beijing54")]
)
def test_old_datums_are_unreliable(code, datum):
    system, issues = resolve_reference_system(code)
    assert (system.datum, system.reliable, [issue.code for issue in issues]) == (datum, False, ["unreliable_datum"])


def test_other_datums_are_refused():
    with pytest.raises(ReferenceSystemError, match="no known relation"):
        resolve_reference_system("EPSG:4267")


def test_seven_parameters_shift_the_place():
    base = system_from_code("EPSG:2361")
    given = type(base)(base.crs, base.name, base.datum, (-115.0, 100.0, 60.0, 0.1, -0.2, 0.3, 1.5))
    assert given.reliable
    raw = [shapely.Point(37640000, 2740000)]
    plain, shifted = to_cgcs2000(raw, base)[0], to_cgcs2000(raw, given)[0]
    metres = pyproj.Geod(ellps="GRS80").inv(plain.x, plain.y, shifted.x, shifted.y)[2]
    assert 20 < metres < 300
    assert from_cgcs2000([shifted], given)[0].distance(raw[0]) < 0.01  # the height is lost on the way


def test_offset_coordinates_and_back():
    random = np.random.default_rng(7)
    lonlat = random.uniform((112.1, 24.6), (112.8, 25.2), (300, 2))
    metres = np.array([111_320 * np.cos(np.radians(24.9)), 110_800])
    assert (np.abs(gcj02_to_wgs84(wgs84_to_gcj02(lonlat)) - lonlat) * metres).max() < 0.001
    assert (np.abs(bd09_to_gcj02(gcj02_to_bd09(lonlat)) - lonlat) * metres).max() < 0.001
    shift = np.hypot(*((wgs84_to_gcj02(lonlat) - lonlat) * metres).T)
    assert 300 < shift.min() < shift.max() < 900


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_declared_offsets_carry_their_band(datum):
    system, issues = resolve_reference_system(None, datum=datum, bounds=(112.4, 24.8, 112.5, 24.9), region=LIANZHOU)
    assert system.error_band_m > 0
    assert [issue.code for issue in issues] == ["datum_offset"]
    point = shapely.Point(112.45, 24.85)
    assert from_cgcs2000(to_cgcs2000([point], system), system)[0].distance(point) * 111_000 < 0.1
    assert system_from_code(system.code).datum == datum


def test_a_layer_of_the_province_has_its_middle_elsewhere_and_is_no_less_plausible():
    system, _ = resolve_reference_system("EPSG:4490", bounds=(109.6, 20.2, 117.3, 25.5), region=LIANZHOU)
    assert system.datum == "cgcs2000"
    with pytest.raises(ReferenceSystemError):
        resolve_reference_system("EPSG:4490", bounds=(113.4, 20.2, 117.3, 25.5), region=LIANZHOU)
