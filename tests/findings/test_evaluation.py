"""One evaluation: sites together get what each gets alone, and whatever is cached depends on its key alone."""

import dataclasses

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import lianzhou_gis as lg
from lianzhou_gis.findings import Evaluator, access_list, answer_of, decisions, evaluation, gaps, rules_in_force
from lianzhou_gis.findings.rendering import access_comparisons, finding_table, gap_table
from lianzhou_gis.vocabulary import GapReason

PLACE = (112.45, 24.88)
DAYS = ("2026-11-23", "2022-05-31")
FACTS = [
    {},
    {"livestock": True, "odour": True, "construction_nature": "new", "wastewater_generated": True},
    {
        "livestock": False,
        "construction_nature": "new",
        "manufacturing": True,
        "groundwater_risk": False,
        "limited_activity_class": "not_listed",
        "national_major_project": False,
        "temporary_land": False,
    },
    {"industry_code": "A0313", "livestock": False},
    {"wastewater_generated": True, "new_outfall": True, "wastewater_route": "surface_water"},
]
KEYS = [
    (kind, item.name)
    for kind in (
        rules_in_force.ZoneKind, rules_in_force.OverlapKind, rules_in_force.EndKind, decisions.DecisionKey,
        decisions.RuleKey, decisions.WaterKey, evaluation.SiteKey, evaluation.ZoneGapKey, access_list.UnitsKey,
        access_list.Unit, access_list.ItemKey, gaps.Towns, gaps.UncoveredKey,
    )
    for item in dataclasses.fields(kind)
]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Layers in which sites differ in one thing at a time, and the sites."""
    from tests.conftest import County, moved, rectangle, square

    county = County(tmp_path_factory.mktemp("county"))
    sites = []

    def site(east, north, shape=None, **columns):
        at = moved(*PLACE, east, north)
        sites.append({"geometry": shape or square(*at, 60), "accuracy_m": 0.5, **columns})
        return at

    def zone(theme, east, north, side=400, **columns):
        county.add(theme, square(*moved(*PLACE, east, north), side), **columns)

    # Grades, names, relations, setbacks, doubt.
    zone("water_source_zone", 0, 0, grade="secondary", name="示例水源")
    zone("water_source_zone", 1000, 0, grade="primary", name="示例水源")
    zone("water_source_zone", 2000, 0, grade="primary", name="连江（示例）")
    zone("water_source_zone", 3000, 0, grade="限制区", name="某区")
    zone("nature_reserve", 4000, 0, grade="实验区", name="旧区")
    zone("nature_reserve", 5000, 0, grade="某级", name="新区")
    zone("ecological_redline", 6000, 0, grade="general", accuracy_m="30")
    zone("ecological_redline", 7000, 0, grade="general", accuracy_m="0.5")
    zone("karst_strong", 8000, 0)
    zone("receptor", 9000, 0, side=50, grade="school")
    for number in range(10):
        site(1000 * number, 0)
        site(1000 * number + 215, 0)
    site(9080, 0)
    site(9400, 0)
    # Beside a zone within the position error and beyond it; a setback of 500 m firmly, and within the error.
    site(230.3, 0)
    site(260, 0)
    site(9500, 0)
    site(9554.8, 0)
    # In, beside and off a zone by less than any setback, so that only doubt tells them apart.
    for east in (7229.7, 7230.3, 7231.5):
        site(east, 0)
    # Rules about what lies outside all zones of a theme.
    zone("industrial_park", 0, 0, name="示例园区")
    zone("growth_boundary", 1000, 0)
    # Outfalls, in water of a class and in none, beyond the coverage.
    zone("water_function", 0, 3000, grade="Ⅱ类")
    for east in (0, 1000, 30000):
        site(2000, 3000, outfall="{},{}".format(*moved(*PLACE, east, 3000)))
    # Control units: firm, doubtful, a gap between two, in part beyond the coverage; a line.
    county.zones["control_unit"] = []
    west, east = rectangle(*PLACE, -9000, -9000, 500, 9000), rectangle(*PLACE, 502, -9000, 20000, 9000)
    county.add("control_unit", west, grade="key", zone_id="DEMO-U1", accuracy_m="20")
    county.add("control_unit", east, grade="general", zone_id="DEMO-U2")
    county.entries["control_unit"]["coverage"] = rectangle(*PLACE, -9000, -9000, 20000, 5900).wkt
    county.item("DEMO-1", kind="encouraged", unit_id="DEMO-U2", text="鼓励清洁生产（示例）")
    county.item("DEMO-2", kind="prohibited", unit_id="DEMO-U1", industries="A03", text="禁止规模化畜禽养殖（示例）")
    county.item("DEMO-3", kind="restricted", text="限制开发强度过大的项目（示例）")
    for east in (100, 520, 501, 465):
        site(east, -3000)
    county.entries["permanent_basic_farmland"]["coverage"] = rectangle(*PLACE, -9000, -9000, 20000, 4000).wkt
    county.entries["receptor"]["coverage"] = rectangle(*PLACE, -9000, -9000, 20000, 6000).wkt
    county.entries["water_function"]["coverage"] = rectangle(*PLACE, -9000, -9000, 20000, 4000).wkt
    for north in (3900, 3969.8, 3990, 4100, 5500, 5800, 5950):
        site(0, north)
    site(0, 0, shapely.LineString([moved(*PLACE, 500, 3990), moved(*PLACE, 500, 4100)]))
    site(700, 3000, outfall="{},{}".format(*moved(*PLACE, 700, 4500)))
    # What is wrong with a site itself.
    site(-2000, 0, shapely.Point(moved(*PLACE, -2000, 0)))
    site(-2000, 200, shapely.LineString([moved(*PLACE, -2000, 200), moved(*PLACE, -2000, 300)]), corridor_width_m=1e-6)
    site(-2000, 400, shapely.LineString([moved(*PLACE, -2000, 400), moved(*PLACE, -2000, 500)]))
    # Rows of a table, known by their town alone.
    county.add("administrative", square(*PLACE, 9000), name="保安镇（示例）", zone_id="DEMO-441882105")
    county.add("administrative", square(112.6, 25.1, 5000), name="星子镇（示例）", zone_id="DEMO-441882101")
    county.add("contaminated_plot", None, grade="名录", town="星子镇")
    for town in ("星子镇", "保安镇", None):
        site(-1000, -1000, town=town)
    usual = {"town": None, "outfall": None, "corridor_width_m": None}
    rows = [{"site_id": f"S{number:03d}", **usual, **row} for number, row in enumerate(sites)]
    # Each with every set of facts.
    table = [{**row, "site_id": f"{row['site_id']}-{number}"} for row in rows for number in range(len(FACTS))]
    frame = gpd.GeoDataFrame(table, crs="EPSG:4490")
    facts = {name: FACTS[int(name[-1])] for name in frame["site_id"]}
    # What is given may contradict itself.
    facts["S000-3"] = {"industry_code": "A0313", "livestock": None}
    screeners = {day: lg.Screener.prepare(county.write(), as_of=day) for day in DAYS}
    return screeners, frame, facts


def answers(screener, frame, facts):
    """All that is decided on every site, by its id; shapes apart."""
    result = screener.screen(lg.read_sites(frame), facts={"sites": {name: facts[name] for name in frame["site_id"]}})
    found = {site_id: [answer] for site_id, answer in result.assessment.answers.items()}
    own = result.assessment
    for records in (own.finding_records, own.gap_records, own.access_records, own.questions):
        for record in records:
            values = {item.name: getattr(record, item.name) for item in dataclasses.fields(record)}
            values.pop("geometry", None)
            found[record.site_id].append({name: rounded(value) for name, value in values.items()})
    return found


def rounded(value):
    return round(value, 4) if isinstance(value, float) else value


def anew(screener):
    """A screener of the same layers and rules that has screened nothing."""
    return dataclasses.replace(screener)


@pytest.fixture(scope="module", params=DAYS)
def alone(request, world):
    """What every site gets when it is screened by itself, by a screener that has screened nothing before."""
    screeners, frame, facts = world
    screener = screeners[request.param]
    found = {}
    for row in range(len(frame)):
        found |= answers(anew(screener), frame.iloc[[row]], facts)
    return screener, frame, facts, found


def test_sites_together_get_what_each_gets_alone(alone):
    screener, frame, facts, found = alone
    assert answers(anew(screener), frame, facts) == found


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_order_chunks_and_what_was_screened_before_change_nothing(alone, data):
    screener, frame, facts, found = alone
    order = data.draw(st.permutations(range(len(frame))))
    size = data.draw(st.integers(1, len(frame)).filter(lambda size: size > 15))
    for start in range(0, len(order), size):
        chunk = frame.iloc[order[start : start + size]]
        assert answers(screener, chunk, facts) == {name: found[name] for name in chunk["site_id"]}


@pytest.mark.parametrize(("kind", "name"), KEYS, ids=lambda value: getattr(value, "__name__", value))
def test_every_element_of_every_key_counts(everything, monkeypatch, kind, name):
    """Without it in the key, something that depends on it would be taken from another site."""
    rest = [item.name for item in dataclasses.fields(kind) if item.name != name]
    monkeypatch.setattr(kind, "__hash__", lambda self: hash(tuple(getattr(self, one) for one in rest)))
    monkeypatch.setattr(
        kind, "__eq__", lambda self, other: all(getattr(self, one) == getattr(other, one) for one in rest)
    )
    for result, decided in everything:
        try:
            if evaluated(result) != decided:
                return
        except (KeyError, IndexError, ValueError, AttributeError):
            return
    pytest.fail(f"{kind.__name__}.{name} may be left out of the key and nothing changes")


def evaluated(result):
    """The decisions on the sites of a result, made anew from what was measured."""
    layers, overlay = result.layers, result.overlay
    evaluator = Evaluator(layers, overlay.index, result.rulebook, result.as_of, result.scope)
    found = evaluator.evaluate(result.sites_in, result.facts, overlay)
    return found.answers, finding_table(found).records, gap_table(found).records, access_comparisons(found)


@pytest.fixture(scope="module")
def everything(world):
    screeners, frame, facts = world
    results = [screeners[day].screen(lg.read_sites(frame), facts={"sites": facts}) for day in DAYS]
    return [(result, evaluated(result)) for result in results]


@pytest.mark.parametrize("change", [{"reason": GapReason.UNRELIABLE_DATUM}, {"zh": "别的"}, {"en": "other"}])
def test_every_element_of_the_key_of_a_gap_of_a_site_counts(change):
    key = gaps.SiteGapKey(GapReason.NO_FOOTPRINT, "点", "point")
    one, other = (gaps.gap_of_site(made).gap for made in (key, dataclasses.replace(key, **change)))
    assert (one.reason, one.detail) != (other.reason, other.detail)


def test_an_answer_is_that_of_the_findings_and_gaps(world):
    screeners, frame, facts = world
    found = screeners[DAYS[0]].screen(lg.read_sites(frame), facts={"sites": facts}).assessment

    def of(records, site_id):
        return [record for record in records if record.site_id == site_id]

    for site_id, answer in found.answers.items():
        assert answer == answer_of(of(found.finding_records, site_id), of(found.gap_records, site_id))


def test_records_of_two_sites_are_not_the_same_objects(world):
    screeners, frame, facts = world
    found = screeners[DAYS[0]].screen(lg.read_sites(frame), facts={"sites": facts}).assessment
    for records in (found.finding_records, found.gap_records):
        assert len({id(record) for record in records}) == len(records)
