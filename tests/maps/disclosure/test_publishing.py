import csv
import json

import numpy as np
import pyogrio
import pytest
import shapely
from lxml import etree

from lianzhou_gis.errors import DisclosureError, FormatError, MissingFileError, RunError
from lianzhou_gis.maps.disclosure import make_publication, open_source, publish, read_profile
from lianzhou_gis.maps.disclosure.public_page import _hide_small_counts, requirements
from tests.maps.disclosure.conftest import INTAKE, natural, profile_file

WATER = {"id": "water_source_zone", "columns": ["name"]}
DOCUMENT = {"accuracy_m": 1, "as_published": {"document": "粤府函〔2020〕1号", "date": "2020-01-01"}}


def rows(path):
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


def features(folder, layer="water_source_zone"):
    return json.loads((folder / "data" / f"{layer}.geojson").read_text(encoding="utf-8"))["features"]


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def shapes(folder, layer="water_source_zone"):
    return np.array([shapely.from_geojson(json.dumps(item["geometry"])) for item in features(folder, layer)])


def test_exactly_what_is_public_in_every_form(published):
    folder, _ = published
    table = rows(folder / "data/water_source_zone.csv")
    assert table[0] == ["number", "name", "grade", "town"] == list(features(folder)[0]["properties"])
    assert [row[1] for row in table[1:]] == ["0号水源二级区", "1号水源二级区", "2号水源二级区"]
    base = pyogrio.read_dataframe(folder / "data/water_source_zone.gpkg")
    assert base.crs.to_epsg() == 4490 and list(base["name"]) == [row[1] for row in table[1:]]
    assert shapely.equals_exact(base.geometry.to_numpy(), shapes(folder), 1e-9).all()
    page = (folder / "index.html").read_text(encoding="utf-8")
    for words in ("水源保护区公示图", "未标注审图号", "某市生态环境局", "380 米", "0号水源二级区"):
        assert words in page


def test_every_zone_is_drawn_or_named_as_withheld(published):
    folder, source = published
    withheld = [item["what"] for item in manifest_of(folder)["withheld"] if item["layer"] == "water_source_zone"]
    drawn = {item["properties"]["name"] for item in features(folder)}
    zones = source.zones["water_source_zone"]
    for name in zones.loc[shapely.get_type_id(zones.geometry.to_numpy()) != 0, "name"]:
        assert name in drawn or any(name in what for what in withheld)
    assert any("取水口" in what and "少于5" in what for what in withheld)


def test_counts_under_five_are_grouped(published):
    # Six plots in one town, three in the other: three could be told, and so could the six from the whole.
    assert rows(published[0] / "data/contaminated_plot.csv") == [["town", "count"], ["其他（合并）", "9"]]


def test_the_same_bytes_again_and_in_another_order_of_the_files(attempt, filled, made):
    folder, source = made
    files = make_publication(source, read_profile(folder / "profile.yaml"))
    for zones in filled.zones.values():
        zones.reverse()
    again = attempt("again")
    assert {name: (again / name).read_bytes() for name in files} == files


def test_neighbours_retain_one_border(published):
    assert shapely.coverage_is_valid(shapes(published[0], "administrative"))


def test_a_zone_has_the_same_bytes_beside_any_other_change(attempt, filled, made):
    before = {item["properties"]["name"]: item["geometry"] for item in features(made[0] / "public")}
    zones = filled.zones["water_source_zone"]
    zones[3]["geometry"] = natural(112.45, 24.95, 1500, 9)
    filled.add(
        "water_source_zone", natural(112.65, 24.7, 2500, 5), grade="quasi", zone_id="N", name="新区", town="星子镇"
    )
    after = {item["properties"]["name"]: item["geometry"] for item in features(attempt("after"))}
    assert after.pop("新区") and before["0号水源二级区"] == after["0号水源二级区"]
    assert before["2号水源二级区"] == after["2号水源二级区"]


def test_the_withheld_are_named_by_kind_only(published):
    withheld = {item["what"]: item["why"] for item in manifest_of(published[0])["withheld"]}
    assert withheld["生态保护红线（其余图层或版本）"] == "未声明公开"
    assert "ecological_redline" not in json.dumps(manifest_of(published[0]))


def test_the_manifest_states_what_the_attacks_made_of_it(published):
    for layer in manifest_of(published[0])["layers"]:
        report = layer["attacks"]
        assert (report is None) == (layer["show"] != "shapes")
        if report:
            assert report["median_m"] >= layer["protect_m"] == 50 and report["least_m"] >= 25
            # Cells are doubled where attacks come too near.
            assert layer["public_accuracy_m"] in (380, 750) and report["cells_differing"] == 0
            assert abs(report["near_share"] - report["near_by_chance"]) < 0.1


def test_no_source_or_date_in_the_catalog(attempt, filled):
    del filled.entries["water_source_zone"]["publisher"]
    with pytest.raises(DisclosureError, match="has no source"):
        attempt(layers=[WATER])
    with pytest.raises(DisclosureError, match="has no date"):
        del filled.entries["water_source_zone"]["data_date"]
        attempt(layers=[WATER | {"source": "粤府函〔2020〕1号"}])
    folder = attempt(layers=[WATER | {"source": "粤府函〔2020〕1号", "data_date": "2020-01-01"}])
    assert "粤府函〔2020〕1号" in (folder / "index.html").read_text(encoding="utf-8")


def test_synthetic_data_is_marked_or_refused(attempt, filled):
    filled.zones["administrative"][0]["name"] = "东陂镇（示例）"
    with pytest.raises(DisclosureError, match="synthetic: true"):
        attempt("a")
    filled.entries["administrative"]["synthetic"] = True
    page = (attempt("b") / "index.html").read_text(encoding="utf-8")
    assert "合成演示数据 不代表真实区划" in page


def test_finer_than_the_source_is_refused(attempt, filled):
    filled.entries["water_source_zone"]["accuracy_m"] = 80
    with pytest.raises(DisclosureError, match="finer than the source"):
        attempt(layers=[WATER | {"accuracy_m": 50}])


def test_hashes_of_shapes_are_no_codes(attempt, filled):
    filled.entries["water_source_zone"]["disclosure_columns"]["zone_id"] = "public"
    filled.zones["water_source_zone"][0]["zone_id"] = "0123456789ab"
    with pytest.raises(DisclosureError, match="not of its type"):
        attempt(layers=[WATER | {"columns": ["zone_id"]}])


def test_columns_of_a_layer_are_published_by_their_type(attempt):
    wanted = WATER | {"columns": ["name", "population"], "types": {"population": "count"}}
    assert features(attempt(layers=[wanted]))[0]["properties"]["population"] == 1200


def test_merged_zones_are_drawn_as_one(attempt):
    merged = {"id": "water_source_zone", "columns": ["town", "grade"], "merge": ["town"]}
    (only,) = features(attempt(layers=[merged]))
    assert only["properties"] == {"number": 1, "town": "东陂镇", "grade": "一级保护区、二级保护区"}
    assert only["geometry"]["type"] == "MultiPolygon"


def test_a_zone_can_be_left_out_by_name(attempt):
    folder = attempt(layers=[WATER | {"withhold": ["1号水源二级区"]}])
    assert len(features(folder)) == 2
    assert any(
        "1号水源二级区" in item["what"] and "发布单位" in item["why"] for item in manifest_of(folder)["withheld"]
    )


def test_a_name_of_no_zone_cannot_be_left_out(attempt):
    with pytest.raises(DisclosureError, match="names no zone"):
        attempt(layers=[WATER | {"withhold": ["城区取水口：东经112.371482，北纬24.781634"]}])


def test_what_the_law_publishes_may_be_shown_as_published(attempt, filled):
    zones, well = filled.zones["water_source_zone"], shapely.Point(112.7, 24.7)
    zones.append(dict(zones[-1], geometry=shapely.Point(INTAKE).buffer(3e-5), zone_id="QSK2"))
    filled.add("water_source_zone", well.buffer(0.0001), grade="primary", zone_id="J", name="一级区")
    zones[1]["geometry"] = shapely.union(zones[1]["geometry"], shapely.Point(112.72, 24.7).buffer(3e-5))
    with pytest.raises(DisclosureError, match="second confirmation"):
        attempt(layers=[WATER | DOCUMENT])
    folder = attempt(layers=[WATER | DOCUMENT], exact=["water_source_zone"])
    assert "按“粤府函〔2020〕1号”公布" in (folder / "index.html").read_text(encoding="utf-8")
    names = {f"{number}号水源{grade}区" for number in range(3) for grade in ("一级", "二级")}
    assert {item["properties"]["name"] for item in features(folder)} == names
    # No intake, be it a zone of its own or a part of one, whatever the document says.
    assert not shapely.intersects(shapes(folder), well).any()
    assert not shapely.intersects(shapes(folder), shapely.Point(112.72, 24.7)).any()
    reasons = " ".join(item["what"] for item in manifest_of(folder)["withheld"])
    assert "取水口" in reasons and "一级区" in reasons


def test_a_circle_around_a_well_that_another_layer_holds(attempt, filled):
    """No name tells it; the catalog knows the well."""
    well = shapely.Point(112.7, 24.7)
    circle = well.buffer(60 / 105_000)
    filled.add("water_source_zone", circle, grade="primary", zone_id="J", name="城北一级区")
    filled.add("receptor", well, grade=None, zone_id="R9", name="城北取水口")
    folder = attempt(layers=[WATER | DOCUMENT], exact=["water_source_zone"])
    assert not shapely.intersects(shapes(folder), well).any()
    assert manifest_of(folder)["exact_confirmed"] == ["water_source_zone"]
    assert any("城北一级区" in item["what"] for item in manifest_of(folder)["withheld"])


def test_what_is_to_be_left_out_is_left_out_of_exact_borders(attempt):
    layer = WATER | DOCUMENT | {"withhold": ["1号水源二级区"]}
    folder = attempt(layers=[layer], exact=["water_source_zone"])
    assert "1号水源二级区" not in {item["properties"]["name"] for item in features(folder)}


def test_the_document_is_the_one_of_the_catalog(attempt, filled):
    filled.entries["water_source_zone"]["document"] = "粤府函〔2019〕99号"
    with pytest.raises(DisclosureError, match="made from another document"):
        attempt(layers=[WATER | DOCUMENT], exact=["water_source_zone"])


@pytest.mark.parametrize(
    "name", ["3号井", "城区取水口", "备用水井", "提水泵房", "QSK7", "Well 3", "110kV白云站", "古墓群保护范围", "炸药库"]
)
def test_objects_that_must_not_be_found_are_withheld_by_name(attempt, filled, name):
    filled.add(
        "water_source_zone", natural(112.65, 24.75, 2500, 4), grade="quasi", zone_id="X", name=name, town="星子镇"
    )
    folder = attempt(layers=[WATER])
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert name.encode() not in whole and len(features(folder)) == 3


def test_an_intake_that_only_its_type_names(attempt, filled):
    shape = natural(112.65, 24.75, 2500, 4)
    filled.add("water_source_zone", shape, grade="quasi", zone_id="X", name="城北一号", town="星子镇", 类型="取水口")
    assert len(features(attempt(layers=[WATER]))) == 3


def test_a_village_with_a_well_in_its_name_is_no_well(attempt, filled):
    shape = natural(112.65, 24.75, 2500, 4)
    filled.add("water_source_zone", shape, grade="quasi", zone_id="X", name="龙井村水源准保护区", town="星子镇")
    assert len(features(attempt(layers=[WATER]))) == 4


def test_an_intake_in_a_collection_is_left_out(attempt, filled):
    both = shapely.GeometryCollection([shapely.Point(112.61, 25.01), natural(112.65, 24.75, 2500, 4)])
    filled.add("water_source_zone", both, grade="primary", zone_id="QSK2", name="取水点与泵站")
    folder = attempt()
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "取水点与泵站".encode() not in whole


def test_a_layer_of_habitats_is_no_map(attempt, filled):
    filled.entries["wildlife_habitat"] |= {"disclosure": "public", "disclosure_columns": {"name": "public"}}
    with pytest.raises(DisclosureError, match="no position is published"):
        attempt(layers=[{"id": "wildlife_habitat", "columns": ["name"]}])


def test_nothing_large_enough_is_refused(attempt):
    with pytest.raises(DisclosureError, match="no zone is large enough"):
        attempt(layers=[WATER | {"accuracy_m": 5000}])


def test_a_layer_that_cannot_be_read_stops_everything(attempt, filled):
    filled.entries["receptor"]["path"] = "gone.gpkg"
    with pytest.raises(DisclosureError, match="receptor cannot be read"):
        attempt()


def test_formulas_and_markup_stay_text(attempt, filled):
    filled.zones["administrative"][0]["name"] = "=HYPERLINK(1)"
    filled.zones["administrative"][1]["name"] = "</script><img src=x onerror=alert(1)>&amp;"
    folder = attempt()
    assert {row[1] for row in rows(folder / "data/administrative.csv")[1:]} == {
        "'=HYPERLINK(1)",
        "</script><img src=x onerror=alert(1)>&amp;",
    }
    assert "<img src=x" not in (folder / "data/administrative.html").read_text(encoding="utf-8")
    for path in folder.glob("data/*.xml"):
        assert etree.parse(path).getroot().tag.endswith("MD_Metadata")


def test_a_record_of_iso_19139_for_each_layer(published):
    root = etree.parse(published[0] / "data/water_source_zone.xml").getroot()
    space = {"gmd": "http://www.isotc211.org/2005/gmd", "gco": "http://www.isotc211.org/2005/gco"}
    text = " ".join(root.xpath("//gco:CharacterString/text()", namespaces=space))
    for words in ("water_source_zone", "380 米", "某市生态环境局", "固定格网", "EPSG:4490", "water_source_zone.gpkg"):
        assert words in " ".join([text, *root.xpath("//gmd:URL/text()", namespaces=space)])
    (extent,) = root.xpath("//gml:posList/text()", namespaces={"gml": "http://www.opengis.net/gml"})
    west, south, east, north = shapely.total_bounds(shapes(published[0])).round(5)
    assert set(map(float, extent.split())) == {west, south, east, north}


def test_a_folder_in_use_is_retained(attempt, tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "mine.txt").write_text("x")
    with pytest.raises(RunError, match="not empty"):
        attempt()
    assert (tmp_path / "public" / "mine.txt").exists()


def test_only_a_publication_is_replaced(made, tmp_path):
    folder, source = made
    profile = read_profile(folder / "profile.yaml")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("x")
    with pytest.raises(RunError, match="holds no publication"):
        publish(source, profile, tmp_path / "mine", overwrite=True)
    publish(source, profile, tmp_path / "public")
    steps = []
    publish(source, profile, tmp_path / "public", overwrite=True, progress=steps.append)
    assert steps == ["zones", "attacks", "words", "files", "writing", "checking"]


def test_what_is_neither_catalog_nor_run(tmp_path):
    with pytest.raises(FormatError, match="neither a run folder"):
        open_source(tmp_path)
    with pytest.raises(MissingFileError):
        read_profile(tmp_path / "gone.yaml")


def test_a_run_shows_numbers_and_no_zones(filled, tmp_path, square):
    filled.screen(square(112.33, 24.81, 400), name=["东陂加油站"]).save(tmp_path / "run")
    source = open_source(tmp_path / "run")

    def attempt(**changes):
        return publish(source, read_profile(profile_file(tmp_path, **changes)), tmp_path / "out", overwrite=True)

    with pytest.raises(DisclosureError, match="publish the shapes from the catalog"):
        attempt(layers=[WATER])
    attempt(layers=[], sites={"basis": "粤环审〔2026〕1号", "by": "verdict"})
    assert rows(tmp_path / "out/data/sites.csv") == [["verdict", "count"], ["其他（合并）", "少于5"]]
    attempt(layers=[], sites={"basis": "粤环审〔2026〕1号", "show": "list", "columns": ["name", "verdict"]})
    assert rows(tmp_path / "out/data/sites.csv")[1][:2] == ["1", "东陂加油站"]
    with pytest.raises(DisclosureError, match="no zone is large enough"):
        attempt(layers=[], sites={"basis": "粤环审〔2026〕1号", "show": "shapes", "columns": ["name"]})


@pytest.mark.parametrize(
    ("counts", "shown"),
    [([29, 29, 4], [None, 29, "少于5"]), ([9, 3, 2], [9, "少于5", "少于5"]), ([3], ["少于5"]), ([8, 7], [8, 7])],
)
def test_a_small_count_cannot_be_reported_from_the_whole(counts, shown):
    layer = {"count": sum(counts), "legend": [{"count": number} for number in counts]}
    _hide_small_counts(layer)
    assert [entry["count"] for entry in layer["legend"]] == shown
    assert layer["count"] == (sum(counts) if sum(counts) >= 5 else "少于5")


def test_requirements_are_those_of_the_rulebook_on_the_day():
    from datetime import date

    found = requirements("water_source_zone", "secondary", date(2026, 11, 23))
    assert found[0]["effect"] == "禁止" and any("生态环境法典" in item["basis"] for item in found)
    before = requirements("water_source_zone", "secondary", date(2026, 8, 14))
    assert not any("生态环境法典" in item["basis"] for item in before)
    assert all("规划要求" not in item["text"] for item in requirements("control_unit", "general", date(2026, 11, 23)))
