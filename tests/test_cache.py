"""What is kept is what was loaded; whatever is not whole, not ours or not of this code is made anew."""

import os
from datetime import date

import numpy as np
import pytest
import shapely

from lianzhou_gis import cache as module
from lianzhou_gis.catalog import Catalog
from lianzhou_gis.layers import Cache, load_layers
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.vocabulary import themes

ARRAYS = {"a": np.arange(5, dtype=np.int64), "b": np.array([[1.5, 2.5]]), "c": np.array([True, False])}
KEY = {"content": "x"}


@pytest.fixture
def retained(tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.put("index", KEY, "redline", {"told": "中文"}, ARRAYS)
    return cache


def only(cache):
    (path,) = cache.folder.glob("*.cache")
    return path


def test_what_is_put_comes_back(retained):
    found = retained.get("index", KEY)
    assert found.meta == {"told": "中文"}
    assert all(np.array_equal(found.arrays[name], array) for name, array in ARRAYS.items())
    assert retained.get("index", {"content": "y"}) is None
    assert [(file.kind, file.subject) for file in retained.files()] == [("index", "redline")]


@pytest.mark.parametrize("place", [0, 9, 20, 70, -1, -70])
def test_a_changed_byte_is_never_trusted(retained, place):
    path = only(retained)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert retained.get("index", KEY) is None
    assert not path.exists()


@pytest.mark.parametrize("length", [0, 5, 64, 200])
def test_a_file_cut_short_is_never_trusted(retained, length):
    path = only(retained)
    path.write_bytes(path.read_bytes()[:length])
    assert retained.get("index", KEY) is None


def test_a_whole_file_under_another_name_is_never_trusted(retained):
    retained.put("index", {"content": "other"}, "x", {}, {"a": np.zeros(1)})
    path = retained._path("index", KEY)
    retained._path("index", {"content": "other"}).replace(path)
    assert retained.get("index", KEY) is None


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_a_file_that_others_can_write_is_never_trusted(retained):
    only(retained).chmod(0o666)
    assert retained.get("index", KEY) is None


def test_other_code_trusts_nothing(retained, monkeypatch):
    monkeypatch.setattr(module, "code_fingerprint", lambda rooms: "another")
    assert retained.get("index", KEY) is None


def test_it_is_bounded_and_drops_what_was_not_used_for_longest(tmp_path):
    cache = Cache(tmp_path, limit=25_000)
    for number in range(4):
        cache.put("index", {"n": number}, str(number), {}, {"a": np.zeros(1000)})
        os.utime(cache._path("index", {"n": number}), (number, number))
    assert {file.subject for file in cache.files()} == {"1", "2", "3"}
    assert cache.clear() == 3 and not cache.files()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("x")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put("index", KEY, "x", {}, ARRAYS)
    assert cache.get("index", KEY) is None and cache.files() == []


def reported(layers):
    return (
        [(layer.entry.id, layer.status, layer.sha256) for layer in layers.layers],
        [(gap.reason, gap.zh, gap.zone_id, gap.area and gap.area.wkb) for gap in layers.gaps],
        layers.issues,
    )


def same(one, other):
    assert reported(one) == reported(other)
    for left, right in zip(one.layers, other.layers, strict=True):
        assert left.zones.drop(columns="geometry").equals(right.zones.drop(columns="geometry"))
        assert (left.zones.dtypes == right.zones.dtypes).all()
        assert shapely.equals_identical(list(left.zones["geometry"]), list(right.zones["geometry"])).all()


def test_layers_from_the_cache_are_those_from_the_files(tmp_path):
    catalog, facts = Catalog.open("layers/layers.yaml"), Rulebook.load().facts
    days = [date(2026, 11, 23), date(2026, 3, 14), date(2019, 1, 1)]
    plain = [load_layers(catalog, list(themes()), day, facts=facts) for day in days]
    cache = Cache(tmp_path)
    for _ in range(2):
        for day, expected in zip(days, plain, strict=True):
            same(load_layers(catalog, list(themes()), day, facts=facts, cache=cache), expected)
    assert {file.kind for file in cache.files()} == {"zones"}


def test_a_changed_file_is_read_anew(county, square, tmp_path):
    county.add("ecological_redline", square(112.4, 24.8, 500), grade="general", zone_id="DEMO-A")
    facts, cache, day = Rulebook.load().facts, Cache(tmp_path / "cache"), date(2026, 11, 23)

    def count():
        catalog = Catalog.open(county.write())
        return len(load_layers(catalog, ["ecological_redline"], day, facts=facts, cache=cache).layers[0].zones)

    assert count() == count() == 2
    county.add("ecological_redline", square(112.42, 24.8, 500), grade="general", zone_id="DEMO-B")
    (county.folder / "ecological_redline.gpkg").unlink()
    assert count() == 3


def test_zones_of_other_days_are_reported_of_the_day_that_is_asked(county, square, tmp_path):
    for zone_id, begin in (("DEMO-A", "2026-01-01"), ("DEMO-B", "2026-06-01")):
        shape = square(112.4, 24.8, 500)
        county.add("ecological_redline", shape, grade="general", zone_id=zone_id, valid_from=begin)
    facts, cache = Rulebook.load().facts, Cache(tmp_path / "cache")
    catalog = Catalog.open(county.write())
    days = [date(2026, 7, 1), date(2026, 11, 23), date(2026, 2, 1), date(2026, 2, 2), date(2026, 7, 1)]
    for day in days:
        retained, plain = (
            load_layers(catalog, ["ecological_redline"], day, facts=facts, cache=chosen) for chosen in (cache, None)
        )
        same(retained, plain)


def test_shapes_that_nobody_asks_for_are_not_built(county, square, tmp_path, monkeypatch):
    county.add("ecological_redline", square(112.4, 24.8, 500), grade="general", zone_id="DEMO-A")
    facts, cache, day = Rulebook.load().facts, Cache(tmp_path / "cache"), date(2026, 11, 23)
    catalog = Catalog.open(county.write())
    (read,) = load_layers(catalog, ["ecological_redline"], day, facts=facts, cache=cache).layers
    (retained,) = load_layers(catalog, ["ecological_redline"], day, facts=facts, cache=cache).layers
    built, from_wkb = [], shapely.from_wkb
    monkeypatch.setattr(shapely, "from_wkb", lambda blobs, **more: built.append(len(blobs)) or from_wkb(blobs, **more))
    assert retained.columns["zone_id"].tolist() == read.columns["zone_id"].tolist() and "geometry" in retained.columns
    assert built == []
    assert shapely.equals_identical(retained.columns["geometry"], read.columns["geometry"]).all()
    assert retained.zones["geometry"].tolist() == list(retained.columns["geometry"]) and built == [len(read.columns)]
