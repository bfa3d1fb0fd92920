"""The parcel coordinate TXT with its traps."""

import pytest
import shapely

from lianzhou_gis.errors import FormatError, ReferenceSystemError
from lianzhou_gis.formats import read_sites

LIANZHOU = "2746925.429"


def codes(sites):
    return {issue.code for issue in sites.issues}


def area(sites, row=0):
    return sites.frame["statutory_area_m2"][row]


def test_golden_areas(parcels):
    sites = read_sites(parcels.write(parcels.golden()))
    assert area(sites) == pytest.approx(37_479.009, abs=0.001)
    assert sites.frame["declared_area_m2"][0] == pytest.approx(37_479.0)
    assert list(sites.frame[["site_id", "name", "survey_crs"]].iloc[0]) == ["1", "地块1", "EPSG:4525"]
    outer = read_sites(parcels.write(parcels.text(parcels.plot(parcels.ring(parcels.outer, 1), area="3.9978"))))
    assert area(outer) == pytest.approx(39_977.61, abs=0.005)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_and_line_ends(parcels, encoding, ending):
    sites = read_sites(parcels.write(parcels.golden().replace("\n", ending), encoding))
    assert sites.frame["name"][0] == "地块1"
    assert area(sites) == pytest.approx(37_479.009, abs=0.001)


def test_ring_two_outside_ring_one_is_a_part_and_not_a_hole(parcels):
    apart = [(x + 1000, y) for x, y in parcels.inner]
    lines = parcels.ring(parcels.outer, 1) + parcels.ring(apart, 2, 5)
    sites = read_sites(parcels.write(parcels.text(parcels.plot(lines, area="4.2476"))))
    assert sites.frame.geometry[0].geom_type == "MultiPolygon"
    assert area(sites) == pytest.approx(39_977.61 + 2_498.6, abs=0.5)


def test_numbering_that_restarts_in_every_ring(parcels):
    lines = parcels.ring(parcels.outer, 1) + parcels.ring(parcels.inner, 2, 1)
    assert area(read_sites(parcels.write(parcels.text(parcels.plot(lines))))) == pytest.approx(37_479.009, abs=0.001)


def test_missing_closing_point(parcels):
    lines = parcels.ring(parcels.outer, 1, closed=False)
    sites = read_sites(parcels.write(parcels.text(parcels.plot(lines, area="3.9978"))))
    assert area(sites) == pytest.approx(39_977.61, abs=0.005)
    assert any("clos" in code for code in codes(sites)), codes(sites)


def test_swapped_columns_are_reported_by_their_numbers(parcels):
    swapped = [(y, x) for x, y in parcels.outer]
    sites = read_sites(parcels.write(parcels.text(parcels.plot(parcels.ring(swapped, 1), area="3.9978"))))
    assert area(sites) == pytest.approx(39_977.61, abs=0.005)
    assert sites.frame.geometry[0].centroid.y == pytest.approx(24.82, abs=0.01)
    assert codes(sites)


def test_the_prefix_wins_over_the_zone_of_the_header(parcels):
    sites = read_sites(parcels.write(parcels.golden().replace("带号=37", "带号=38")))
    assert sites.frame["survey_crs"][0] == "EPSG:4525"
    assert "warning" in {issue.severity for issue in sites.issues}


def test_without_prefix_the_header_names_the_zone(parcels):
    bare = [(x, y - 37_000_000) for x, y in parcels.outer]
    for zone, code in ((37, "EPSG:4546"), (38, "EPSG:4547")):
        path = parcels.write(parcels.text(parcels.plot(parcels.ring(bare, 1), area="3.9978"), zone=zone))
        if zone == 37:
            assert read_sites(path).frame["survey_crs"][0] == code


def test_neither_prefix_nor_zone_is_refused_and_never_guessed(parcels):
    bare = [(x, y - 37_000_000) for x, y in parcels.outer]
    path = parcels.write(parcels.text(parcels.plot(parcels.ring(bare, 1)), zone=""))
    with pytest.raises(ReferenceSystemError, match=r"plots\.txt") as refused:
        read_sites(path)
    assert {candidate.code for candidate in refused.value.candidates} >= {"EPSG:4546"}


def test_mixed_zones_in_one_file(parcels):
    other = [(2746925.429, 38347186.612), (2747125.429, 38347186.612), (2747125.429, 38347386.612)]
    lines = parcels.plot(parcels.ring(parcels.outer, 1), area="3.9978")
    more = parcels.plot(parcels.ring(other, 1), area="2.0", header="{count},{area},2,地块2,面,,,,@")
    sites = read_sites(parcels.write(parcels.text(lines, more)))
    assert list(sites.frame["survey_crs"]) == ["EPSG:4525", "EPSG:4526"]
    assert "systems_mixed" in codes(sites)
    assert shapely.distance(*sites.frame.geometry) < 0.01


@pytest.mark.parametrize(
    "header",
    [
        "{count},{area},1,地块1,面,,,@",
        "{count},{area},1,地块1,面,,工业用地,,@",
        "{count},{area},1,地块1,面,图幅,工业用地,地类,甲,乙,丙,@",
        "{count}， {area}，1，地块1，面，，工业用地，，@",
        "{count},{area}公顷,1,地块1,面,,工业用地,,@",
    ],
)
def test_forms_of_the_header(parcels, header):
    lines = parcels.plot(parcels.ring(parcels.outer, 1), area="3.9978", header=header)
    sites = read_sites(parcels.write(parcels.text(lines)))
    assert sites.frame["name"][0] == "地块1"
    assert sites.frame["declared_area_m2"][0] == pytest.approx(39_978.0)


def test_full_width_punctuation_spaces_and_trailing_commas(parcels):
    text = parcels.golden().replace("J2,1,", "Ｊ２， 1 ，").replace("37650500.000\nJ2", "37650500.000,\nJ2")
    assert area(read_sites(parcels.write(text))) == pytest.approx(37_479.009, abs=0.001)


def test_wrong_number_of_points_is_stated(parcels):
    sites = read_sites(
        parcels.write(parcels.text(parcels.plot(parcels.ring(parcels.outer, 1), count=17, area="3.9978")))
    )
    assert area(sites) == pytest.approx(39_977.61, abs=0.005)
    assert any("17" in issue.zh for issue in sites.issues)


@pytest.mark.parametrize("declared", ["39977.6", "59.97"])
def test_an_area_in_another_unit_is_recognised(parcels, declared):
    sites = read_sites(parcels.write(parcels.text(parcels.plot(parcels.ring(parcels.outer, 1), area=declared))))
    assert sites.frame["declared_area_m2"][0] == pytest.approx(39_980, abs=5)
    assert "declared_area_unit" in codes(sites)


def test_a_declared_area_that_does_not_fit_is_stated(parcels):
    sites = read_sites(parcels.write(parcels.text(parcels.plot(parcels.ring(parcels.outer, 1), area="3.5"))))
    assert "declared_area_differs" in codes(sites)


def test_old_datum_without_parameters_is_a_gap(parcels):
    sites = read_sites(parcels.write(parcels.golden().replace("2000国家大地坐标系", "1980西安坐标系")))
    assert [gap.reason.value for gap in sites.gaps] == ["unreliable_datum"]


def test_old_datum_with_parameters_is_moved(parcels):
    text = parcels.golden().replace("2000国家大地坐标系", "1980西安坐标系")
    moved = read_sites(parcels.write(text.replace("转换参数=,,,,,,", "转换参数=100,0,0,0,0,0,0")))
    assert not moved.gaps
    still = read_sites(parcels.write(text))
    assert 50 < shapely.distance(moved.frame.geometry[0].centroid, still.frame.geometry[0].centroid) * 111_000 < 150


@pytest.mark.parametrize("text", ["", "hello\n", "[属性描述]\n坐标系=2000国家大地坐标系\n", "\x00\x01\x02"])
def test_what_is_no_such_file_is_refused(parcels, text):
    with pytest.raises((FormatError, ReferenceSystemError), match=r"plots\.txt"):
        read_sites(parcels.write(text))


def test_a_plot_without_points_never_reads_as_a_site(parcels):
    sites = read_sites(
        parcels.write(parcels.text(parcels.plot([], count=4), parcels.plot(parcels.ring(parcels.outer, 1))))
    )
    assert "invalid_geometry" in {gap.reason.value for gap in sites.gaps}
