"""Sites on the union of the zones of a rule: what no zone shows alone."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.geodesy import Plane
from lianzhou_gis.overlay import overlay_layers
from lianzhou_gis.overlay.relations import Subjects
from lianzhou_gis.overlay.rule_ground import relate_to_grounds
from lianzhou_gis.overlay.shape_index import ShapeIndex

PLANE = Plane()
EAST, NORTH = PLANE.project([shapely.Point(112.5, 24.9)])[0].coords[0]


def moved(shape):
    return shapely.transform(shape, lambda xy: xy + np.array([EAST, NORTH]))


def related(site, zones, error):
    shapes = np.array([moved(zone) for zone in zones], dtype=object)
    subjects = Subjects(
        np.array([moved(site)], dtype=object), np.zeros(1), ShapeIndex.build(shapes), np.zeros(len(zones)), PLANE
    )
    nought = np.zeros(1, dtype=np.intp)
    ground = np.zeros(len(zones), dtype=np.intp)
    row = relate_to_grounds(subjects, nought, np.array([error]), np.arange(len(zones)), ground)
    return row["relation"][0], bool(row["doubtful"][0])


def test_a_base_on_the_seam_of_two_zones_is_certain():
    base, left, right = shapely.box(-2, 0, 2, 4), shapely.box(-50, -50, 0, 50), shapely.box(0, -50, 50, 50)
    assert related(base, [left], 3.0) == ("overlap", True)
    assert related(base, [left, right], 3.0) == ("within", False)


def test_a_crack_of_a_centimetre_on_the_seam_is_closed_and_a_wider_one_is_not():
    base, left = shapely.box(-2, 0, 2, 4), shapely.box(-50, -50, 0, 50)
    assert related(base, [left, shapely.box(0.009, -50, 50, 50)], 3.0) == ("within", False)
    assert related(base, [left, shapely.box(0.02, -50, 50, 50)], 3.0)[1]


def test_a_thousand_zones_of_1_9_mm_that_cover_a_site_overlap_it_together():
    width, site = 0.0019, shapely.box(0, 0, 1.9, 40)
    zones = [shapely.box(k * width, -10, (k + 1) * width, 50) for k in range(1000)]
    assert related(site, zones[:1], 1.0) == ("touch", True)
    assert related(site, zones, 1.0) == ("within", False)


def test_fifty_strips_that_cover_all_of_a_site_are_certain():
    site = shapely.box(0, 0, 50, 50)
    strips = [shapely.box(k, 0, k + 1, 50) for k in range(50)]
    assert related(site, strips, 25.0) == ("within", False)


def test_primary_and_secondary_strips_that_are_certain_together():
    site = shapely.box(0, 0, 60, 60)
    primary, secondary = shapely.box(57.5, -50, 100, 100), shapely.box(56, -50, 57.5, 100)
    assert related(site, [primary], 3.0) == ("overlap", True)
    assert related(site, [primary, secondary], 3.0) == ("overlap", False)


def test_a_union_beside_the_site_stays_near():
    site = shapely.box(0, 0, 10, 10)
    assert related(site, [shapely.box(11, 0, 20, 5), shapely.box(11, 5, 20, 10)], 4.0) == ("near", True)


@pytest.mark.parametrize(("margin", "rows"), [(3.0, 1), (8.0, 0), (-2.0, 1)])
def test_a_site_within_its_error_of_the_end_of_a_coverage_is_not_proven_inside(make_sites, make_layer, margin, rows):
    site, coverage = shapely.box(0, 0, 100, 100), shapely.box(-500, -500, 100 + margin, 600)
    zone = shapely.box(-400, -400, -390, -390)
    sites = make_sites(PLANE.unproject([moved(site)]), accuracy_m=[4.0])
    layer = make_layer(
        "karst_strong", PLANE.unproject([moved(zone)]), PLANE.unproject([moved(coverage)])[0], accuracy_m=[4.0]
    )
    overlay = overlay_layers(sites, [layer], PLANE, near_m={"karst_strong": 1000.0})
    assert len(overlay.remainder) == rows
    if rows:
        assert overlay.remainder["reason"].tolist() == ["outside_coverage"]
        assert np.isnan(overlay.remainder["area_m2"][0]) == (margin > 0)


def test_zones_are_reported_up_to_the_setback_with_the_error_added(make_sites, make_layer):
    site, zone = shapely.box(0, 0, 100, 100), shapely.box(600.4, 0, 700, 100)
    layer = make_layer("karst_strong", PLANE.unproject([moved(zone)]), accuracy_m=[4.0])
    for error, rows in ((4.0, 1), (0.0, 1)):
        sites = make_sites(PLANE.unproject([moved(site)]), accuracy_m=[error])
        overlay = overlay_layers(sites, [layer], PLANE, near_m={"karst_strong": 0.0}, setback_m={"karst_strong": 500.0})
        assert len(overlay.overlaps) == rows
        assert overlay.overlaps["distance_m"][0] == pytest.approx(500.4, abs=0.01)
    far = make_layer("karst_strong", PLANE.unproject([moved(shapely.box(606, 0, 700, 100))]), accuracy_m=[4.0])
    beyond = overlay_layers(sites, [far], PLANE, near_m={"karst_strong": 0.0}, setback_m={"karst_strong": 500.0})
    assert not len(beyond.overlaps)
