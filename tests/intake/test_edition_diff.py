"""Two editions of a layer: what became of each zone and of the ground, in round numbers."""

import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
import yaml

from lianzhou_gis.errors import LianzhouError
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.intake.edition_diff import compare_editions
from lianzhou_gis.intake.edition_tables import diff_document, write_diff
from lianzhou_gis.intake.editions import editions_of
from lianzhou_gis.intake.import_options import ImportOptions

DAY = datetime.date(2026, 11, 23)
CORNER = Plane().project([shapely.Point(112.4, 24.8)])[0]
NOWHERE = Path("no-such-catalog.yaml")


def cell(west, south, east, north):
    """A rectangle by metres of the plane from a corner near 连州镇, EPSG:4490."""
    box = shapely.box(CORNER.x + west, CORNER.y + south, CORNER.x + east, CORNER.y + north)
    return Plane().unproject(np.array([box], dtype=object))[0]


@pytest.fixture
def compare(desk):
    """Compare two tables of zones: rows of id, shape, grade and more."""

    def _compare(old, new, theme="water_source_zone"):
        for name, rows in (("old", old), ("new", new)):
            columns = {
                "zone_id": [row[0] for row in rows],
                "grade": [row[2] if len(row) > 2 else None for row in rows],
                "name": [row[3] if len(row) > 3 else None for row in rows],
            }
            desk.file(columns, [row[1] for row in rows], name=f"{name}.gpkg")
        files = [str(desk.path / f"{name}.gpkg") for name in ("old", "new")]
        ((pair,), _) = editions_of(*files, catalog=NOWHERE, day=DAY, theme=theme)
        return compare_editions(*pair)

    return _compare


def zones(diff):
    return {(zone.status, zone.old_id, zone.new_id): zone for zone in diff.zones}


def about(value):
    return pytest.approx(value, abs=1)


def test_the_same_edition_twice(compare):
    rows = [("A", cell(0, 0, 1000, 1000), "一级"), ("B", cell(1000, 0, 2000, 1000), "二级")]
    # Another order of rows and of corners is no change.
    turned = [("B", cell(1000, 0, 2000, 1000).reverse(), "二级"), ("A", cell(0, 0, 1000, 1000), "一级")]
    diff = compare(rows, turned)
    assert [zone.status for zone in diff.zones] == ["unchanged", "unchanged"]
    assert diff.outer() == (0, 0)
    assert {(item.old_grade, item.new_grade) for item in diff.ground} == {("primary",) * 2, ("secondary",) * 2}


def test_what_became_of_every_zone(compare):
    square = cell(0, 0, 1000, 1000)
    old = [
        ("same", square, "一级"),
        ("moved", cell(2000, 0, 3000, 1000), "一级"),
        ("graded", cell(4000, 0, 5000, 1000), "一级"),
        ("both", cell(6000, 0, 7000, 1000), "二级"),
        ("named", cell(8000, 0, 9000, 1000), "一级", "甲"),
        ("gone", cell(10000, 0, 11000, 1000), "一级"),
        ("number 1", cell(12000, 0, 13000, 1000), "一级"),
    ]
    new = [
        ("same", square, "一级"),
        ("moved", cell(2000, 100, 3000, 1200), "一级"),
        ("graded", cell(4000, 0, 5000, 1000), "二级"),
        ("both", cell(6000, 0, 7000, 500), "一级"),
        ("named", cell(8000, 0, 9000, 1000), "一级", "乙"),
        ("come", cell(0, 5000, 1000, 6000), "一级"),
        ("No. 1", cell(12000, 0, 13000, 900), "一级"),
    ]
    found = zones(compare(old, new))
    assert set(found) == {
        ("unchanged", "same", "same"),
        ("moved", "moved", "moved"),
        ("regraded", "graded", "graded"),
        ("moved_regraded", "both", "both"),
        ("attributes", "named", "named"),
        ("removed", "gone", None),
        ("added", None, "come"),
        # A new number for what is mostly the old zone.
        ("moved", "number 1", "No. 1"),
    }
    moved = found["moved", "moved", "moved"]
    assert (moved.gained_m2, moved.lost_m2) == (about(200_000), about(100_000))
    assert shapely.hausdorff_distance(moved.gained, cell(2000, 1000, 3000, 1200)) < 1e-6
    assert found["attributes", "named", "named"].changed == ("name",)
    assert found["added", None, "come"].gained_m2 == about(1e6)
    assert found["removed", "gone", None].lost_m2 == about(1e6)


def test_a_zone_drawn_anew_is_not_new_ground(compare):
    old = [("whole", cell(0, 0, 3000, 1000), "一级")]
    new = [(f"part{k}", cell(1000 * k, 0, 1000 * k + 1000, 1100), "一级") for k in range(3)]
    found = zones(compare(old, new))
    assert set(found) == {
        ("redrawn_in", None, "part0"),
        ("redrawn_in", None, "part1"),
        ("redrawn_in", None, "part2"),
        ("redrawn_out", "whole", None),
    }
    assert found["redrawn_in", None, "part1"].gained_m2 == about(100_000)
    assert found["redrawn_out", "whole", None].others == ("part0", "part1", "part2")
    assert found["redrawn_out", "whole", None].lost_m2 == about(0)


def test_the_ground_is_counted_once_and_strictly(compare):
    # The primary zone grows inside a secondary one that is drawn nested, over two zones that overlap.
    old = [("P", cell(0, 0, 100, 100), "一级"), ("S", cell(0, 0, 1000, 1000), "二级")]
    new = [
        ("P", cell(0, 0, 200, 100), "一级"),
        ("S", cell(0, 0, 1000, 900), "二级"),
        ("S2", cell(500, 0, 1100, 900), "二级"),
    ]
    diff = compare(old, new)
    ground = {(item.old_grade, item.new_grade): item.area_m2 for item in diff.ground}
    assert ground == {
        ("primary", "primary"): about(10_000),
        ("secondary", "primary"): about(10_000),
        ("secondary", "secondary"): about(880_000),
        ("secondary", None): about(100_000),
        (None, "secondary"): about(90_000),
    }
    assert diff.balance("secondary") == (about(990_000), about(970_000), about(90_000), about(110_000))
    assert diff.outer() == (about(90_000), about(100_000))


def test_unknown_grades_and_zones_without_shape(compare):
    diff = compare([("A", cell(0, 0, 100, 100), "?"), ("B", None, "一级")], [("A", cell(0, 0, 100, 100), "一级")])
    found = zones(diff)
    assert ("regraded", "A", "A") in found and ("removed", "B", None) in found
    assert found["regraded", "A", "A"].old_grade == "unknown"
    assert diff.grades == ("primary", "unknown")


def test_themes_without_grades(compare):
    rows = [("A", cell(0, 0, 100, 100))]
    diff = compare(rows, [("A", cell(0, 0, 100, 200))], "karst_strong")
    assert diff.balance("karst_strong") == (about(10_000), about(20_000), about(10_000), about(0))


def test_a_broken_shape_is_repaired_aloud(desk):
    bow_tie = shapely.Polygon([(112.4, 24.8), (112.41, 24.81), (112.41, 24.8), (112.4, 24.81)])
    path = str(desk.file({"zone_id": ["A"]}, [bow_tie]))
    ((pair,), _) = editions_of(path, path, catalog=NOWHERE, day=DAY, theme="karst_strong")
    assert "geometry_repaired" in {issue.code for issue in pair[0].issues}
    assert compare_editions(*pair).zones[0].status == "unchanged"


def write_catalog(desk, name, entries):
    path = desk.path / name
    document = {"region": {"name": "某县", "bounds": [112.0, 24.5, 113.0, 25.5]}, "layers": entries}
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return str(path)


def entry(name, theme="karst_strong", **more):
    return {"id": name, "series": name, "theme": theme, "path": f"{name}.gpkg", **more}


def test_two_catalogs_series_by_series(desk):
    desk.file({"zone_id": ["A"]}, [cell(0, 0, 100, 100)], name="a.gpkg")
    desk.file({"zone_id": ["B"]}, [cell(0, 0, 200, 100)], name="b.gpkg")
    old = write_catalog(desk, "old.yaml", [entry("a", series="s"), entry("gone", path="gone.gpkg")])
    new = write_catalog(desk, "new.yaml", [entry("b", series="s"), entry("a", "industrial_park", series="t")])
    pairs, issues = editions_of(old, new, catalog=NOWHERE, day=DAY)
    found = [(pair[0] and pair[0].entry.id, pair[1] and pair[1].entry.id) for pair in pairs]
    assert found == [("a", "b"), (None, "a")]
    # What cannot be read is said, and the others are compared.
    assert [(issue.code, issue.where) for issue in issues] == [("edition_unreadable", "layer gone")]
    assert zones(compare_editions(*pairs[1])).keys() == {("added", None, "A")}


def test_an_id_against_a_file_of_its_theme(desk):
    desk.file({"zone_id": ["A"], "grade": ["一级"]}, [cell(0, 0, 100, 100)], name="a.gpkg")
    path = desk.file({"zone_id": ["A"], "等第": ["甲"]}, [cell(0, 0, 100, 100)], name="new.gpkg")
    catalog = Path(write_catalog(desk, "layers.yaml", [entry("a", "water_source_zone")]))
    reported = ImportOptions(columns={"等第": "grade"}, grades={"甲": "secondary"})
    ((pair,), _) = editions_of("a", str(path), catalog=catalog, day=DAY, options=reported)
    assert (pair[0].of_catalog, pair[1].of_catalog) == (True, False)
    assert zones(compare_editions(*pair)).keys() == {("regraded", "A", "A")}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a", "gone", "neither a file nor a layer of layers.yaml"),
        ("a", "b", "of different themes"),
        ("file", "file", "state it with --as"),
    ],
)
def test_names_that_cannot_be_compared(desk, old, new, words):
    desk.file({"zone_id": ["A"]}, [cell(0, 0, 100, 100)], name="a.gpkg")
    path = str(desk.path / "a.gpkg")
    catalog = Path(write_catalog(desk, "layers.yaml", [entry("a"), entry("b", "industrial_park", path="a.gpkg")]))
    with pytest.raises(LianzhouError, match=words):
        editions_of(*(path if name == "file" else name for name in (old, new)), catalog=catalog, day=DAY)


def test_what_is_written(compare, tmp_path):
    diff = compare([("A", cell(0, 0, 100, 100), "一级", "=1+1")], [("A", cell(0, 0, 100, 200), "二级", "=1+1")])
    retained = [
        {path.name: path.read_bytes() for path in write_diff([diff], None, tmp_path, DAY, {"a.html": "x"})}
        for _ in "ab"
    ]
    assert retained[0] == retained[1] and set(retained[0]) == {"diff.xlsx", "diff.gpkg", "a.html"}
    ground = pyogrio.read_dataframe(tmp_path / "diff.gpkg", layer="ground")
    assert dict(zip(ground["old_label"] + ground["new_label"], ground["area_m2"], strict=True)) == {
        "一级保护区二级保护区": about(10_000),
        "不在区内二级保护区": about(10_000),
    }
    book = openpyxl.load_workbook(tmp_path / "diff.xlsx")
    assert book.sheetnames == ["按级别", "去向", "逐个区域"]
    cells = [item for page in book for row in page.iter_rows() for item in row]
    assert "=1+1" in {item.value for item in cells} and "f" not in {item.data_type for item in cells}
    (reported,) = diff_document([diff], None)["layers"]
    assert reported["counts"]["moved_regraded"] == 1 and reported["net_m2"] == about(10_000)
