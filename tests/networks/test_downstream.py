"""Whether a source zone lies downstream of an outfall: found, ruled out only where all is known, else asked."""

import json

import geopandas as gpd
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import CatalogError

AT = (112.45, 24.90)
# A sewage plant of a town: everything but what lies downstream is known.
FACTS = {"new_outfall": True, "outfall_increases_discharge": False}


class Valley:
    """A river that runs east past a site, with an outfall on its bank."""

    def __init__(self, county, moved, rectangle):
        self.county, self.moved, self.rectangle = county, moved, rectangle
        self.lines = [self.line((-5000, 0), (9000, 0))]
        self.options = {"complete": True, "reach_m": 6000.0}

    def place(self, east, north):
        return self.moved(*AT, east, north)

    def line(self, *places):
        return shapely.LineString([self.place(*place) for place in places])

    def zone(self, west, south, east, north, **columns):
        grade = columns.pop("grade", "secondary")
        self.county.add("water_source_zone", self.rectangle(*AT, west, south, east, north), grade=grade, **columns)

    def write(self):
        frame = gpd.GeoDataFrame({"name": ["示例河"] * len(self.lines)}, geometry=self.lines, crs="EPSG:4490")
        frame.to_file(self.county.folder / "rivers.gpkg", driver="GPKG", engine="pyogrio")
        # Without a reference system, as most GeoJSON is.
        plain = {**json.loads(frame.to_json(drop_id=True)), "crs": None}
        (self.county.folder / "rivers.geojson").write_text(json.dumps(plain), encoding="utf-8")
        self.county.rivers = {"path": "rivers.gpkg", "direction": "digitised", **self.options}

    def screen(self, outfall=(0, 20), **facts):
        self.write()
        site = self.rectangle(*AT, -50, 100, 50, 200)
        return self.county.screen(site, {**FACTS, **facts}, outfall=[",".join(map(str, self.place(*outfall)))])


@pytest.fixture
def valley(county, moved, rectangle):
    return Valley(county, moved, rectangle)


def answer(result):
    return result.facts["DEMO-S"].get("source_downstream")


def issues(result, code):
    return [issue for issue in result.issues if issue.code == code and issue.where == "site DEMO-S"]


def test_a_zone_beyond_the_distance_of_any_rule_is_found_along_the_river(valley):
    valley.zone(5000, -100, 5500, 100, name="示例水源地（示例）")
    result = valley.screen()
    assert answer(result) is True
    (issue,) = issues(result, "source_downstream")
    assert "示例河" in issue.zh
    assert "5.0 千米" in issue.zh
    assert "示例水源地" in issue.zh
    assert dict(zip(result.findings["rule_id"], result.findings["effect"], strict=True))[
        "outfall.source_downstream"
    ] == ("needs_judgement")


def test_a_zone_upstream_is_not_downstream(valley):
    valley.zone(-3000, -100, -2500, 100)
    result = valley.screen()
    assert answer(result) is False
    assert "outfall.source_downstream" not in set(result.findings["rule_id"])


def test_a_zone_on_the_bank_within_the_errors_counts(valley):
    valley.options["accuracy_m"] = 20.0
    valley.zone(3000, 15, 3500, 100)
    assert answer(valley.screen()) is True


def test_an_outfall_reaches_a_course_within_the_errors(valley):
    valley.zone(3000, -100, 3500, 100)
    assert answer(valley.screen((0, 170))) is None
    valley.options["accuracy_m"] = 25.0
    for path in valley.county.folder.glob("*.gpkg"):
        path.unlink()
    assert answer(valley.screen((0, 170))) is True


def test_a_zone_that_is_only_planned_does_not_count(valley):
    valley.zone(3000, -100, 3500, 100, grade="proposed")
    assert answer(valley.screen()) is False


def test_a_zone_without_a_grade_counts(valley):
    valley.zone(3000, -100, 3500, 100, grade=None)
    assert answer(valley.screen()) is True


def open_end(valley):
    valley.lines = [valley.line((-5000, 0), (4000, 0))]


def far_from_any_river(valley):
    valley.lines = [valley.line((-5000, 400), (9000, 400))]


def not_stated_complete(valley):
    valley.options["complete"] = False


def beyond_the_coverage(valley):
    valley.county.entries["water_source_zone"]["coverage"] = valley.rectangle(*AT, -9000, -9000, 4000, 9000).wkt


def a_source_zone_without_shape(valley):
    valley.county.add("water_source_zone", None, grade="secondary")


def a_record_without_line(valley):
    valley.lines.append(shapely.Point(AT))


def a_datum_that_is_assumed(valley):
    valley.options["path"] = "rivers.geojson"


def no_file(valley):
    valley.options["path"] = "missing.gpkg"


@pytest.mark.parametrize(
    "spoil",
    [open_end, far_from_any_river, not_stated_complete, beyond_the_coverage, a_source_zone_without_shape,
     a_record_without_line, a_datum_that_is_assumed, no_file],
)  # fmt: skip
def test_what_is_not_known_is_never_a_no(valley, spoil):
    assert answer(valley.screen()) is False
    spoil(valley)
    for path in valley.county.folder.glob("*.gpkg"):
        path.unlink()
    result = valley.screen()
    assert answer(result) is None
    assert issues(result, "downstream_unknown")
    assert "source_downstream" in {name for names in result.gaps["facts"].dropna() for name in names} or (
        "source_downstream" in str(result.gaps["message"].tolist())
    )


def test_one_of_two_outfalls_above_a_zone_is_enough(valley):
    valley.lines.append(valley.line((-5000, -2000), (9000, -2000)))
    valley.zone(3000, -2100, 3500, -1900)
    valley.write()
    both = shapely.MultiPoint([valley.place(0, 0), valley.place(0, -2000)])
    site = valley.rectangle(*AT, -50, 100, 50, 200)
    assert answer(valley.county.screen(site, FACTS, outfall=[both.wkt])) is True


def test_an_answer_that_the_rivers_contradict_is_named(valley):
    valley.zone(5000, -100, 5500, 100)
    result = valley.screen(source_downstream=False)
    assert answer(result) is False
    assert issues(result, "source_downstream")[0].severity == "warning"


def test_another_file_of_rivers_makes_another_run(valley):
    before = valley.screen().identity.sha256
    valley.lines.append(valley.line((-5000, 3000), (9000, 3000)))
    assert valley.screen().identity.sha256 != before


def test_without_rivers_or_outfall_nothing_is_said(county, square):
    result = county.screen(square(*AT, 100), FACTS)
    assert not [issue for issue in result.issues if "downstream" in issue.code]


@pytest.mark.parametrize(
    "wrong", [{"direction": "unknown"}, {"join_m": 0}, {"reach": 1}, {"path": "../../etc/rivers.gpkg"}]
)
def test_a_wrong_declaration_is_refused(valley, wrong):
    valley.write()
    valley.county.rivers |= wrong
    with pytest.raises(CatalogError):
        valley.county.screen(valley.rectangle(*AT, -50, 100, 50, 200), FACTS)


def test_the_declaration_survives_cache_and_json(valley):
    valley.options |= {"data_date": "2026-06-30", "publisher": "示例"}
    valley.write()
    path = valley.county.write()
    first = Catalog.open(path).rivers
    assert Catalog.open(path).rivers == first
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["rivers"]["data_date"] == "2026-06-30"
    assert type(first).from_json(first.to_json()) == first


def test_beyond_the_area_that_was_read_nothing_is_ruled_out(valley):
    valley.lines = [valley.line((-5000, 0), (150_000, 0))]
    valley.options["reach_m"] = 120_000.0
    valley.county.entries["water_source_zone"]["coverage"] = shapely.box(111.0, 24.0, 115.0, 26.0).wkt
    valley.zone(114_000, -5000, 118_000, 5000)
    assert answer(valley.screen()) is None
