"""A catalog with one thing wrong at a time: what is found, where, and by how much."""

import datetime

import numpy as np
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.intake.checking import check_layers

DAY = datetime.date(2026, 11, 23)
# Rectangles of the plane, so that areas are round numbers.
CORNER = Plane().project([shapely.Point(112.4, 24.8)])[0]


def cell(west, south, east, north):
    """A rectangle by metres of the plane from a corner near 连州镇, EPSG:4490."""
    box = shapely.box(CORNER.x + west, CORNER.y + south, CORNER.x + east, CORNER.y + north)
    return Plane().unproject(np.array([box], dtype=object))[0]


COUNTY = cell(-5000, -5000, 15000, 15000)


class Desk:
    """Layers written by hand into a catalog."""

    def __init__(self, desk):
        self.desk, self.entries = desk, []
        desk.catalog_path.parent.mkdir()

    def layer(self, theme, rows, *, name=None, coverage=COUNTY.wkt, **entry):
        name = name or theme
        shapes = [row.pop("shape") for row in rows]
        columns = {key: [row.get(key) for row in rows] for key in {key for row in rows for key in row}}
        path = self.desk.file(columns, shapes, name=f"layers/{name}.gpkg")
        reported = {
            "accuracy_m": 1,
            "publisher": "某局",
            "document": "某文",
            "data_date": "2026-01-01",
            "expected_count": len(rows),
            "count_by": "source_row",
        }
        self.entries.append(
            {"id": name, "series": name, "theme": theme, "path": path.name, **reported, "coverage": coverage, **entry}
        )

    def check(self, *only, day=DAY):
        document = {"region": {"name": "某县", "bounds": [112.0, 24.5, 113.0, 25.5]}, "layers": self.entries}
        self.desk.begin(yaml.safe_dump(document, allow_unicode=True))
        return check_layers(Catalog.open(self.desk.catalog_path), day, facts=self.desk.facts, subset=only)

    def codes(self, *only):
        return [(item.severity, item.code, item.zone_id) for item in self.check(*only).defects]


@pytest.fixture
def layers(desk):
    return Desk(desk)


def zone(zone_id, shape, grade=None, **more):
    return {"zone_id": zone_id, "grade": grade, "shape": shape, **more}


def test_a_sound_layer_has_no_defect(layers):
    layers.layer("karst_strong", [zone("A", cell(0, 0, 1000, 1000))])
    found = layers.check()
    assert found.defects == () and not found.reaches("info")
    (report,) = found.reports
    assert (report.status, report.zones) == ("loaded", 1)
    assert report.area_m2 == pytest.approx(1e6, abs=0.1)


def test_every_fault_of_a_shape_has_its_place(layers):
    # A zigzag that crosses its own base six times.
    corner, side = (112.4, 24.8), 0.001
    zigzag = [(0, 0), (9, 0), (9, 2), (8, -1), (6, 1), (4, -1), (2, 1), (1, -1), (0, 2)]
    shape = shapely.Polygon([(corner[0] + x * side, corner[1] + y * side) for x, y in zigzag])
    layers.layer("karst_strong", [zone("A", shape), zone("B", cell(0, 0, 10, 10))])
    found = [item for item in layers.check().defects if item.code == "geometry_fault"]
    crossings = shapely.intersection(
        shapely.LineString(shape.exterior.coords[:2]), shapely.LineString(shape.exterior.coords[2:])
    )
    # Where the ring closes it meets its base too.
    expected = sorted((round(point.x, 6), round(point.y, 6)) for point in crossings.geoms)[1:]
    assert len(expected) == 6
    assert sorted((round(item.shape.x, 6), round(item.shape.y, 6)) for item in found) == expected
    assert {item.zone_id for item in found} == {"A"} and "共 6 处" in found[0].zh


def test_units_leave_a_gap_and_share_ground(layers):
    cover = cell(0, 0, 2000, 1000).wkt
    units = [
        zone("U1", cell(0, 0, 990, 1000), "priority"),
        zone("U2", cell(1000, 0, 2000, 1000), "general"),
        zone("U3", cell(1500, 0, 2000, 20), "key"),
    ]
    layers.layer("control_unit", units, coverage=cover)
    found = {item.code: item for item in layers.check().defects if item.code.startswith("unit_")}
    gap, overlap = found["unit_gap"], found["unit_overlap"]
    assert gap.amount == pytest.approx(10_000, abs=1) and overlap.amount == pytest.approx(10_000, abs=1)
    assert gap.severity == overlap.severity == "error"
    assert shapely.hausdorff_distance(gap.shape, cell(990, 0, 1000, 1000)) < 1e-6
    assert overlap.zone_id == "U2" and "U3" in overlap.zh
    # The same place in metres, as a surveyor finds it.
    assert gap.place.zone == "EPSG:4525" and 37_000_000 < gap.place.east < 38_000_000


def test_units_that_share_a_border_share_nothing(layers):
    units = [zone("U1", cell(0, 0, 1000, 1000), "priority"), zone("U2", cell(1000, 0, 2000, 1000), "general")]
    layers.layer("control_unit", units, coverage=cell(0, 0, 2000, 1000).wkt)
    assert not [code for _, code, _ in layers.codes() if code.startswith("unit_")]


def test_a_hole_between_units_is_found_where_coverage_is_their_union(layers):
    ring = shapely.difference(cell(0, 0, 1000, 1000), cell(400, 400, 500, 500))
    layers.layer("control_unit", [zone("U1", ring, "priority")], coverage="union")
    (gap,) = [item for item in layers.check().defects if item.code == "unit_gap"]
    assert gap.amount == pytest.approx(10_000, abs=1)


def test_the_list_of_units_against_the_units(layers, desk):
    layers.layer("control_unit", [zone("U1", COUNTY, "general")], access_list="access.csv")
    rows = (
        "item_id,unit_id,level,dimension,kind,text\nA1,U1,unit,spatial,encouraged,x\nA2,U9,unit,spatial,encouraged,x\n"
    )
    (desk.catalog_path.parent / "access.csv").write_text(rows, encoding="utf-8")
    assert ("error", "list_unit_without_polygon", "U9") in layers.codes()
    assert not [code for _, code, name in layers.codes() if name == "U1"]


SOURCE = {"source_name": "某水源"}


@pytest.mark.parametrize(
    ("secondary", "form"),
    [
        (cell(0, 0, 1000, 1000), "nested"),
        (shapely.difference(cell(0, 0, 1000, 1000), cell(400, 400, 600, 600)), "ring"),
    ],
)
def test_nested_and_ring_shaped_data_are_both_right(layers, secondary, form):
    zones = [zone("P", cell(400, 400, 600, 600), "primary", **SOURCE), zone("S", secondary, "secondary", **SOURCE)]
    layers.layer("water_source_zone", zones)
    found = layers.check()
    ((reported,),) = [report.nesting for report in found.reports]
    assert (reported.source, reported.stricter, reported.milder, reported.form) == (
        "某水源",
        "primary",
        "secondary",
        form,
    )
    assert reported.cut_m2 == pytest.approx(960_000, abs=1)
    assert [item.code for item in found.defects] == ["contradiction_unchecked"]


def test_neither_nested_nor_ring_shaped(layers):
    zones = [
        zone("P", cell(900, 400, 1100, 600), "primary", **SOURCE),
        zone("S", cell(0, 0, 1000, 1000), "secondary", **SOURCE),
    ]
    layers.layer("water_source_zone", zones)
    (mixed,) = [item for item in layers.check().defects if item.code == "nesting_mixed"]
    assert (mixed.zone_id, mixed.amount) == ("P", pytest.approx(20_000, abs=1))


def test_a_gap_around_the_stricter_zone_and_a_stricter_zone_elsewhere(layers):
    ring = shapely.difference(cell(0, 0, 1000, 1000), cell(400, 400, 600, 600))
    zones = [
        zone("P", cell(410, 400, 600, 600), "primary", **SOURCE),
        zone("S", ring, "secondary", **SOURCE),
        zone("P2", cell(3000, 0, 3100, 100), "primary", source_name="另一水源"),
        zone("S2", cell(4000, 0, 5000, 1000), "secondary", source_name="另一水源"),
    ]
    layers.layer("water_source_zone", zones)
    found = {item.code: item for item in layers.check().defects}
    assert found["nesting_gap"].amount == pytest.approx(2_000, abs=1)
    assert found["nesting_apart"].zone_id == "P2"


def test_three_grades_leave_no_false_gap(layers):
    """The hole of the quasi zone holds the secondary ring and the primary zone inside it."""
    ring = shapely.difference(cell(200, 200, 800, 800), cell(400, 400, 600, 600))
    outer = shapely.difference(cell(0, 0, 1000, 1000), cell(200, 200, 800, 800))
    zones = [("P", cell(400, 400, 600, 600), "primary"), ("S", ring, "secondary"), ("Q", outer, "quasi")]
    layers.layer("water_source_zone", [zone(*item, **SOURCE) for item in zones])
    assert not [code for _, code, _ in layers.codes() if code.startswith("nesting")]


def test_one_source_under_two_names(layers):
    zones = [
        zone("P", cell(400, 400, 600, 600), "primary", source_name="东陂河水源地"),
        zone("S", cell(0, 0, 1000, 1000), "secondary", source_name="东陂河饮用水源地"),
    ]
    layers.layer("water_source_zone", zones)
    assert ("warning", "source_name_variants", "P") in layers.codes()


def test_shapes_that_are_twice(layers):
    zones = [
        zone("A", cell(0, 0, 1000, 1000)),
        zone("B", cell(0, 0, 1000, 1000)),
        zone("C", cell(0, 0, 1000, 1001)),
        zone("D", cell(2000, 0, 3000, 1000)),
    ]
    layers.layer("karst_strong", zones)
    found = [(item.code, item.zone_id) for item in layers.check().defects]
    # One zone twice may stand where another one was lost: the layer counts as incomplete, too.
    assert found == [
        ("layer_incomplete", None),
        ("shapes_repeated", None),
        ("duplicate_shape", "A"),
        ("nearly_same_shape", "A"),
        ("nearly_same_shape", "B"),
    ]


def test_places_where_no_zone_should_be(layers):
    zones = [zone("A", cell(0, 0, 1000, 1000)), zone("B", shapely.box(113.2, 24.8, 113.21, 24.81))]
    layers.layer("karst_strong", zones, coverage=cell(0, 0, 900, 1000).wkt)
    found = {(item.code, item.zone_id): item for item in layers.check().defects}
    assert ("outside_region", "B") in found and ("outside_region", "A") not in found
    assert found["outside_declared_coverage", "A"].amount == pytest.approx(100_000, abs=1)


def test_areas_and_units_of_areas(layers):
    zones = [
        zone("A", cell(0, 0, 1000, 1000), 批复面积=1_000_500),
        zone("B", cell(2000, 0, 3000, 1000), 批复面积=1_100_000),
        zone("C", cell(4000, 0, 5000, 1000), 批复面积=100),
    ]
    layers.layer("karst_strong", zones, official_area_m2=2_000_000)
    found = {item.zone_id: item for item in layers.check().defects if item.code == "area_differs"}
    assert set(found) == {"B", "C", None}
    assert found["B"].amount == pytest.approx(100_000, abs=10)
    assert "公顷" in found["C"].zh and "公顷" not in found["B"].zh


def test_grades_counts_dates_and_what_nobody_stated(layers):
    zones = [zone("A", cell(0, 0, 10, 10), "一级", **SOURCE), zone("B", cell(20, 0, 30, 10), "限制区", **SOURCE)]
    layers.layer(
        "water_source_zone", zones, expected_count=17, count_by="source_name", valid_to="2027-01-31", accuracy_m=None,
        publisher=None,
    )  # fmt: skip
    found = layers.check()
    defects = {item.code: item for item in found.defects}
    assert (defects["unknown_grade"].zone_id, defects["unknown_grade"].severity) == ("B", "error")
    assert defects["layer_incomplete"].severity == "error"
    assert defects["expires_soon"].amount == 69
    assert defects["accuracy_missing"].amount == 2 and "发布单位" in defects["provenance_missing"].zh
    assert found.reports[0].counted == {"by": "source_name", "expected": 17, "found": 1, "names": ["某水源"]}
    assert found.reports[0].grades == {"primary": 1, "unknown": 1}


RED = ("ecological_redline", "general")


@pytest.mark.parametrize(
    ("holder", "grade", "other", "code", "area"),
    [
        ("control_unit", "general", RED, "redline_in_lesser_unit", 20_000),
        ("control_unit", "key", RED, "redline_in_lesser_unit", 20_000),
        ("control_unit", "priority", RED, None, None),
        ("permanent_basic_farmland", None, RED, "farmland_in_redline", 20_000),
        ("industrial_park", None, RED, "park_in_redline", 20_000),
        ("nature_reserve", "core", RED, "reserve_core_outside_redline", 180_000),
        ("nature_reserve", "general", RED, None, None),
        ("water_source_zone", "primary", ("livestock_prohibited_zone", "no_farms"), "source_zone_without_no_raising",
         180_000),
        ("water_source_zone", "quasi", ("livestock_prohibited_zone", "no_farms"), None, None),
        ("industrial_park", None, ("water_source_zone", "secondary"), "park_in_source_zone", 20_000),
    ],
)  # fmt: skip
def test_layers_contradict_each_other(layers, holder, grade, other, code, area):
    """A holder of 1,000 x 200 m, of which 100 x 200 m lie in the other zone."""
    layers.layer(
        holder, [zone("H", cell(0, 0, 1000, 200), grade)], coverage="union" if holder == "control_unit" else None
    )
    layers.layer(other[0], [zone("O", cell(900, -500, 2000, 500), other[1])])
    kinds = {item["code"] for item in _statements()}
    found = [item for item in layers.check().defects if item.code in kinds and item.zone_id == "H"]
    assert [item.code for item in found] == ([] if code is None else [code])
    if code is not None:
        assert found[0].amount == pytest.approx(area, abs=2)


def _statements():
    from lianzhou_gis.intake.quality_issues import contradictions

    return contradictions()


def test_slivers_within_the_accuracy_contradict_nothing(layers):
    layers.layer("permanent_basic_farmland", [zone("H", cell(0, 0, 1000, 1000))])
    layers.layer("ecological_redline", [zone("O", cell(999, 0, 2000, 1000), "general")])
    assert "farmland_in_redline" not in {code for _, code, _ in layers.codes()}
    layers.entries[0]["accuracy_m"] = layers.entries[1]["accuracy_m"] = 0.1
    assert "farmland_in_redline" in {code for _, code, _ in layers.codes()}


def test_what_could_not_be_compared_is_stated(layers):
    layers.layer("permanent_basic_farmland", [zone("H", cell(0, 0, 1000, 1000))])
    assert layers.codes() == [("info", "contradiction_unchecked", None)]


def test_only_some_layers_and_those_of_the_day(layers):
    layers.layer("karst_strong", [zone("A", cell(0, 0, 10, 10))], accuracy_m=None, valid_to="2026-11-22", name="old",
                 series="k")  # fmt: skip
    layers.layer("karst_strong", [zone("A", cell(0, 0, 10, 10))], accuracy_m=None, valid_from="2026-11-23", name="new",
                 series="k")  # fmt: skip
    layers.layer("industrial_park", [zone("P", cell(0, 0, 10, 10))], accuracy_m=None)
    assert {item.layer_id for item in layers.check("new").defects} == {"new"}
    with pytest.raises(ValueError, match="not the edition of 2026-11-23"):
        layers.check("old")
    with pytest.raises(ValueError, match="there are old, new, industrial_park"):
        layers.check("gone")


def test_a_broken_layer_is_an_error_and_the_others_are_looked_at(layers, desk):
    layers.layer("karst_strong", [zone("A", cell(0, 0, 10, 10))])
    layers.layer("industrial_park", [zone("P", cell(0, 0, 10, 10))])
    (desk.catalog_path.parent / "karst_strong.gpkg").write_bytes(b"nothing")
    found = layers.check()
    assert [report.status for report in found.reports] == ["read_error", "loaded"]
    assert found.reaches("error") and found.defects[0].code == "read_error"


def test_many_of_a_kind_are_counted_not_listed(layers):
    zones = [zone(f"Z{k}", cell(k * 20, 0, k * 20 + 10, 10), "?") for k in range(230)]
    layers.layer("water_source_zone", zones)
    found = [item for item in layers.check().defects if item.severity == "error"]
    assert len(found) == 201
    assert (found[-1].code, found[-1].amount) == ("more", 30)
