"""What becomes of the shapes of a layer before sites are laid over it, up to the verdict."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.geodesy import Plane, StudyArea, statutory_area
from lianzhou_gis.layers.shapes import near_zones, usable_zones
from lianzhou_gis.vocabulary import GapReason
from tools.county.heavy import sea

STUDY = StudyArea((111.4, 23.9, 113.5, 25.9))
THEME = "karst_strong"
SITE = (112.45, 24.85)


def usable(zones_of, make_entry, shapes, **columns):
    ids = [f"Z{n}" for n in range(len(shapes))]
    zones, _ = zones_of({"zone_id": ids, **columns}, THEME, shapes)
    return usable_zones(near_zones(zones, STUDY), make_entry(THEME), STUDY)


def wave(count, radius=3.0):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = radius * (1 + 0.05 * np.sin(40 * angle))
    return shapely.Polygon(np.column_stack([112.45 + reach * np.cos(angle), 24.9 + reach * np.sin(angle)]))


def test_zones_beyond_the_study_area_are_left_out_aloud(county):
    around = shapely.box(105, 20, 120, 30).difference(shapely.box(108, 22, 117, 28))
    county.zones[THEME] = []
    county.add(THEME, shapely.box(112.4, 24.8, 112.41, 24.81), zone_id="DEMO-near")
    county.add(THEME, around, zone_id="DEMO-around")
    county.add(THEME, shapely.box(120, 30, 121, 31), zone_id="DEMO-far")
    result = county.screen(shapely.Point(*SITE).buffer(0.001), themes=[THEME])
    layer = result.layers.layers[0]
    assert list(layer.zones["zone_id"]) == ["DEMO-near"] and layer.study is not None and not layer.cut
    reported = [issue.en for issue in result.issues if issue.code == "zones_beyond_study_area"]
    assert len(reported) == 1 and reported[0].startswith("2 zones")


def test_a_broken_shape_around_the_study_area_is_beyond_it_only_if_every_reading_states_so(county):
    """Of a ring that runs around twice one way to count says outside, the other inside."""
    county.zones[THEME] = []
    hole = [(105, 15), (120, 15), (120, 35), (105, 35)]
    once = [(100, 10), (125, 10), (125, 40), (125.1, 40.1), (125, 40.1), (125.1, 40), (100, 40)]
    twice = [(100, 10), (125, 10), (125, 40), (100, 40), (101, 11), (124, 11), (124, 39), (101, 39)]
    county.add(THEME, shapely.Polygon(once, [hole]), zone_id="DEMO-once")
    away = county.screen(shapely.Point(*SITE).buffer(0.001), themes=[THEME])
    assert away.checks.set_index("theme")["status"][THEME] == "none"
    assert "zones_beyond_study_area" in {issue.code for issue in away.issues}
    county.zones[THEME] = []
    (county.folder / f"{THEME}.gpkg").unlink()
    county.add(THEME, shapely.Polygon(twice), zone_id="DEMO-twice")
    open_place = county.screen(shapely.Point(*SITE).buffer(0.001), themes=[THEME])
    assert "invalid_geometry" in set(open_place.gaps["reason"])
    assert open_place.checks.set_index("theme")["status"][THEME] == "hit"


def test_zones_known_by_their_town_are_never_too_far(zones_of, make_entry):
    found = usable(zones_of, make_entry, [None, shapely.Point(112, 24)], town=["龙坪镇", None])
    assert [(gap.reason, gap.towns) for gap in found.gaps] == [(GapReason.NO_GEOMETRY, ("龙坪镇",))]
    assert list(found.zones["zone_id"]) == ["Z1"]


def test_only_heavy_zones_are_clipped_and_their_whole_shape_is_retained_for_official_areas(zones_of, make_entry):
    light, heavy = wave(2_000), wave(20_000)
    found = usable(zones_of, make_entry, [light, heavy])
    assert found.zones["geometry"][0].equals(light) and found.cut == {"Z1"}
    assert found.zones["geometry"][1].equals(STUDY.box) and found.uncut[1].equals(heavy)
    assert [(issue.code, issue.where) for issue in found.issues] == [("clipped_to_study_area", "layer layer, zone Z1")]


def test_official_areas_are_checked_uncut(county):
    zone = wave(20_000)
    official = str(round(float(statutory_area([zone])[0])))
    county.add(THEME, zone, zone_id="DEMO-big", official_area_m2=official)
    result = county.screen(shapely.Point(*SITE).buffer(0.001), themes=[THEME])
    codes = {issue.code for issue in result.issues}
    assert "clipped_to_study_area" in codes and "area_differs_from_official" not in codes
    assert result.overlaps["share_of_zone"].isna().all() and list(result.overlaps["share_of_site"]) == [
        pytest.approx(1.0, rel=1e-12)
    ]


def test_the_nearest_is_reported_only_where_nothing_beyond_the_study_area_can_be_nearer(county, moved):
    county.zones[THEME] = []
    near_border, middle = (111.62, 24.9), (112.45, 24.9)
    county.add(THEME, shapely.Point(*moved(*near_border, 55_000, 0)).buffer(0.001), zone_id="DEMO-east")
    county.add(THEME, shapely.Point(*moved(*near_border, -30_000, 0)).buffer(0.001), zone_id="DEMO-beyond")
    sites = {name: shapely.Point(*place).buffer(0.001) for name, place in (("a", near_border), ("b", middle))}
    nearest = {}
    for name, shape in sites.items():
        result = county.screen(shape, themes=[THEME])
        nearest[name] = result.checks.set_index("theme")["nearest_m"][THEME]
        assert {issue.code for issue in result.issues} >= {"zones_beyond_study_area"}
    # 55 km to the east are not the nearest where what lies 22 km to the west was not read.
    assert np.isnan(nearest["a"])
    assert 25_000 < nearest["b"] < 35_000


@pytest.fixture(scope="module")
def water():
    return sea(60_000, 2_000, broken=300, slips=10)


def island(water, *, broken):
    box = shapely.box(112.2, 24.65, 112.7, 25.15)
    for number, ring in enumerate(water.islands):
        if (number in water.broken) is broken and box.covers(shapely.Polygon(ring).envelope):
            return ring
    raise AssertionError("no such island")


def test_under_a_broken_ring_a_site_is_not_assessed_and_elsewhere_the_layer_states(county, water):
    county.zones[THEME] = []
    county.add(THEME, water.polygon, zone_id="DEMO-sea")
    calm, torn = (shapely.Polygon(island(water, broken=kind)) for kind in (False, True))
    # One way to repair it holds this place, another does not.
    apart = shapely.get_parts(shapely.make_valid(torn, method="linework").difference(torn.buffer(0)))
    there = max(apart, key=shapely.area).representative_point().buffer(0.0005)
    result = county.screen(there, themes=[THEME])
    gaps = result.gaps[result.gaps["reason"] == "invalid_geometry"]
    assert len(gaps) and (gaps["area_m2"] > 0).all() and not result.sites["complete"].any()
    assert (result.sites["label_zh"] != "在已核查图层内未发现冲突").all()
    # An island is no sea: a site on it meets nothing; half on it, half is met.
    inland = county.screen(calm.representative_point().buffer(0.0005), themes=[THEME])
    assert "invalid_geometry" not in set(inland.gaps["reason"])
    assert inland.checks.set_index("theme")["status"][THEME] == "none"
    whole = calm.envelope
    shore = county.screen(whole, themes=[THEME])
    plane = Plane()
    sure = plane.project([whole.difference(calm)])[0].area
    assert shore.totals["net_area_m2"].iloc[0] == pytest.approx(sure, rel=1e-9)
    assert "invalid_geometry" not in set(shore.gaps["reason"])
