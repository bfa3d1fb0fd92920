"""Clipping by boxes gives valid areas, whatever GEOS makes of borders that meet a box twice almost at one place."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.overlay import subdivide
from lianzhou_gis.overlay.subdivide import clip_by_boxes


def test_an_invalid_clip_is_replaced_by_an_intersection(monkeypatch):
    shapes = np.array([shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 10)])
    boxes = np.array([[2.0, 2.0, 5.0, 5.0], [2.0, 2.0, 20.0, 5.0]])
    bow_tie = shapely.Polygon([(2, 2), (5, 5), (5, 2), (2, 5)])
    genuine = subdivide._clip

    def wrong(shapes, boxes):
        found = genuine(shapes, boxes)
        found[0] = bow_tie
        return found

    monkeypatch.setattr(subdivide, "_clip", wrong)
    assert shapely.area(clip_by_boxes(shapes, boxes)).tolist() == [9.0, 24.0]


@pytest.mark.parametrize("seed", range(20))
def test_clips_are_valid_and_as_large_as_intersections(seed):
    random = np.random.default_rng(seed)
    shapes, boxes = [], []
    for _ in range(50):
        x = np.sort(random.uniform(0, 100, 12))
        border = np.column_stack([x, random.uniform(20, 80, 12)])
        # Two borders a few tenths of a millimetre apart, as grades leave them that are cut by each other.
        shapes.append(shapely.Polygon(np.vstack([border, border[::-1] - (0, random.choice((2e-4, 5.0)))])))
        west, south = random.uniform(0, 60, 2)
        boxes.append((west, south, west + random.uniform(1, 40), south + random.uniform(1, 40)))
    shapes, boxes = np.array(shapes), np.array(boxes)
    found = clip_by_boxes(shapes, boxes)
    assert shapely.is_valid(found).all()
    assert np.allclose(
        shapely.area(found), shapely.area(shapely.intersection(shapes, shapely.box(*boxes.T))), atol=1e-6
    )
