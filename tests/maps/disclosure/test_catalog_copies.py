"""A layer that is not public stays so under another name: its file, its bytes, its borders, in part or drawn anew."""

import shutil

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lianzhou_gis.errors import DisclosureError
from lianzhou_gis.maps.disclosure import open_source, publish, read_profile
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


def test_a_common_stretch_of_border_is_no_copy(alias):
    def beside(zones):
        east = shapely.box(PLACES[0][0] + 0.01, 24, 114, 26)
        return [natural(112.32, 24.8, 2500, 52) - zones[0] - east]

    assert alias(beside).is_dir()
