"""A layer that is not public stays so under another name: its file, its bytes, its borders, in part or drawn anew."""

import shutil

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity

from lianzhou_gis.errors import DisclosureError
from lianzhou_gis.maps.disclosure import open_source, publish, read_profile
from lianzhou_gis.maps.disclosure.border_match import BorderRaster, dense_borders, match, zone_samples
from tests.maps.disclosure.conftest import M, natural, profile_file

EXACT = {"accuracy_m": 1, "as_published": {"document": "粤府函〔2020〕1号", "date": "2020-01-01"}}
PLACES = [(112.3, 24.8), (112.4, 24.9), (112.6, 25.0), (112.65, 24.75)]


@pytest.fixture
def alias(filled, tmp_path):
    """Publish the source zones beside a redline whose zones are given."""
    secret = [natural(*place, 1500, seed + 30) for seed, place in enumerate(PLACES)]

    def go(shapes, *, exact=True, show="shapes", spoil=None, crs=None):
        filled.zones["ecological_redline"] = []
        for shape in secret:
            filled.add("ecological_redline", shape, grade="general", name="红线图斑")
        filled.zones["water_source_zone"] = []
        for number, shape in enumerate(shapes(secret)):
            filled.add("water_source_zone", shape, grade="secondary", zone_id=f"V{number}", name=f"第{number}区")
        catalog = filled.write()
        if spoil:
            spoil(catalog.parent)
        layer = {"id": "water_source_zone", "columns": ["name"], "show": show} | (EXACT if exact else {})
        profile = read_profile(profile_file(tmp_path, layers=[layer]))
        confirmed = ["water_source_zone"] if exact else []
        publish(open_source(catalog, as_of="2026-11-23"), profile, tmp_path / "public", exact=confirmed)
        return tmp_path / "public"

    return go


def turned(shape):
    """The same area from another corner, the other way round, with corners between."""
    ring = shapely.get_coordinates(shapely.segmentize(shape, 0.0003))[:-1]
    ring = np.roll(ring, len(ring) // 3, axis=0)[::-1]
    return shapely.Polygon(ring)


def rough(shape):
    """The same area, every corner moved by some metres."""
    ring = shapely.get_coordinates(shape)[:-1]
    return shapely.buffer(shapely.Polygon(ring + np.random.default_rng(0).normal(0, 4, ring.shape) / M), 0)


WAYS = {
    "as it is": lambda zones: zones,
    "some of its zones": lambda zones: zones[1:2],
    "from another corner": lambda zones: [turned(zone) for zone in zones],
    "roughly": lambda zones: [rough(zone) for zone in zones],
    "simplified": lambda zones: [shapely.simplify(zone, 0.00005) for zone in zones],
    "cut in two": lambda zones: [
        zone & half
        for zone, (lon, lat) in zip(zones, PLACES, strict=True)
        for half in (shapely.box(lon - 1, lat - 1, lon, lat + 1), shapely.box(lon, lat - 1, lon + 1, lat + 1))
    ],
    "among others": lambda zones: [natural(112.5, 24.7, 1500, 50), natural(112.35, 25.1, 1500, 51), zones[0]],
}


@pytest.mark.parametrize("way", WAYS)
def test_exact_borders_of_a_restricted_layer(way, alias):
    with pytest.raises(DisclosureError, match="run along those of layer ecological_redline"):
        alias(WAYS[way])


def moved(zones, east_m, north_m):
    return [shapely.affinity.translate(zone, *(np.array([east_m, north_m]) / M)) for zone in zones]


def flat(change):
    """Apply a change in metres to each zone."""
    return lambda zones: [
        shapely.transform(change(shapely.transform(zone, lambda xy: xy * M)), lambda xy: xy / M) for zone in zones
    ]


def halves(zones):
    return [
        part
        for zone in zones
        for middle in [shapely.centroid(zone)]
        for side in (-1, 1)
        for part in [
            zone
            & shapely.box(min(middle.x, middle.x + side), middle.y - 1, max(middle.x, middle.x + side), middle.y + 1)
        ]
    ]


ALTERED = {
    "shifted by 20 m": lambda zones: moved(zones, 14, -14),
    "shifted by 120 m": lambda zones: moved(zones, -100, 66),
    "shifted by 200 m": lambda zones: moved(zones, 0, 200),
    "by the offset of web maps": lambda zones: moved(zones, 480, -260),
    "buffered by 10 m": flat(lambda zone: shapely.buffer(zone, 10)),
    "buffered by 60 m": flat(lambda zone: shapely.buffer(zone, 60)),
    "buffered by 150 m": flat(lambda zone: shapely.buffer(zone, 150)),
    "shrunk by 30 m": flat(lambda zone: shapely.buffer(zone, -30)),
    "simplified to 30 m": flat(lambda zone: shapely.simplify(zone, 30)),
    "turned by half a degree": flat(lambda zone: shapely.affinity.rotate(zone, 0.5)),
    "enlarged by a hundredth": flat(lambda zone: shapely.affinity.scale(zone, 1.01, 1.01)),
    "on a grid of 20 m": flat(
        lambda zone: shapely.buffer(
            shapely.transform(shapely.segmentize(zone, 40), lambda xy: np.round(xy / 20) * 20), 0
        )
    ),
    "shifted and buffered": lambda zones: moved(flat(lambda zone: shapely.buffer(zone, 20))(zones), 80, -90),
    "cut in two": halves,
    "cut in two and shifted": lambda zones: moved(halves(zones), 80, -90),
    "as one": lambda zones: [shapely.union_all(zones)],
    "every other": lambda zones: moved(zones[::2], 60, 60),
}


@pytest.mark.parametrize("exact", [False, True], ids=["generalised", "exact"])
@pytest.mark.parametrize("way", ALTERED)
def test_an_altered_copy(way, exact, alias):
    with pytest.raises(DisclosureError, match="layer water_source_zone run along those of layer ecological_redline"):
        alias(ALTERED[way], exact=exact)


@pytest.mark.parametrize("show", ["shapes", "list"])
def test_a_whole_copy_is_no_list_either(show, alias):
    with pytest.raises(DisclosureError, match="run along those of layer ecological_redline"):
        alias(WAYS["roughly"], exact=False, show=show)


def test_the_same_bytes_under_another_name(alias):
    def copy(folder):
        shutil.copy(folder / "ecological_redline.gpkg", folder / "water_source_zone.gpkg")

    with pytest.raises(DisclosureError, match="same file as layer ecological_redline"):
        alias(lambda zones: [natural(112.5, 24.7, 1500, 50)], exact=False, spoil=copy)


def test_the_same_path(alias, filled):
    filled.entries["water_source_zone"]["path"] = "ecological_redline.gpkg"
    with pytest.raises(DisclosureError, match="same file as layer ecological_redline"):
        alias(lambda zones: [natural(112.5, 24.7, 1500, 50)], exact=False)


def test_a_copy_in_another_reference_system(alias, filled):
    def project(folder):
        path = folder / "water_source_zone.gpkg"
        frame = gpd.read_file(path).to_crs(4526)
        path.unlink()
        frame.to_file(path, layer="water_source_zone")

    with pytest.raises(DisclosureError, match="run along those of layer ecological_redline"):
        alias(WAYS["as it is"], spoil=project)


def test_zones_of_their_own_are_published(alias):
    folder = alias(lambda zones: [natural(112.5, 24.7, 1500, 50), natural(112.35, 25.1, 1500, 51)])
    assert (folder / "data" / "water_source_zone.geojson").is_file()


def test_zones_beside_the_same_river_are_no_copies(alias):
    """Each lies along one bank, and goes its own way from there."""

    def beyond(zones):
        banks = [shapely.box(lon - 0.05, lat, lon + 0.05, lat + 0.05) for lon, lat in PLACES]
        own = [natural(lon + 0.002, lat, 1900, 60 + number) for number, (lon, lat) in enumerate(PLACES)]
        return [(zone - bank) - other for zone, bank, other in zip(own, banks, zones, strict=True)]

    assert alias(beyond, exact=False, show="list").is_dir()


def test_collapsed_zones_are_compared_as_what_is_left_of_them():
    point = shapely.Polygon([(5, 5)] * 4)
    square = shapely.MultiPolygon([point, shapely.box(0, 0, 300, 300)])
    shapes = np.array([point, square, shapely.Point(900, 900), shapely.LineString([(0, 0), (0, 50)])], dtype=object)
    xy, number = dense_borders(shapes, 25.0)
    assert set(number.tolist()) == {1, 2, 3} and len(xy[number == 1]) == 49
    found = match(zone_samples(shapes), BorderRaster.from_shapes(shapes))
    assert found.lengths.tolist() == [1200.0, 1.0, 50.0] and found.shares.min() == 1.0


def test_neighbours_are_no_copies(alias):
    """Towns whose borders are in part those of the restricted zones."""

    def around(zones):
        frames = [shapely.box(lon - 0.04, lat - 0.03, lon + 0.05, lat + 0.04) for lon, lat in PLACES]
        return [
            natural(lon, lat, 3600, 80 + number) - zone if number else frames[0] - zone
            for number, ((lon, lat), zone) in enumerate(zip(PLACES, zones, strict=True))
        ]

    assert alias(around, exact=False, show="list").is_dir()


def test_a_common_stretch_of_border_is_no_copy(alias):
    def beside(zones):
        east = shapely.box(PLACES[0][0] + 0.01, 24, 114, 26)
        return [natural(112.32, 24.8, 2500, 52) - zones[0] - east]

    assert alias(beside).is_dir()
