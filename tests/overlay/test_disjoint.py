"""Shared parts are added up only where no zones share area."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.overlay.disjoint import sharing_pairs
from lianzhou_gis.overlay.quadtree import Quadtree
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.totals import net_areas
from lianzhou_gis.table import Columns


def shapes(random, count):
    middle = random.uniform(0, 1000, (count, 2))
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.polygons([at + random.uniform(20, 90) * ring * random.uniform(0.8, 1.2, (40, 1)) for at in middle])


def test_pairs_are_those_of_plain_intersections():
    zones = shapes(np.random.default_rng(1), 60)
    _, pairs = sharing_pairs(zones, Quadtree.build(zones))
    area = shapely.area(shapely.intersection(zones[:, None], zones[None]))
    assert {tuple(pair) for pair in pairs.tolist()} == set(zip(*np.nonzero(np.triu(area, 1)), strict=True))


def test_units_of_a_coverage_share_nothing_and_lines_may():
    boxes = shapely.box(np.arange(4.0), 0, np.arange(4.0) + 1, 1)
    group, pairs = sharing_pairs(boxes, Quadtree.build(boxes))
    assert not len(pairs) and not group.any()
    mixed = np.array([boxes[0], shapely.LineString([(0, 0), (1, 1)])], dtype=object)
    assert len(set(sharing_pairs(mixed, Quadtree.build(mixed))[0].tolist())) == 2


@pytest.mark.parametrize("compare", [True, False])
def test_net_areas_are_those_of_unions(compare):
    random = np.random.default_rng(2)
    zones, sites = shapes(random, 60), shapes(random, 80)
    # Two layers of one theme may share area whatever each of them says.
    index = ShapeIndex.concatenate([ShapeIndex.build(part, compare=compare) for part in (zones[:30], zones[30:])])
    site, zone = np.nonzero(shapely.area(shapely.intersection(sites[:, None], zones[None])) > 0)
    pieces = shapely.intersection(sites[site], zones[zone])
    rows = Columns({"zone": zone, "area_m2": shapely.area(pieces), "shape": pieces})
    found = net_areas(index, rows, site, len(sites))
    wanted = [shapely.area(shapely.union_all(pieces[site == number])) for number in range(len(sites))]
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-6)
    assert (found < np.bincount(site, rows["area_m2"], len(sites)) - 1.0).any()


def test_an_index_is_restored_with_its_pairs():
    zones = shapes(np.random.default_rng(3), 30)
    index = ShapeIndex.build(zones, compare=True)
    again = ShapeIndex.from_arrays(index.arrays())
    one, other = (part.ravel() for part in np.indices((30, 30)))
    assert (again.may_share(one, other) == index.may_share(one, other)).all()
    part = index.subset(np.arange(10, 30))
    one, other = (part_.ravel() for part_ in np.indices((20, 20)))
    assert (part.may_share(one, other) == index.may_share(one + 10, other + 10)).all()
