"""What is packed comes back as it was, whichever is asked for and in whatever order."""

import numpy as np
import pytest
import shapely

from lianzhou_gis.overlay.ragged_arrays import LazyGeometries, RaggedGeometries
from lianzhou_gis.overlay.shape_index import ShapeIndex

RING = shapely.Point(0, 0).buffer(100).difference(shapely.box(-5, -5, 5, 5))
SHAPES = np.array(
    [
        shapely.Point(1, 2),
        RING,
        shapely.LineString([(0, 0), (1, 1), (2, 0)]),
        shapely.MultiPolygon([shapely.box(200, 0, 201, 1), RING, shapely.box(300, 0, 301, 1)]),
        shapely.box(0, 0, 1, 1),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]),
    ],
    dtype=object,
)


def test_every_kind_comes_back():
    packed = RaggedGeometries.from_arrays(RaggedGeometries.from_geometries(SHAPES).arrays())
    for asked in ([3, 0, 1, 1, 5, 4, 2], [2], [], list(range(6))):
        places = np.array(asked, dtype=np.intp)
        assert shapely.to_wkb(packed.take(places)).tolist() == shapely.to_wkb(SHAPES[places]).tolist()


def test_several_stores_and_what_is_there_are_one():
    stored = LazyGeometries.from_arrays(LazyGeometries.from_geometries(SHAPES).arrays())
    joined = LazyGeometries.concatenate([stored, LazyGeometries.from_geometries(SHAPES[::-1]), stored]).subset(
        np.array([17, 6, 1, 3])
    )
    assert shapely.equals_exact(joined.all(), SHAPES[[5, 5, 1, 3]]).all()
    assert len(stored) == 6 and shapely.is_missing(stored.built[[0, 2, 4]]).all()


def test_a_collection_is_refused():
    with pytest.raises(ValueError, match="only points, lines and areas"):
        RaggedGeometries.from_geometries(np.array([shapely.GeometryCollection([shapely.Point(0, 0)])], dtype=object))


def test_collections_within_collections_are_indexed_and_retained():
    nested = shapely.GeometryCollection(
        [
            shapely.GeometryCollection([shapely.MultiPoint([(0, 0), (50, 0)]), RING]),
            shapely.LineString([(0, 0), (9, 9)]),
        ]
    )
    index = ShapeIndex.build(np.array([nested, shapely.MultiPoint([(7, 7), (8, 8)]), None], dtype=object))
    again = ShapeIndex.from_arrays(index.arrays())
    for one, other in ((index.chains, again.chains), (index.lines, again.lines), (index.areas, again.areas)):
        assert shapely.equals_exact(one.shapes.all(), other.shapes.all()).all()
        assert one.owner.tolist() == other.owner.tolist()
    assert set(again.chains.owner.tolist()) == {0, 1} and set(again.lines.owner.tolist()) == {1}


def test_coordinates_are_those_of_the_built_geometries():
    lines = np.array([shapely.LineString([(n, 0), (n, 1), (n, n)]) for n in range(1, 9)] + [shapely.Point(5, 6)])
    fresh, stored = LazyGeometries.from_geometries(lines[:3]), LazyGeometries.from_geometries(lines)
    lazy = LazyGeometries.concatenate([LazyGeometries.from_arrays(stored.arrays()), fresh]).subset(np.arange(11, 1, -2))
    lazy.take(np.array([1, 3]))
    xy, size = lazy.coordinates()
    assert (xy == shapely.get_coordinates(lazy.all())).all()
    assert size.tolist() == shapely.get_num_coordinates(lazy.all()).tolist()
