"""The boundary files are read again by our own reader, and fields are those of the platform."""

import io
import struct
import zipfile

import pytest
import shapely

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_sites
from lianzhou_gis.reports.boundary import (
    PLATFORM_FIELDS,
    overlap_dxf,
    overlap_shapefile,
    parcel_txt,
    platform_shapefile,
)
from lianzhou_gis.reports.particulars import Particulars
from lianzhou_gis.reports.site_view import RunView, SiteView

CODE = "4418820000001"


@pytest.fixture
def site(run):
    return SiteView(RunView(run), "DEMO-A", Particulars(plot_code=CODE, survey_unit="某调查单位", remarks="示例"))


def dbf_fields(data):
    """Names, types, widths and decimals of a DBF, read by hand."""
    count = (struct.unpack("<H", data[8:10])[0] - 33) // 32
    rows = [data[32 + 32 * number : 64 + 32 * number] for number in range(count)]
    return [(row[:11].split(b"\0")[0].decode(), chr(row[11]), row[16], row[17]) for row in rows]


def test_the_platform_file_has_its_fields_and_is_read_again(site, tmp_path):
    name, content = platform_shapefile(site)
    assert name == f"初步调查{CODE}.zip"
    (tmp_path / name).write_bytes(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stem = f"初步调查{CODE}/初步调查{CODE}"
        assert set(archive.namelist()) == {f"{stem}.{kind}" for kind in ("shp", "shx", "dbf", "prj", "cpg")}
        fields = dbf_fields(archive.read(f"{stem}.dbf"))
        assert archive.read(f"{stem}.cpg") == b"UTF-8"
        assert b"CGCS2000_3_Degree_GK_Zone_37" in archive.read(f"{stem}.prj")
    assert [field[0] for field in fields] == list(PLATFORM_FIELDS)
    assert fields == [
        ("DKMC", "C", 254, 0), ("DKDM", "C", 100, 0), ("XZQDM", "C", 12, 0), ("XZQMC", "C", 100, 0),
        ("YDMJ", "N", 17, 2),
        ("DH", "N", 16, 0), ("SCRQ", "D", 8, 0), ("SCDW", "C", 254, 0), ("BZ", "C", 254, 0),
    ]  # fmt: skip
    again = read_sites(tmp_path / name)
    ours = site.geometry
    shape = again.frame.geometry.iloc[0]
    assert shape.symmetric_difference(ours).area < 1e-6 * ours.area
    assert len(shape.interiors) == 1
    assert again.frame["name"].iloc[0] == "甲项目（示例）"


def test_gbk_is_a_switch_and_texts_are_never_cut(site, run, tmp_path):
    _, content = platform_shapefile(site, encoding="GBK")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = archive.read(next(name for name in archive.namelist() if name.endswith(".dbf")))
    assert "甲项目（示例）".encode("gbk") in data
    long = SiteView(RunView(run), "DEMO-A", Particulars(plot_code=CODE, remarks="字" * 85))
    with pytest.raises(FormatError, match="255 bytes in UTF-8, more than 254"):
        platform_shapefile(long)
    platform_shapefile(long, encoding="GBK")
    rare = SiteView(RunView(run), "DEMO-A", Particulars(plot_code=CODE, remarks="𠮷"))
    with pytest.raises(FormatError, match="cannot be written in GBK"):
        platform_shapefile(rare, encoding="GBK")


def test_a_code_of_thirteen_digits_and_an_area_are_needed(run):
    view = RunView(run)
    with pytest.raises(FormatError, match="not of 13 digits"):
        platform_shapefile(SiteView(view, "DEMO-A", Particulars(plot_code="12")))
    with pytest.raises(FormatError, match="is no area"):
        platform_shapefile(SiteView(view, "DEMO-B", Particulars(plot_code=CODE)))


def test_the_parcel_file_is_read_again(site, tmp_path):
    parcel_txt(site, tmp_path / "a.txt")
    again = read_sites(tmp_path / "a.txt")
    ours = site.geometry
    assert again.frame.geometry.iloc[0].symmetric_difference(ours).area < 1e-4 * ours.area


def test_border_and_overlaps_are_in_one_file(site, tmp_path):
    name, content = overlap_shapefile(site)
    (tmp_path / name).write_bytes(content)
    import geopandas as gpd

    frame = gpd.read_file(tmp_path / name)
    assert frame["LB"].iloc[0] == "红线" and {"生态保护红线", "饮用水水源保护区"} <= set(frame["LB"])
    assert set(frame["BZ"]) == {"内部资料"}
    inside = frame[frame["LB"] == "生态保护红线"].geometry.iloc[0]
    assert shapely.area(shapely.difference(inside, frame.geometry.iloc[0].buffer(0.01))) == 0
    ezdxf = pytest.importorskip("ezdxf")
    drawing = ezdxf.read(io.StringIO(overlap_dxf(site).decode("utf-8")))
    layers = {entity.dxf.layer for entity in drawing.modelspace()}
    assert {"红线", "生态保护红线", "饮用水水源保护区"} <= layers


def test_the_same_site_gives_the_same_bytes(site):
    assert platform_shapefile(site) == platform_shapefile(site)
    assert overlap_shapefile(site) == overlap_shapefile(site)
    pytest.importorskip("ezdxf")
    assert overlap_dxf(site) == overlap_dxf(site)


def test_the_zone_is_that_of_most_corners():
    from lianzhou_gis.reports.annex import corners_of

    east = shapely.Polygon([(112.49, 24.8), (112.52, 24.8), (112.52, 24.81), (112.51, 24.82)])
    corners = corners_of(east)
    assert corners.zone == 38 and corners.split == 2
