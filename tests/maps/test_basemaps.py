"""Basemaps: only when asked for, only out of the file, named as offset where they are."""

import gzip
import json
import sqlite3
import struct

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds

from lianzhou_gis.errors import FormatError, ReferenceSystemError
from lianzhou_gis.maps import basemap, map_page, page, payload, with_basemap
from lianzhou_gis.maps.tile_files import _range, _tile_id

BOUNDS = [[24.7, 112.3], [24.9, 112.6]]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63b8b1f100000490024b5e1b8f2b"
    "0000000049454e44ae426082"
)


def varints(values):
    for value in values:
        while value > 127:
            yield value & 127 | 128
            value >>= 7
        yield value


@pytest.fixture
def mbtiles(tmp_path):
    def write(name="ground.mbtiles", content=PNG, **metadata):
        path = tmp_path / name
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
            database.execute("CREATE TABLE metadata (name, value)")
            database.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
            for zoom in (9, 10):
                for column in range(1 << zoom) if zoom < 3 else _range(BOUNDS, zoom)[0]:
                    for row in _range(BOUNDS, zoom)[1]:
                        place = (zoom, column, (1 << zoom) - 1 - row, content)
                        database.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", place)
        database.close()
        return path

    return write


@pytest.fixture
def pmtiles(tmp_path):
    places = sorted(
        _tile_id((zoom, column, row))
        for zoom in (9, 10)
        for column in _range(BOUNDS, zoom)[0]
        for row in _range(BOUNDS, zoom)[1]
    )
    steps = np.diff([0, *places]).tolist()
    count = len(places)
    directory = [count, *steps, *[1] * count, *[len(PNG)] * count, *[1] * count]
    root, meta = gzip.compress(bytes(varints(directory))), gzip.compress(json.dumps({"attribution": "示例"}).encode())
    at = 127
    numbers = [at, len(root), at + len(root), len(meta), 0, 0, at + len(root) + len(meta), len(PNG), count, count, 1]
    head = struct.pack("<7sB11QBBBBBB", b"PMTiles", 3, *numbers, 1, 2, 1, 2, 9, 10).ljust(127, b"\0")
    path = tmp_path / "ground.pmtiles"
    path.write_bytes(head + root + meta + PNG)
    return path


def geotiff(path, *, crs="EPSG:4490", bounds=(112.2, 24.6, 112.7, 25.0)):
    data = np.linspace(80, 1700, 100 * 80).reshape(1, 80, 100).astype("int16")
    place = from_bounds(*bounds, 100, 80)
    with rasterio.open(
        path, "w", driver="GTiff", width=100, height=80, count=1, dtype="int16", crs=crs, transform=place
    ) as target:
        target.write(data)
    return path


def test_without_one_nothing_is_asked_of_anyone(run):
    assert payload(run)["basemap"] is None
    assert "tianditu" not in map_page(run).split("</head>")[0]


def test_tianditu_needs_the_users_own_key(run):
    with pytest.raises(FormatError, match="--key"):
        basemap("tianditu", BOUNDS)
    with pytest.raises(FormatError, match="letters and digits"):
        basemap("tianditu", BOUNDS, key="a&b=c;'<")
    html = page(with_basemap(payload(run), basemap("tianditu", BOUNDS, key="0123456789abcdef")))
    policy = html.split("Content-Security-Policy")[1].split(">")[0]
    assert "img-src data: https://*.tianditu.gov.cn;" in policy
    assert "connect-src" not in policy and "天地图" in html


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles"])
def test_tiles_are_put_into_the_page(kind, mbtiles, pmtiles):
    found = basemap(str(mbtiles() if kind == "mbtiles" else pmtiles), BOUNDS)
    assert found["zooms"] == [9, 10]
    columns, rows = _range(BOUNDS, 10)
    assert {f"10/{column}/{row}" for column in columns for row in rows} <= set(found["tiles"])
    assert all(tile.startswith("data:image/png;base64,") for tile in found["tiles"].values())


def test_offset_tiles_are_named(mbtiles):
    assert "GCJ-02" in basemap(str(mbtiles(attribution="© 高德地图")), BOUNDS)["credit"]
    assert "GCJ-02" in basemap(str(mbtiles("b.mbtiles")), BOUNDS, gcj02=True)["credit"]
    assert "GCJ-02" not in basemap(str(mbtiles("c.mbtiles")), BOUNDS)["credit"]


def test_what_is_no_basemap_is_refused(tmp_path, mbtiles):
    (tmp_path / "x.mbtiles").write_bytes(b"no database at all" * 100)
    (tmp_path / "x.pmtiles").write_bytes(b"PMTiles\x02" + b"\0" * 200)
    (tmp_path / "x.tif").write_bytes(b"nothing")
    (tmp_path / "x.jpg").write_bytes(b"nothing")
    for name in ("x.mbtiles", "x.pmtiles", "x.tif", "x.jpg"):
        with pytest.raises(FormatError, match=name):
            basemap(str(tmp_path / name), BOUNDS)
    with pytest.raises(FormatError, match="vector"):
        basemap(str(mbtiles("v.mbtiles", gzip.compress(b"pbf"))), BOUNDS)
    with pytest.raises(FormatError, match="no tiles in the area of the map"):
        basemap(str(mbtiles("f.mbtiles")), [[10.0, 100.0], [10.1, 100.1]])
    with pytest.raises(ReferenceSystemError):
        basemap(str(geotiff(tmp_path / "n.tif", crs=None)), BOUNDS)
    with pytest.raises(FormatError, match="does not cover"):
        basemap(str(geotiff(tmp_path / "far.tif", bounds=(100, 30, 101, 31))), BOUNDS)


@pytest.mark.browser
def test_a_picture_lies_under_the_zones_without_a_request(run, tmp_path, visit):
    base = basemap(str(geotiff(tmp_path / "dem.tif")), payload(run)["bounds"])
    opened = visit(page(with_basemap(payload(run), base)))
    picture = opened.page.locator(".leaflet-lz-base-pane img")
    assert picture.count() == 1
    assert picture.evaluate("(image) => image.naturalWidth") > 500
    assert "底图：dem.tif" in opened.page.locator(".lz-source").inner_text()
    assert opened.quiet


@pytest.mark.browser
def test_tiles_are_drawn_at_every_zoom(run, pmtiles, visit):
    opened = visit(page(with_basemap(payload(run), basemap(str(pmtiles), BOUNDS))))
    shown = opened.page.locator(".leaflet-lz-base-pane img[src^='data:image/png']")
    assert shown.count() > 0
    assert opened.quiet
