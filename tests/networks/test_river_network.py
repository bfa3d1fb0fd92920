"""Joints of water courses and the flow along them, against a march in small steps."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import substring

from lianzhou_gis.networks import RiverNetwork
from lianzhou_gis.networks.river_network import single_courses


def network(*lines, join_m=1.0):
    courses = np.array([shapely.LineString(line) for line in lines], dtype=object)
    return RiverNetwork(courses, tuple("abcdefgh"[: len(lines)]), join_m)


def reached(flow):
    """The ground of a flow, and how far it goes."""
    return shapely.union_all([part.line for part in flow.stretches]), max(
        (part.from_m + part.line.length for part in flow.stretches), default=0.0
    )


def test_a_point_beyond_the_bank_has_no_flow():
    assert network([(0, 100), (0, 0)]).downstream(shapely.Point(11, 50), bank_m=10.0, reach_m=100.0).stretches == ()


def test_a_tributary_joins_in_the_middle_of_an_edge():
    rivers = network([(0, 100), (0, 0.5)], [(-300, 0), (300, 0)])
    flow = rivers.downstream(shapely.Point(0, 100), bank_m=1.0, reach_m=1000.0)
    ground, far = reached(flow)
    assert ground.equals(shapely.union_all([rivers.courses[0], shapely.LineString([(0, 0), (300, 0)])]))
    assert far == pytest.approx(399.5)
    assert [(end.x, end.y) for end in flow.ends] == [(300, 0)]


def test_the_flow_ends_at_the_reach():
    rivers = network([(0, 100), (0, 0)], [(-300, 0), (300, 0)])
    flow = rivers.downstream(shapely.Point(0, 60), bank_m=1.0, reach_m=75.0)
    assert reached(flow)[1] == pytest.approx(75.0)
    assert flow.ends == ()


def test_nothing_flows_up():
    rivers = network([(0, 100), (0, 0)], [(-300, 0), (300, 0)])
    flow = rivers.downstream(shapely.Point(200, 0), bank_m=1.0, reach_m=1000.0)
    assert [part.course for part in flow.stretches] == [1]


def test_a_gap_wider_than_the_joint_is_an_open_end():
    rivers = network([(0, 100), (0, 5)], [(-300, 0), (300, 0)])
    flow = rivers.downstream(shapely.Point(0, 60), bank_m=1.0, reach_m=1000.0)
    assert [(end.x, end.y) for end in flow.ends] == [(0, 5)]


def test_three_courses_that_end_at_one_place_flow_into_the_fourth():
    rivers = network([(0, 100), (0, 0)], [(-100, 0), (0, 0)], [(100, 0), (0, 0)], [(0, 0), (0, -100)])
    flow = rivers.downstream(shapely.Point(-50, 0), bank_m=1.0, reach_m=1000.0)
    assert [(part.course, part.from_m) for part in flow.stretches] == [(1, 0.0), (3, 50.0)]
    assert [(end.x, end.y) for end in flow.ends] == [(0, -100)]


def test_both_arms_of_an_island_are_followed():
    rivers = network([(0, 0), (100, 0), (200, 50), (300, 0), (400, 0)], [(100, 0), (200, -50), (300, 0)])
    flow = rivers.downstream(shapely.Point(50, 0), bank_m=1.0, reach_m=1000.0)
    assert reached(flow)[0].equals(shapely.union_all([substring(rivers.courses[0], 50, 1e9), rivers.courses[1]]))
    assert [(end.x, end.y) for end in flow.ends] == [(400, 0)]


def test_a_loop_ends():
    rivers = network([(0, 0), (100, 0)], [(100, 0), (100, 100), (0, 0)])
    flow = rivers.downstream(shapely.Point(50, 0), bank_m=1.0, reach_m=10_000.0)
    assert flow.ends == ()
    assert reached(flow)[0].equals(shapely.union_all(rivers.courses))


def test_every_course_within_the_bank_takes_the_outfall():
    rivers = network([(0, 0), (100, 0)], [(0, 20), (100, 20)])
    flow = rivers.downstream(shapely.Point(50, 10), bank_m=15.0, reach_m=1000.0)
    assert {part.course for part in flow.stretches} == {0, 1}


def test_parts_of_a_course_bear_its_name():
    line = shapely.MultiLineString([[(0, 0), (1, 0)], [(2, 0), (3, 0)]])
    courses, names = single_courses(np.array([line], dtype=object), ["r"])
    assert (len(courses), names) == (2, ("r", "r"))


@settings(deadline=None, max_examples=60)
@given(cuts=st.sets(st.integers(1, 19), max_size=4), begin=st.floats(0.0, 0.999), reach=st.floats(1.0, 900.0))
def test_a_course_in_pieces_flows_as_the_whole_one(cuts, begin, reach):
    line = shapely.LineString([(0, 0), (100, 30), (200, -40), (260, 10), (400, 0)])
    brook = shapely.LineString([(150, 200), line.interpolate(0.4, normalized=True).coords[0]])
    pieces = [substring(line, a / 20, b / 20, normalized=True) for a, b in pairwise([0, *sorted(cuts), 20])]
    whole, apart = (
        RiverNetwork(np.array([*lines, brook], dtype=object), ("r",) * len(lines) + ("b",), 0.5)
        for lines in ([line], pieces)
    )
    point = line.interpolate(begin, normalized=True)
    one, other = (reached(rivers.downstream(point, bank_m=1e-6, reach_m=reach)) for rivers in (whole, apart))
    assert other[1] == pytest.approx(one[1], abs=1e-6)
    assert shapely.hausdorff_distance(one[0], other[0]) < 1e-6
    # By steps of one metre, without any graph.
    steps = np.arange(0.0, min(reach, line.length - line.project(point)), 1.0) + line.project(point)
    assert shapely.distance(shapely.line_interpolate_point(line, steps), one[0]).max() < 1e-6
