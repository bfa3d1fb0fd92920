"""From a planner's file to a layer in a catalog: nothing lost, nothing guessed."""

import datetime
import json

import geopandas as gpd
import pyogrio
import pytest
import shapely

from lianzhou_gis.errors import CatalogError, FormatError, LianzhouError
from lianzhou_gis.intake import storage
from lianzhou_gis.intake.importing import carry_out
from lianzhou_gis.intake.intake_source import read_source
from lianzhou_gis.layers import load_layers
from lianzhou_gis.rulebook import Rulebook

BOX = shapely.box(112.4, 24.8, 112.41, 24.81)
# A bow-tie: which of the loops was meant cannot be told.
BOW_TIE = shapely.Polygon([(112.4, 24.8), (112.41, 24.81), (112.41, 24.8), (112.4, 24.81)])
# A spike of no area: plain what was meant.
SPIKE = shapely.Polygon(
    [
        (112.4, 24.8),
        (112.41, 24.8),
        (112.41, 24.805),
        (112.42, 24.805),
        (112.41, 24.805),
        (112.41, 24.81),
        (112.4, 24.81),
    ]
)


def codes(issues):
    return {issue.code for issue in issues}


def loaded(desk, theme):
    layers = load_layers(desk.catalog(), [theme], datetime.date(2026, 11, 23), facts=desk.facts)
    return layers.layers[0], layers


def test_a_shapefile_of_the_county_comes_in_whole(desk):
    columns = {
        "SYDMC": ["东陂河", "东陂河"],
        "BHQJB": ["一级保护区", "Ⅱ级"],
        "水域陆域": ["水域", "陆域"],
        "PFWH": ["粤府函〔2020〕1号", None],
        "面积": [1.5, 2.25],
    }
    path = desk.file(columns, name="bhq.shp", crs="EPSG:4526", encoding="GBK")
    done = desk.bring(path, publisher="清远市生态环境局", valid_from="2020-05-01", accuracy_m=5, count_by="source_name")
    layer, layers = loaded(desk, "water_source_zone")
    assert layers.gaps == ()
    zones = layer.zones
    assert zones["grade"].tolist() == ["primary", "secondary"]
    assert zones["part"].tolist() == ["water", "land"]
    assert zones["source_name"].tolist() == ["东陂河", "东陂河"]
    assert zones["document"].tolist()[0] == "粤府函〔2020〕1号"
    # The file's own columns are kept under their own names.
    assert zones["面积"].tolist() == [1.5, 2.25]
    # Edges are straight where they were surveyed, and the vertices are those of the file.
    assert set(zones["survey_crs"]) == {"EPSG:4526"}
    assert shapely.hausdorff_distance(zones.geometry[0], BOX) < 1e-9
    entry = desk.catalog().layers[0]
    assert (entry.row_count, entry.sha256, entry.disclosure) == (2, layer.sha256, "restricted")
    assert entry == done.entry
    assert entry.columns == {"SYDMC": "source_name", "BHQJB": "grade", "水域陆域": "part", "PFWH": "document"}


def test_the_record_states_where_it_came_from_and_what_was_done(desk):
    path = desk.file({"BSM": ["A", "B"], "级别": ["一级", "二级"]}, [BOX, SPIKE], name="x.shp", encoding="GBK")
    desk.bring(path)
    record = desk.record("water_source_zone")
    assert record["source"]["file"] == "x.shp" and len(record["source"]["sha256"]) == 64
    assert record["source"]["encoding"].lower().startswith("gb")
    assert record["imported_on"] == "2026-11-23"
    (repair,) = record["repairs"]
    assert (repair["source_row"], repair["done"]) == (2, "repaired")
    # 0.01 x 0.01 degrees at 24.8 N, by the ellipsoid: about 1,011 x 1,108 m.
    assert repair["area_before_m2"] == pytest.approx(repair["area_after_m2"], rel=1e-9)
    assert 1.11e6 < repair["area_after_m2"] < 1.13e6
    assert loaded(desk, "water_source_zone")[1].gaps == ()


def test_a_shape_in_doubt_stays_in_doubt(desk):
    done = desk.bring(desk.file({"级别": ["一级"]}, [BOW_TIE]))
    assert desk.record("water_source_zone")["repairs"][0]["done"] == "kept_as_read"
    assert "geometry_doubtful" in codes(done.issues)
    # Every use of the layer marks the place: a shape repaired at import could not tell any more.
    (gap,) = loaded(desk, "water_source_zone")[1].gaps
    assert gap.reason.value == "invalid_geometry" and gap.area.covers(BOW_TIE.centroid)


def test_a_heavy_broken_shape_is_retained_and_repaired_where_it_is_used(desk, monkeypatch):
    """The whole of a sea takes minutes, the part of it under a county a moment."""
    monkeypatch.setattr(storage, "_HEAVY", 4)
    done = desk.bring(desk.file({"级别": ["一级", "二级"]}, [SPIKE, BOX]))
    (repair,) = desk.record("water_source_zone")["repairs"]
    assert (repair["done"], repair["area_after_m2"], repair["doubtful_m2"]) == ("kept_as_read", None, None)
    assert "geometry_kept_broken" in codes(done.issues)
    layer, layers = loaded(desk, "water_source_zone")
    assert "geometry_repaired" in codes(layers.issues) and shapely.is_valid(layer.zones.geometry.to_numpy()).all()


def test_what_cannot_be_decided_is_asked(desk):
    path = desk.file({"级别": ["一级", "饮用水源地一级区", "限制区", None]})
    plan = desk.plan(path, expected_count=1)
    asked = {(question.kind, question.subject): question for question in plan.questions}
    assert set(asked) == {("grade", "饮用水源地一级区"), ("grade", "限制区"), ("grade", None), ("coverage", None)}
    # A likely grade comes first, and is not taken by itself.
    assert asked["grade", "饮用水源地一级区"].choices[0] == "primary"
    with pytest.raises(CatalogError, match="and 3 more questions"):
        carry_out(plan)
    assert not desk.catalog_path.exists()


def test_answers_close_the_questions(desk):
    path = desk.file({"级别": ["一级", "饮用水源地一级区", "限制区", None]})
    done = desk.bring(path, grades={"饮用水源地一级区": "primary", "限制区": "unknown"}, fill={"grade": "quasi"})
    layer, layers = loaded(desk, "water_source_zone")
    assert [grade if isinstance(grade, str) else None for grade in layer.zones["grade"]] == [
        "primary",
        "primary",
        None,
        "quasi",
    ]
    assert "unknown_grade" in codes(done.issues) and "unknown_grade" in codes(layers.issues)
    assert done.entry.grades == {"一级": "primary", "饮用水源地一级区": "primary", "quasi": "quasi"}


def test_a_grade_column_is_proposed_by_its_values_and_never_taken(desk):
    path = desk.file({"备注甲": ["一级", "二级", "二级"], "数": [1, 2, 3]})
    (question, _) = desk.plan(path, expected_count=1).questions
    assert question.kind == "grade_column" and question.choices[0] == "备注甲"
    assert "备注甲" in question.message.zh and "--column" in question.message.zh
    brought = desk.bring(path, columns={"备注甲": "grade"}, not_grade=("数",))
    assert brought.entry.columns == {"备注甲": "grade"}


def test_of_two_columns_that_would_do_the_other_is_named(desk):
    done = desk.bring(desk.file({"管控级别": ["一级"], "级别": ["二级"]}))
    (issue,) = [issue for issue in done.issues if issue.code == "column_chosen"]
    assert "管控级别" in issue.zh and "级别 也可能是" in issue.zh


def test_fields_as_the_provincial_platform_writes_them(desk):
    columns = {"HJZHGKDYBM\n": ["ZH1", "ZH2", "ZH3"], "HJZHGKDYMC": ["甲", "乙", "丙"], "zhgkdyfl": [1, 2, 3]}
    done = desk.bring(desk.file(columns), "control_unit", coverage="union")
    layer, _ = loaded(desk, "control_unit")
    assert layer.zones["grade"].tolist() == ["priority", "key", "general"]
    assert layer.zones["zone_id"].tolist() == ["ZH1", "ZH2", "ZH3"]
    assert done.entry.coverage == "union" and "column_renamed" in codes(done.issues)


def test_columns_that_differ_by_case_or_are_reserved_are_retained(desk):
    path = desk.path / "x.geojson"
    gpd.GeoDataFrame({"Name": ["a"], "NAME": ["b"], "fid": [7], "级别": ["一级"]}, geometry=[BOX], crs=4326).to_file(
        path
    )
    desk.bring(path)
    fields = set(pyogrio.read_info(desk.catalog_path.parent / "water_source_zone.gpkg")["fields"])
    assert fields == {"Name", "NAME_2", "fid_2", "级别"}


def test_an_old_datum_stays_what_it_is(desk):
    path = desk.path / "x.gpkg"
    frame = gpd.GeoDataFrame({"级别": ["一级"]}, geometry=[shapely.box(37640000, 2744000, 37641000, 2745000)])
    frame.set_crs("EPSG:2361").to_file(path)
    desk.bring(path)
    _, layers = loaded(desk, "water_source_zone")
    assert "unreliable_datum" in {gap.reason.value for gap in layers.gaps}


def test_an_offset_datum_widens_the_accuracy(desk):
    plan = desk.plan(desk.file({"级别": ["一级"]}), read={"datum": "gcj02"}, accuracy_m=3.0, no_coverage=True)
    assert plan.entry.accuracy_m == pytest.approx((3**2 + 10**2) ** 0.5, abs=0.01)
    assert "datum_offset" in codes(plan.issues)


def test_rows_without_shape_are_retained_and_named(desk):
    columns = {"地块名称": ["甲", "乙"], "状态": ["名录", "疑似"], "乡镇": ["连州镇", "星子镇"]}
    done = desk.bring(desk.file(columns, [BOX, None]), "contaminated_plot")
    assert done.entry.row_count == 2
    gaps = loaded(desk, "contaminated_plot")[1].gaps
    assert [(gap.reason.value, gap.towns) for gap in gaps] == [("no_geometry", ("星子镇",))]


def test_the_same_file_gives_the_same_bytes(desk, tmp_path):
    path = desk.file({"级别": ["一级", "二级"]}, [SPIKE, BOW_TIE])
    retained = []
    for _ in range(2):
        desk.bring(path)
        retained.append({name: data for name, data in desk.everything().items() if "layers" in name})
        for name in retained[-1]:
            (tmp_path / name).unlink()
    assert retained[0] == retained[1] and len(retained[0]) == 3


def test_a_dry_run_changes_nothing(desk):
    path = desk.file({"级别": ["一级"]})
    before = desk.everything()
    done = desk.bring(path, dry_run=True)
    assert (
        done.dry_run and done.entry.sha256 and done.files == ("water_source_zone.gpkg", "water_source_zone.import.json")
    )
    assert desk.everything() == before and not desk.catalog_path.parent.exists()


def test_a_failure_on_the_way_leaves_nothing(desk, monkeypatch):
    desk.begin(
        "region: {name: 某县, bounds: [111.6, 24.1, 113.3, 25.7]}\n"
        "layers: [{id: a, series: a, theme: receptor, path: a.gpkg}]\n"
    )
    before = desk.everything()
    path = desk.file({"级别": ["一级"]})
    with pytest.raises(CatalogError, match="one entry per line"):
        desk.bring(path)
    assert {**before, str(path): path.read_bytes()} == desk.everything()


def test_a_layer_from_elsewhere_is_refused(desk):
    path = desk.file({"级别": ["一级"]}, [shapely.box(-109.3, 39.5, -109.2, 39.6)], crs="EPSG:4326")
    with pytest.raises(LianzhouError, match="not in 连州市") as caught:
        desk.bring(path)
    assert "-109.2500E 39.5500N" in caught.value.zh


def test_an_empty_file_is_refused(desk):
    path = desk.file({"级别": []}, [])
    with pytest.raises(LianzhouError, match="no feature"):
        desk.bring(path)


def test_a_list_of_plots_has_names_and_towns_only(desk):
    path = desk.path / "名录.csv"
    text = "污染地块名录,,\n地块编码,地块名称,状态,所在乡镇\nP1,甲,列入名录,连州镇\nP2,乙,疑似,\n"
    path.write_bytes(text.encode("gb18030"))
    done = desk.bring(path, "contaminated_plot", document="某文")
    assert done.entry.row_count == 2 and "list_without_shapes" in codes(done.issues)
    _, layers = loaded(desk, "contaminated_plot")
    gaps = [(gap.reason.value, gap.zone_id, gap.towns) for gap in layers.gaps if gap.zone_id]
    assert gaps == [("no_geometry", "P1", ("连州镇",)), ("no_geometry", "P2", None)]


def test_a_list_whose_columns_nobody_knows_is_read_as_reported(desk):
    path = desk.path / "list.csv"
    path.write_text("甲栏,乙栏\nP1,疑似\n", encoding="utf-8")
    with pytest.raises(LianzhouError, match="no header row was found"):
        desk.plan(path, "contaminated_plot")
    columns = {"甲栏": "zone_id", "乙栏": "grade"}
    plan = desk.plan(
        path, "contaminated_plot", read={"named": columns}, columns=columns, no_coverage=True, expected_count=1
    )
    assert plan.questions == () and carry_out(plan).entry.row_count == 1


def test_a_file_that_does_not_hold_all_of_its_records_is_not_imported(tmp_path):
    shape = json.loads(shapely.to_geojson(shapely.box(112.40001, 24.78001, 112.41001, 24.79001)))
    feature = {"type": "Feature", "properties": {"grade": "general"}, "geometry": shape}
    path = tmp_path / "page.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature], "exceededTransferLimit": True}),
        encoding="utf-8",
    )
    with pytest.raises(FormatError, match=r"not whole and is not imported.*exceeded its limit"):
        read_source(
            path,
            "ecological_redline",
            tmp_path / "layers.yaml",
            day=datetime.date(2026, 1, 1),
            facts=Rulebook.load().facts,
        )
