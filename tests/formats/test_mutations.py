"""Whatever becomes of the bytes of a file: a reader reads it, or raises one of the errors of the package."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianzhou_gis.errors import Issue, LianzhouError
from lianzhou_gis.formats import read_features, read_sites

CORPUS = Path(__file__).parents[1] / "data" / "formats"
NAMES = [
    "csv-plots-and-holes.csv",
    "csv-dms.csv",
    "csv-wkt.csv",
    "dxf-gbk.dxf",
    "flatgeobuf-plain.fgb",
    "geojson-plain.geojson",
    "geopackage-plain.gpkg",
    "geoparquet-plain.parquet",
    "kml-gbk.kml",
    "txt-plain.txt",
    "wkb-plain.wkb",
    "wkt-srid.wkt",
    "shapefile-gbk-no-cpg.zip",
    "filegdb-coded-values.gdb.zip",
    "kmz-plain.kmz",
    "xlsx-merged-head.xlsx",
]
PATCHES = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.sampled_from(
        [b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f", b"(" * 200, b"[" * 2000, b"1e999", b"nan"]
    ),
)
CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(["over", "insert", "remove", "end"]), PATCHES),
    min_size=1,
    max_size=6,
)


def changed(content, changes):
    data = bytearray(content)
    for where, how, patch in changes:
        place = int(where * len(data))
        if how == "over":
            data[place : place + len(patch)] = patch
        elif how == "insert":
            data[place:place] = patch
        elif how == "remove":
            del data[place : place + 4 * len(patch)]
        else:
            del data[max(place, 1) :]
    return bytes(data)


def mutated(name, member, changes):
    """The bytes of a file, or of an archive with one of its members changed."""
    content = (CORPUS / name).read_bytes()
    if not name.endswith((".zip", ".kmz", ".xlsx")):
        return changed(content, changes)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    chosen = int(member * len(entries))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, (title, data) in enumerate(entries):
            archive.writestr(title, changed(data, changes) if number == chosen else data)
    return stream.getvalue()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(member=st.floats(0, 1, exclude_max=True), changes=CHANGES, as_sites=st.booleans())
def test_only_errors_of_the_package_come_out(tmp_path_factory, name, member, changes, as_sites):
    path = tmp_path_factory.mktemp("mutated") / name
    path.write_bytes(mutated(name, member, changes))
    tables = name.endswith((".csv", ".wkb", ".dxf", ".xlsx"))
    crs = ("EPSG:4490" if "dms" in name or "wkt" in name or "wkb" in name else "EPSG:4546") if tables else None
    try:
        got = (read_sites if as_sites else read_features)(path, crs=crs)
    except LianzhouError as error:
        assert "\n" not in error.zh + error.en and str(path.parent) not in error.zh + error.en
        return
    assert all(isinstance(issue, Issue) for issue in got.issues)
    shapes = [shape for shape in got.frame["geometry"] if shape is not None]
    assert all(abs(x) <= 180 and abs(y) <= 90 for shape in shapes for x, y in [shape.bounds[:2], shape.bounds[2:]])


@given(
    content=st.binary(max_size=300), name=st.sampled_from(["a.gpkg", "a.shp", "a.zip", "a.dxf", "a.xlsx", "a.unknown"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_any_bytes_under_any_name(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("bytes") / name
    path.write_bytes(content)
    with pytest.raises(LianzhouError):
        read_sites(path)
