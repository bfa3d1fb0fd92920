import json

import numpy as np
import pytest
import shapely

from lianzhou_gis.errors import DisclosureError, FormatError, MissingFileError, RunError
from lianzhou_gis.maps.disclosure import open_source, publication, publish, read_profile

WATER = {"id": "water_source_zone", "columns": ["name"], "accuracy_m": 50}


def rows(path):
    return [line.split(",") for line in path.read_text(encoding="utf-8-sig").splitlines()]


def test_exactly_what_is_public_in_three_forms(published):
    folder, _ = published
    table = rows(folder / "water_source_zone.csv")
    features = json.loads((folder / "water_source_zone.geojson").read_text(encoding="utf-8"))["features"]
    assert table[0] == ["number", "name", "grade", "town"] == list(features[0]["properties"])
    assert len(table) - 1 == len(features) == 6
    assert table[1] == ["1", "0号水源一级区", "一级保护区", "东陂镇"]
    page = (folder / "index.html").read_text(encoding="utf-8")
    for words in ("水源保护区公示图", "未标注审图号，理由：测试数据", "某市生态环境局", "50、100 米", "0号水源一级区"):
        assert words in page


def test_counts_under_five_are_grouped(published):
    # Six plots in one town, three in the other: three could be told, and so could the six from the whole.
    assert rows(published[0] / "contaminated_plot.csv") == [["town", "count"], ["其他（合并）", "9"]]


def test_the_same_again(attempt):
    first, second = attempt("one"), attempt("two")
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {
        path.name: path.read_bytes() for path in second.iterdir()
    }


def test_neighbours_keep_one_border(published):
    text = (published[0] / "administrative.geojson").read_text(encoding="utf-8")
    west, east = (shapely.from_geojson(json.dumps(item["geometry"])) for item in json.loads(text)["features"])
    assert shapely.coverage_is_valid([west, east])


def test_the_withheld_are_named_by_kind_only(published):
    manifest = json.loads((published[0] / "manifest.json").read_text(encoding="utf-8"))
    told = {item["what"]: item["why"] for item in manifest["withheld"]}
    assert told["生态保护红线（其余图层或版本）"] == "未声明公开"
    assert any("取水口" in what for what in told)
    assert "ecological_redline" not in json.dumps(manifest)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"no_approval_reason": None}, ["审图号", "no_approval_reason"]),
        ({"approval_number": "粤S（20XX）XXX号", "no_approval_reason": None}, ["approval_number", "粤S（2026）012号"]),
        ({"approval_number": "粤S（2026）012号"}, ["二者取一"]),
        ({"date": None}, ["date", "缺少该项"]),
        ({"publisher": None}, ["publisher", "缺少该项"]),
        ({"colour": "red"}, ["colour", "没有这个键"]),
        ({"layers": [WATER | {"accuracy_m": None}]}, ["accuracy_m"]),
        ({"layers": [{"id": "ecological_redline", "accuracy_m": 50}]}, ["未声明公开", "disclosure: public"]),
        ({"layers": [WATER | {"columns": ["authority"]}]}, ["authority", "disclosure_columns"]),
        ({"layers": [WATER | {"columns": ["nam"]}]}, ["nam", "是否指 name"]),
        ({"layers": [WATER | {"columns": ["intake_x"]}]}, ["intake_x", "不得公布"]),
        ({"layers": [WATER | {"columns": ["source_row"]}]}, ["source_row", "不得公布"]),
        ({"layers": [WATER | {"id": "water"}]}, ["water"]),
        ({"layers": [{"id": "contaminated_plot", "accuracy_m": 50}]}, ["as_published"]),
        ({"sites": {"basis": "公示〔2026〕1号", "by": "town"}}, ["结果文件夹"]),
    ],
)
def test_a_refusal_names_what_to_do(attempt, tmp_path, changes, words):
    with pytest.raises(DisclosureError) as refused:
        attempt(**changes)
    for word in words:
        assert word in refused.value.zh
    assert not (tmp_path / "public").exists()


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
        attempt(layers=[WATER])


def test_hashes_of_shapes_are_no_numbers_of_zones(attempt, filled):
    filled.entries["water_source_zone"]["disclosure_columns"]["zone_id"] = "public"
    filled.zones["water_source_zone"][0]["zone_id"] = "0123456789ab"
    with pytest.raises(DisclosureError, match="hashes of shapes"):
        attempt(layers=[WATER | {"columns": ["zone_id"]}])


def test_what_the_law_publishes_may_be_shown_as_published(attempt):
    folder = attempt(layers=[WATER | {"accuracy_m": 1, "as_published": "粤府函〔2020〕1号"}])
    text = (folder / "water_source_zone.geojson").read_text(encoding="utf-8")
    assert "按“粤府函〔2020〕1号”公布" in (folder / "index.html").read_text(encoding="utf-8")
    assert len(json.loads(text)["features"]) == 6


def test_a_layer_that_cannot_be_read_stops_everything(attempt, filled):
    filled.entries["receptor"]["path"] = "gone.gpkg"
    with pytest.raises(DisclosureError, match="receptor cannot be read"):
        attempt()


def test_formulas_and_markup_stay_text(attempt, filled):
    filled.zones["administrative"][0]["name"] = "=HYPERLINK(1)"
    filled.zones["administrative"][1]["name"] = "</script><img src=x onerror=alert(1)>"
    folder = attempt()
    assert {row[1] for row in rows(folder / "administrative.csv")[1:]} == {
        "'=HYPERLINK(1)",
        "</script><img src=x onerror=alert(1)>",
    }


def test_a_folder_in_use_is_kept(attempt, tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "mine.txt").write_text("x")
    with pytest.raises(RunError, match="not empty"):
        attempt()
    assert (tmp_path / "public" / "mine.txt").exists()


def test_what_is_neither_catalog_nor_run(tmp_path):
    with pytest.raises(FormatError, match="neither a run folder"):
        open_source(tmp_path)
    with pytest.raises(MissingFileError):
        read_profile(tmp_path / "gone.yaml")


def test_a_run_tells_numbers_or_generalised_sites_and_no_zones(filled, tmp_path, square):
    result = filled.screen(square(112.33, 24.81, 400), name=["东陂加油站"])
    result.save(tmp_path / "run")
    profile = tmp_path / "p.yaml"
    common = "title: 项目公示\npublisher: 某市生态环境局\ndate: 2026-11-24\nno_approval_reason: 测试数据，不公开使用\n"
    source = open_source(tmp_path / "run")
    profile.write_text(common + "layers: [{id: water_source_zone, columns: [name], accuracy_m: 50}]\n", "utf-8")
    with pytest.raises(DisclosureError, match="publish the shapes from the catalog"):
        publish(source, read_profile(profile), tmp_path / "out")
    profile.write_text(common + "sites: {basis: 公示〔2026〕1号, by: verdict}\n", "utf-8")
    publish(source, read_profile(profile), tmp_path / "counts")
    assert rows(tmp_path / "counts" / "sites.csv") == [["verdict", "count"], ["其他（合并）", "少于5"]]
    shown = "sites: {basis: 公示〔2026〕1号, show: shapes, columns: [name, verdict], accuracy_m: 100}\n"
    profile.write_text(common + shown, "utf-8")
    publish(source, read_profile(profile), tmp_path / "sites")
    assert rows(tmp_path / "sites" / "sites.csv")[1][:2] == ["1", "东陂加油站"]
    features = json.loads((tmp_path / "sites" / "sites.geojson").read_text(encoding="utf-8"))["features"]
    drawn = shapely.get_coordinates(shapely.from_geojson(json.dumps(features[0]["geometry"])))
    assert not {tuple(point) for point in drawn} & {tuple(point) for point in source.vertices().round(4)}


def test_an_intake_in_a_collection_is_left_out(attempt, filled):
    place = shapely.Point(112.61, 25.01)
    both = shapely.GeometryCollection([place, shapely.box(112.6, 25.05, 112.62, 25.07)])
    filled.add("water_source_zone", both, grade="primary", zone_id="QSK2", name="取水点与泵站")
    folder = attempt()
    whole = b"".join(path.read_bytes() for path in folder.iterdir())
    assert "取水点与泵站".encode() not in whole
    document = json.loads((folder / "water_source_zone.geojson").read_text(encoding="utf-8"))
    assert {item["geometry"]["type"] for item in document["features"]} <= {"Polygon", "MultiPolygon"}


def test_zones_that_cannot_be_drawn_truly_are_named_in_the_manifest(attempt, monkeypatch):
    from lianzhou_gis.maps.disclosure import publishing

    drawn = publishing.generalised

    def without_the_first(shapes, *others):
        found = drawn(shapes, *others)
        if len(found) == 6:
            found[0] = None
        return found

    monkeypatch.setattr(publishing, "generalised", without_the_first)
    folder = attempt()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told = [item for item in manifest["withheld"] if "概化会失真" in item["why"]]
    assert len(told) == 1 and "号水源" in told[0]["what"] and "50 米" in told[0]["why"]
    assert len(rows(folder / "water_source_zone.csv")) == 6
    monkeypatch.setattr(publishing, "generalised", lambda shapes, *others: np.full(len(shapes), None, dtype=object))
    with pytest.raises(DisclosureError, match="raise accuracy_m"):
        attempt("nothing")


@pytest.mark.parametrize(
    ("counts", "told"),
    [([29, 29, 4], [None, 29, "少于5"]), ([9, 3, 2], [9, "少于5", "少于5"]), ([3], ["少于5"]), ([8, 7], [8, 7])],
)
def test_a_small_count_cannot_be_told_from_the_whole(counts, told):
    layer = {"count": sum(counts), "legend": [{"count": number} for number in counts]}
    publication._hide_few(layer)
    assert [entry["count"] for entry in layer["legend"]] == told
    assert layer["count"] == (sum(counts) if sum(counts) >= 5 else "少于5")


@pytest.mark.browser
def test_the_public_map_opens_offline_and_says_what_it_is(published, visit):
    opened = visit((published[0] / "index.html").read_text(encoding="utf-8"))
    page = opened.page
    assert opened.quiet
    assert page.get_by_role("heading", level=1).inner_text() == "水源保护区公示图"
    assert "未标注审图号" in page.locator(".lz-source").inner_text()
    assert "一级保护区（少于5）" in page.locator(".lz-legend").inner_text()
    page.mouse.move(700, 400)
    page.mouse.move(720, 410)
    page.wait_for_timeout(200)
    assert " 带" not in page.locator(".lz-pointer").inner_text()
    page.get_by_role("button", name="表格").click()
    assert "其他（合并）" in page.locator("#lz-tables").inner_text()
    assert opened.quiet


@pytest.mark.browser
def test_the_public_map_is_accessible(published, visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit((published[0] / "index.html").read_text(encoding="utf-8")).page
    page.get_by_role("button", name="表格").click()
    found = axe.run(page).response["violations"]
    assert [item["id"] for item in found if item["impact"] in ("serious", "critical")] == []
