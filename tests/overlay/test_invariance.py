"""How the work is cut, ordered and shared out changes nothing of what comes out."""

from functools import lru_cache, partial

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import lianzhou_gis as lg
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay import LayerIndex, overlay_sites, quadtree, shape_index, site_overlay
from lianzhou_gis.overlay.subdivide import Tiles, split_geometries

PLANE = Plane()
NEAR = {"karst_strong": 800.0, "control_unit": 0.0}
SAID = ["site_id", "layer_id", "zone_id", "subject", "relation", "doubtful"]
MEASURES = ["area_m2", "share_of_site", "share_of_zone", "distance_m"]


def ragged(lon, lat, radius, count, random, holes=0):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = radius * (1 + 0.35 * np.clip(np.cumsum(random.standard_normal(count)) / np.sqrt(count), -0.9, 0.9))
    shell = shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)]))
    rings = [shapely.Point(lon + 0.1 * radius * k, lat).buffer(0.03 * radius, quad_segs=4) for k in range(holes)]
    return shell.difference(shapely.union_all(rings)) if rings else shell


@lru_cache(maxsize=4)
def world(seed):
    """Sites of every shape over ragged zones with holes and over units that fill their coverage."""
    random = np.random.default_rng(seed)

    def place():
        return 112.30 + 0.2 * random.random(), 24.80 + 0.15 * random.random()

    zones = [ragged(*place(), 0.02, int(random.integers(8, 2500)), random, holes=5) for _ in range(12)]
    units = [
        shapely.box(112.3 + 0.05 * i, 24.8 + 0.05 * j, 112.35 + 0.05 * i, 24.85 + 0.05 * j)
        for i in range(4)
        for j in range(3)
    ]
    sites = [ragged(*place(), 10 ** random.uniform(-4, -2.2), int(random.integers(4, 80)), random) for _ in range(50)]
    # What follows a zone's border, what is a unit, what touches, a corridor, several parts, a line, a point, nothing.
    sites += [zone.intersection(shapely.box(112.35, 24.8, 112.42, 24.95)) for zone in zones[:4]]
    sites += [units[5], shapely.box(112.29, 24.81, 112.30, 24.82), shapely.box(112.28, 24.87, 112.53, 24.8702)]
    sites += [shapely.union_all(sites[:3]), shapely.LineString([place(), place()]), shapely.Point(place()), None]
    return [None if shape is None or shape.is_empty else shape for shape in sites], zones, units


def measured(make_sites, make_layer, seed, *, order=None, zone_order=None, threads=1):
    sites, zones, units = world(seed)
    retained = np.arange(len(zones)) if zone_order is None else np.array(zone_order)
    frame = make_sites(sites)
    karst = make_layer("karst_strong", [zones[k] for k in retained], zone_id=[f"Z{k:04d}" for k in retained])
    coverage = shapely.union_all(units)
    unit = make_layer("control_unit", units, coverage, grade=["general"] * len(units))
    object.__setattr__(unit.entry, "id", "units")
    index = LayerIndex.build([karst, unit], PLANE)
    frame = frame if order is None else frame.iloc[order].reset_index(drop=True)
    return overlay_sites(frame, index, near_m=NEAR, setback_m={"karst_strong": 500.0}, threads=threads)


def tables(result):
    return [result.overlaps, result.totals, result.remainder, result.margins]


def assert_same(one, other):
    for left, right in zip(tables(one), tables(other), strict=True):
        if "geometry" in left:
            assert [shape and shape.wkb for shape in left["geometry"]] == [
                shape and shape.wkb for shape in right["geometry"]
            ]
        pd.testing.assert_frame_equal(
            left.drop(columns="geometry", errors="ignore"), right.drop(columns="geometry", errors="ignore")
        )
    assert one.within_themes == other.within_themes


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 3), st.sampled_from([1, 5, 17]), st.sampled_from([1, 2, 4]), st.randoms(use_true_random=False))
def test_chunks_threads_and_the_order_of_sites_change_no_bit(make_sites, make_layer, seed, chunk, threads, random):
    order = list(range(len(world(seed)[0])))
    random.shuffle(order)
    whole = measured(make_sites, make_layer, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_overlay, "_CHUNK", chunk)
        parts = measured(make_sites, make_layer, seed, order=order, threads=threads)
    assert_same(whole, parts)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 3), st.sampled_from([16, 64, 1024, 10**9]))
def test_subdividing_changes_no_relation(make_sites, make_layer, seed, most):
    def tiled(shapes):
        return Tiles.build(*split_geometries(shapes, max_vertices=most))

    usual = measured(make_sites, make_layer, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape_index, "tile_geometries", tiled)
        patch.setattr(quadtree, "_MAX_VERTICES", most)
        other = measured(make_sites, make_layer, seed)
    pd.testing.assert_frame_equal(usual.overlaps[SAID], other.overlaps[SAID])
    near = partial(np.allclose, rtol=1e-9, atol=1e-5, equal_nan=True)
    for name in MEASURES:
        assert near(usual.overlaps[name].astype(float), other.overlaps[name].astype(float)), name
    assert near(usual.totals["net_area_m2"], other.totals["net_area_m2"])
    assert near(usual.remainder["area_m2"], other.remainder["area_m2"])
    assert usual.within_themes == other.within_themes


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 3), st.permutations(range(12)))
def test_the_order_of_zones_changes_no_bit(make_sites, make_layer, seed, zone_order):
    usual = measured(make_sites, make_layer, seed)
    other = measured(make_sites, make_layer, seed, zone_order=zone_order)
    pd.testing.assert_frame_equal(usual.overlaps[SAID], other.overlaps[SAID])
    for name in MEASURES:
        assert np.allclose(usual.overlaps[name], other.overlaps[name], rtol=1e-9, atol=1e-6, equal_nan=True)
    assert usual.within_themes == other.within_themes


@pytest.fixture(scope="module")
def screener():
    return lg.Screener.prepare("layers/layers.yaml", as_of="2026-11-23")


def stated(result, ids):
    assessment = result.assessment
    found = [
        (item.finding_id, item.effect, item.worst, item.doubtful, item.relation, item.area_m2, item.distance_m)
        for item in assessment.finding_records
        if item.site_id in ids
    ]
    gaps = [(gap.site_id, gap.reason, gap.rule_id, gap.area_m2) for gap in assessment.gap_records if gap.site_id in ids]
    return found, gaps, {site_id: assessment.answers[site_id] for site_id in ids}


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60), st.sampled_from([1, 3]))
def test_who_is_beside_a_site_changes_no_verdict(screener, county_sites, random, count, threads):
    """Some sites in any order, in chunks and on threads: each is told what it is told among all."""
    whole = screener.screen(county_sites, threads=1)
    ids = list(county_sites["site_id"])
    random.shuffle(ids)
    chosen = ids[:count]
    some = county_sites.set_index("site_id").loc[chosen].reset_index()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_overlay, "_CHUNK", 7)
        part = screener.screen(some.set_geometry("geometry", crs="EPSG:4490"), threads=threads)
    assert stated(part, chosen) == stated(whole, chosen)
