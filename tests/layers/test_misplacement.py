"""Zones far beyond the coverage of their layer."""

import pytest
import shapely

COVER = shapely.box(112.2, 24.6, 112.8, 25.2).wkt
HERE = shapely.box(112.4, 24.8, 112.41, 24.81)
BESIDE = shapely.box(112.42, 24.8, 112.43, 24.81)
# A neighbouring zone of 3 degrees read with the wrong number: 300 km to the east.
THERE = shapely.box(115.4, 24.8, 115.41, 24.81)


def reasons(layers):
    return [gap.reason.value for gap in layers.gaps]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [([HERE, BESIDE], []), ([HERE, THERE], ["layer_incomplete"]), ([THERE], ["unknown_crs"])],
)
def test_some_or_all_zones_beyond(folder, shapes, expected):
    folder.layer({"zone_id": [f"Z{number}" for number in range(len(shapes))]}, shapes, id="karst", coverage=COVER)
    assert reasons(folder.load()) == expected


@pytest.mark.parametrize(("metres", "expected"), [(19_000, []), (21_000, ["unknown_crs"])])
def test_the_limit_is_twenty_kilometres(folder, moved, metres, expected):
    west, south = moved(112.8, 24.9, metres, 0)
    shape = shapely.box(west, south, west + 0.01, south + 0.01)
    folder.layer({"zone_id": ["A"]}, [shape], id="karst", coverage=COVER)
    assert reasons(folder.load()) == expected
