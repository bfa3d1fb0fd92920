"""Relations, areas, shares, lengths and distances, against independent methods."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay import overlay_layers

GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)
PLANE = Plane()
NEAR = {"karst_strong": 1000.0, "water_source_zone": 1000.0, "control_unit": 1000.0, "ecological_redline": 1000.0}


def ragged(lon, lat, radius, count, random):
    """A star-shaped polygon with a ragged border: valid however ragged."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = radius * (1 + 0.35 * np.clip(np.cumsum(random.standard_normal(count)) / np.sqrt(count), -0.9, 0.9))
    return shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)]))


@pytest.fixture(scope="module")
def crowd():
    """Large ragged zones across both sides of 112.5 E, and many sites."""
    random = np.random.default_rng(7)
    zones = [ragged(112.2 + 0.5 * random.random(), 24.7 + 0.4 * random.random(), 0.03, 3000, random) for _ in range(40)]
    sites = [ragged(112.2 + 0.5 * random.random(), 24.7 + 0.4 * random.random(), 0.003, 40, random) for _ in range(300)]
    sites += [shapely.box(112.3, 24.8 + k / 100, 112.6, 24.8002 + k / 100) for k in range(5)]
    return np.array(sites, dtype=object), np.array(zones, dtype=object)


def geodesic_area(shape):
    """The area by geodesics along edges of at most 250 m."""
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(shape, 250 / 111_000))[0])


def test_areas_agree_with_geopandas_in_the_plane(crowd, make_sites, make_layer):
    sites, zones = crowd
    measured = overlay_layers(make_sites(sites), [make_layer("karst_strong", zones)], PLANE, near_m=NEAR)
    ours = measured.overlaps[measured.overlaps["area_m2"] > 0].set_index(["site_id", "zone_id"])["area_m2"]
    left = gpd.GeoDataFrame({"site_id": make_sites(sites)["site_id"]}, geometry=PLANE.project(sites))
    right = gpd.GeoDataFrame({"zone_id": [f"Z{k:04d}" for k in range(len(zones))]}, geometry=PLANE.project(zones))
    theirs = gpd.overlay(left, right, keep_geom_type=True)
    theirs = theirs.assign(area=theirs.area).groupby(["site_id", "zone_id"])["area"].sum()
    assert len(ours) > 150
    both = pd.concat([ours, theirs], axis=1).fillna(0.0)
    difference = (both["area_m2"] - both["area"]).abs()
    assert (difference <= np.maximum(1e-6 * both["area"], 1e-3)).all()


def test_areas_agree_with_geodesics(crowd, make_sites, make_layer):
    sites, zones = crowd
    measured = overlay_layers(make_sites(sites), [make_layer("karst_strong", zones)], PLANE, near_m=NEAR)
    rows = measured.overlaps[measured.overlaps["area_m2"] > 1.0].head(60)
    for row in rows.itertuples():
        assert row.area_m2 == pytest.approx(geodesic_area(row.geometry), rel=1e-6, abs=1e-3)


def test_the_parts_of_a_partition_sum_to_the_site(make_sites, make_layer):
    cells = [
        shapely.box(112.4 + i / 50, 24.8 + j / 50, 112.42 + i / 50, 24.82 + j / 50) for i in range(4) for j in range(4)
    ]
    site = ragged(112.44, 24.84, 0.025, 500, np.random.default_rng(3))
    layer = make_layer("control_unit", cells, shapely.box(112.4, 24.8, 112.48, 24.88), grade=["general"] * 16)
    measured = overlay_layers(make_sites([site]), [layer], PLANE, near_m=NEAR)
    whole = measured.overlaps["share_of_site"].sum()
    assert whole == pytest.approx(1.0, abs=1e-9)
    (total,) = measured.totals[measured.totals["grade"].isna()].itertuples()
    assert total.net_area_m2 == pytest.approx(total.gross_area_m2, rel=1e-9)
    assert not len(measured.remainder)
    assert measured.within_themes == {("S0000", "control_unit")}


def test_overlapping_zones_never_make_more_than_the_site(make_sites, make_layer):
    site, zone = shapely.box(112.4, 24.8, 112.41, 24.81), shapely.box(112.39, 24.79, 112.405, 24.82)
    measured = overlay_layers(make_sites([site]), [make_layer("karst_strong", [zone, zone])], PLANE, near_m=NEAR)
    (total,) = measured.totals.itertuples()
    assert total.gross_area_m2 == pytest.approx(2 * total.net_area_m2, rel=1e-9)
    assert total.net_share == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("nested", [True, False])
def test_stricter_grades_cut_milder_ones_of_the_same_source(make_sites, make_layer, nested):
    inner, outer = shapely.box(112.40, 24.80, 112.41, 24.81), shapely.box(112.39, 24.79, 112.43, 24.82)
    mild = outer if nested else outer.difference(inner)
    layer = make_layer("water_source_zone", [inner, mild], grade=["primary", "secondary"], source_name=["甲", "甲"])
    measured = overlay_layers(make_sites([shapely.box(112.405, 24.80, 112.42, 24.81)]), [layer], PLANE, near_m=NEAR)
    share = dict(zip(measured.overlaps["grade"], measured.overlaps["share_of_site"], strict=True))
    assert share["primary"] == pytest.approx(1 / 3, rel=1e-6)
    assert share["secondary"] == pytest.approx(2 / 3, rel=1e-6)


def test_zones_of_another_source_are_not_cut(make_sites, make_layer):
    inner, outer = shapely.box(112.40, 24.80, 112.41, 24.81), shapely.box(112.39, 24.79, 112.43, 24.82)
    layer = make_layer("water_source_zone", [inner, outer], grade=["primary", "secondary"], source_name=["甲", "乙"])
    measured = overlay_layers(make_sites([inner]), [layer], PLANE, near_m=NEAR)
    assert sorted(measured.overlaps["relation"]) == ["within", "within"]


def test_relations(make_sites, make_layer):
    zone = shapely.box(112.40, 24.80, 112.42, 24.82)
    sites = {
        "within": shapely.box(112.405, 24.805, 112.41, 24.81),
        "overlap": shapely.box(112.415, 24.805, 112.425, 24.81),
        "touch": shapely.box(112.42, 24.805, 112.425, 24.81),
        "near": shapely.box(112.4205, 24.805, 112.425, 24.81),
    }
    measured = overlay_layers(make_sites(sites.values()), [make_layer("karst_strong", [zone])], PLANE, near_m=NEAR)
    assert list(measured.overlaps["relation"]) == list(sites)
    apart = overlay_layers(
        make_sites([shapely.box(112.5, 24.9, 112.51, 24.91)]), [make_layer("karst_strong", [zone])], PLANE, near_m=NEAR
    )
    assert not len(apart.overlaps)
    (row,) = apart.nearest.itertuples()
    assert row.nearest_m == pytest.approx(GEOD.inv(112.42, 24.82, 112.5, 24.9)[2], rel=1e-5)


def test_a_site_cut_from_the_zone_itself_is_within(make_sites, make_layer):
    random = np.random.default_rng(5)
    zone = ragged(112.45, 24.85, 0.03, 4000, random)
    parts = [zone.intersection(shapely.box(112.43 + k / 200, 24.8, 112.435 + k / 200, 24.9)) for k in range(8)]
    parts = [part for part in parts if not part.is_empty]
    measured = overlay_layers(make_sites(parts), [make_layer("karst_strong", [zone])], PLANE, near_m=NEAR)
    assert set(measured.overlaps["relation"]) == {"within"}


def test_a_narrow_road_across_a_zone_is_no_error_of_borders(make_sites, make_layer):
    zone = shapely.box(112.40, 24.80, 112.42, 24.82)
    road = shapely.LineString([(112.39, 24.81), (112.43, 24.81)])
    sliver = shapely.box(112.42 - 1e-5, 24.805, 112.43, 24.81)
    sites = make_sites([road, sliver], corridor_width_m=[3.0, np.nan], accuracy_m=[4.0, 4.0])
    measured = overlay_layers(sites, [make_layer("karst_strong", [zone], accuracy_m=[4.0])], PLANE, near_m=NEAR)
    doubtful = dict(zip(measured.overlaps["site_id"], measured.overlaps["doubtful"], strict=True))
    assert doubtful == {"S0000": False, "S0001": True}
    corridor = measured.overlaps.set_index("site_id").loc["S0000"]
    length = GEOD.inv(112.40, 24.81, 112.42, 24.81)[2]
    assert corridor["area_m2"] == pytest.approx(3.0 * length, rel=1e-4)


def test_lines_without_width_are_measured_along(make_sites, make_layer):
    zone = shapely.box(112.40, 24.80, 112.42, 24.82)
    road = shapely.LineString([(112.39, 24.81), (112.43, 24.81)])
    measured = overlay_layers(make_sites([road]), [make_layer("karst_strong", [zone])], PLANE, near_m=NEAR)
    (row,) = measured.overlaps.itertuples()
    assert (row.relation, row.area_m2) == ("overlap", 0.0)
    # A parallel is a little longer than the geodesic of its ends.
    assert row.length_m == pytest.approx(GEOD.inv(112.40, 24.81, 112.42, 24.81)[2], abs=0.01)


def test_points_and_outfalls(make_sites, make_layer):
    zone = shapely.box(112.40, 24.80, 112.42, 24.82)
    sites = make_sites([shapely.Point(112.41, 24.81), shapely.box(112.5, 24.9, 112.501, 24.901)])
    sites["outfall"] = pd.Series([None, shapely.Point(112.415, 24.815)], dtype=object)
    measured = overlay_layers(sites, [make_layer("karst_strong", [zone])], PLANE, near_m=NEAR)
    found = {(row.site_id, row.subject): row.relation for row in measured.overlaps.itertuples()}
    assert found == {("S0000", "footprint"): "within", ("S0001", "outfall"): "within"}


def test_distances_agree_with_brute_force(make_sites, make_layer):
    random = np.random.default_rng(11)
    zone = ragged(112.45, 24.9, 0.02, 400, random)
    border = shapely.get_coordinates(shapely.segmentize(zone.exterior, 0.5 / 111_000))
    for lon, lat in ((112.48, 24.9), (112.45, 24.935), (112.40, 24.88), (112.32, 24.99)):
        site = shapely.box(lon, lat, lon + 1e-7, lat + 1e-7)
        measured = overlay_layers(
            make_sites([site]), [make_layer("karst_strong", [zone])], PLANE, near_m=dict.fromkeys(NEAR, 20_000.0)
        )
        metres = GEOD.inv(np.full(len(border), lon), np.full(len(border), lat), *border.T)[2].min()
        (row,) = measured.overlaps.itertuples()
        assert row.distance_m == pytest.approx(metres, rel=1e-5, abs=0.02)


def test_a_hole_is_not_the_zone(make_sites, make_layer):
    zone = shapely.box(112.40, 24.80, 112.42, 24.82).difference(shapely.box(112.405, 24.805, 112.415, 24.815))
    measured = overlay_layers(
        make_sites([shapely.box(112.408, 24.808, 112.41, 24.81)]),
        [make_layer("karst_strong", [zone])],
        PLANE,
        near_m=NEAR,
    )
    (row,) = measured.overlaps.itertuples()
    assert row.relation == "near"


def test_the_order_of_sites_does_not_matter(crowd, make_sites, make_layer):
    sites, zones = crowd
    frame, layer = make_sites(sites[:80]), make_layer("karst_strong", zones)
    one = overlay_layers(frame, [layer], PLANE, near_m=NEAR)
    other = overlay_layers(frame.iloc[::-1].reset_index(drop=True), [layer], PLANE, near_m=NEAR)
    pd.testing.assert_frame_equal(one.overlaps.drop(columns="geometry"), other.overlaps.drop(columns="geometry"))
    assert shapely.equals_exact(one.overlaps["geometry"].dropna(), other.overlaps["geometry"].dropna()).all()


def test_an_absent_site_has_no_rows(make_sites, make_layer):
    measured = overlay_layers(
        make_sites([None]), [make_layer("karst_strong", [shapely.box(112.4, 24.8, 112.5, 24.9)])], PLANE, near_m=NEAR
    )
    assert not len(measured.overlaps) and not len(measured.nearest) and not len(measured.remainder)
