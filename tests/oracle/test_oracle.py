"""Random worlds of the day against the oracle, and the oracle itself against errors that it must see."""

import datetime

import pytest
import shapely

from tests.oracle import judge as oracle
from tests.oracle.run import run, seed_of_day
from tests.oracle.worlds import DAYS, SHARED, Edition, Site, World, Zone, make_world

WORLDS, CHUNK = 200, 20
TODAY = seed_of_day(datetime.datetime.now(datetime.UTC).date())


@pytest.mark.parametrize("first", range(TODAY, TODAY + WORLDS, CHUNK), ids=lambda seed: str(seed - TODAY))
def test_worlds_of_the_day(first):
    tally = run(first, worlds=CHUNK)
    assert tally.worlds >= CHUNK - 2 and tally.failures == []


@pytest.mark.parametrize(
    "seed",
    [
        # Clipping a zone by a box that its border meets twice within 0.2 mm gave an invalid area.
        410030,
        # A valid zone crossed itself by a rounding error of the projection.
        739950000410,
        739950003570,
    ],
)
def test_worlds_that_found_something_once(seed):
    assert run(seed, worlds=SHARED).failures == []


def world(zone, site, *, accuracy_m=1.0, system="EPSG:4490", **more):
    edition = Edition(
        "karst", "karst", "wetland", system, [Zone("Z", zone, "general", "general")], accuracy_m,
        shapely.box(112.2, 24.6, 112.75, 25.2), **more,
    )  # fmt: skip
    return World(0, DAYS[-1], [edition], [Site("S", site, 0.1)], make_world(1).facts)


BOX = shapely.box(112.4, 24.8, 112.41, 24.81)


@pytest.mark.parametrize(
    ("west", "clear"),
    # A degree of longitude is about 101 km here: 2 m, 0.5 m away, 0.5 m and 5 m inside.
    [(112.41 + 2e-5, True), (112.41 + 5e-6, False), (112.41 - 5e-6, False), (112.41 - 5e-5, False)],
)
def test_a_site_beside_a_border_known_to_a_metre(west, clear):
    site = shapely.box(west, 24.801, west + 0.001, 24.802)
    assert oracle.judge(world(BOX, site), Site("S", site, 0.1)).clear is clear


def test_faults_of_a_layer_speak_against_a_clear():
    site = shapely.box(112.5, 24.9, 112.501, 24.901)
    assert oracle.judge(world(BOX, site), Site("S", site, 0.1)).clear
    for fault in ("missing", "cut", "uncounted", "doubled", "no_coverage"):
        assert oracle.judge(world(BOX, site, fault=fault), Site("S", site, 0.1)).clear is False


def test_the_worlds_are_varied_and_the_same_for_a_seed():
    worlds = [make_world(seed) for seed in range(200)]
    editions = [edition for one in worlds for edition in one.editions]
    assert len({edition.system for edition in editions}) == 5
    assert {edition.fault for edition in editions} >= {None, "missing", "cut", "uncounted", "doubled", "no_coverage"}
    assert any(zone.grade_written and zone.grade is None for edition in editions for zone in edition.zones)
    assert any(shapely.get_num_interior_rings(zone.shape) for edition in editions for zone in edition.zones)
    assert any(one.unknown for one in worlds) and {one.day for one in worlds} == set(DAYS)
    assert repr(make_world(7)) == repr(make_world(7))


def test_the_oracle_imports_nothing_of_the_package():
    text = (oracle.RULES.parents[2] / "tests" / "oracle" / "judge.py").read_text(encoding="utf-8")
    assert "import lianzhou_gis" not in text and "from lianzhou_gis" not in text
