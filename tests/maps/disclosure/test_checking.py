"""The byte check finds every kind of leak that is planted, and nothing in what is sound."""

import base64
import hashlib
import json

import pytest
import shapely

from lianzhou_gis.maps.disclosure import check_publication, publication

WATER, TOWNS, PLOTS = "water_source_zone.geojson", "administrative.csv", "contaminated_plot.csv"
SECRET = "某某电镀厂旧址3"


def codes(folder, source=None):
    return {issue.code for issue in check_publication(folder, source)}


def edit(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_was_published_is_sound(published):
    folder, source = published
    assert check_publication(folder, source) == []
    assert check_publication(folder) == []


def test_nothing_restricted_stands_in_the_bytes(published):
    folder, source = published
    whole = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in ("某某电镀厂", "取水口泵房", "红线图斑", "48231.57", "省政府", "intake_x", "QSK1"):
        assert secret.encode() not in whole
    drawn = shapely.get_coordinates(
        [
            shapely.from_geojson(json.dumps(item["geometry"]))
            for item in json.loads((folder / WATER).read_text())["features"]
        ]
    )
    assert not {tuple(point) for point in drawn} & {tuple(point) for point in source.vertices().round(4)}
    assert not {(112.3, 24.8)} & {tuple(point) for point in drawn}


# Each plants one leak, hashes mended; the code that must be found.
def _value_in_csv(folder, source):
    replace(folder / TOWNS, "东陂镇", SECRET)


def _value_in_counts(folder, source):
    replace(folder / PLOTS, "其他（合并）", SECRET)


def _value_in_geojson(folder, source):
    edit(folder / WATER, lambda document: document["features"][0]["properties"].update(name=SECRET))


def _value_in_page(folder, source):
    replace(folder / "index.html", "公示图", SECRET)


def _value_as_escapes(folder, source):
    replace(folder / "index.html", "公示图", "".join(f"\\u{ord(letter):04x}" for letter in SECRET))


def _value_as_entities(folder, source):
    replace(folder / "index.html", "</body>", "<p>" + "".join(f"&#{ord(letter)};" for letter in SECRET) + "</p></body>")


def _value_as_base64(folder, source):
    replace(folder / "index.html", "</body>", f"<!-- {base64.b64encode(SECRET.encode()).decode()} --></body>")


def _value_in_gbk(folder, source):
    path = folder / "index.html"
    path.write_bytes(path.read_bytes() + SECRET.encode("gbk"))


def _value_in_manifest(folder, source):
    edit(folder / "manifest.json", lambda manifest: manifest["notes"].append(SECRET + "周边"))


def _number(folder, source):
    replace(folder / "manifest.json", "测试数据", "面积48234.57平方米")


def _number_rounded(folder, source):
    replace(folder / "manifest.json", "测试数据", "面积48,234.6平方米")


def _column(folder, source):
    edit(folder / WATER, lambda document: document["features"][0]["properties"].update(authority="省政府"))


def _column_in_csv(folder, source):
    path = folder / TOWNS
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text(
        "\n".join(f"{line},{mark}" for line, mark in zip(lines, ["编号", "A1", "A2"], strict=True)), "utf-8"
    )


def _member(folder, source):
    edit(folder / WATER, lambda document: document.update(name="内部"))


def _ring(folder, point):
    def change(document):
        ring = document["features"][0]["geometry"]["coordinates"][0]
        ring.insert(1, point)

    edit(folder / WATER, change)


def _vertex(folder, source):
    _ring(folder, [round(value, 4) for value in source.vertices("water_source_zone")[5].tolist()])


def _vertex_of_another(folder, source):
    _ring(folder, [round(value, 4) for value in source.vertices("ecological_redline")[7].tolist()])


def _near_vertex(folder, source):
    lon, lat = source.vertices("water_source_zone")[5].tolist()
    _ring(folder, [round(lon + 0.00015, 4), round(lat, 4)])


def _digits(folder, source):
    _ring(folder, [112.312345, 24.812345])


def _coordinates_in_words(folder, source):
    replace(folder / "manifest.json", "测试数据", "位于112.30012,24.80031")


def _metres_in_words(folder, source):
    replace(folder / "manifest.json", "测试数据", "X=2743851.2 Y=37631284.9")


def _hash_in_words(folder, source):
    replace(folder / "manifest.json", "测试数据", hashlib.sha256(SECRET.encode()).hexdigest())


def _hash_as_column(folder, source):
    digest = hashlib.sha1(SECRET.encode()).hexdigest()
    edit(folder / WATER, lambda document: document["features"][0]["properties"].update(name=digest))


def _hash_of_a_file_that_is_not_there(folder, source):
    record = {"name": "plots.csv", "sha256": hashlib.sha256(SECRET.encode()).hexdigest(), "bytes": 1}
    edit(folder / "manifest.json", lambda manifest: manifest["files"].append(record))


def _title(folder, source):
    edit(folder / "manifest.json", lambda manifest: manifest.update(title=SECRET + "公示图"))


def _withheld_tells(folder, source):
    edit(folder / "manifest.json", lambda manifest: manifest["withheld"].append({"what": SECRET, "why": "未公开"}))


def _comment(folder, source):
    replace(folder / "index.html", "</body>", f"<!-- {SECRET} --></body>")


def _file_name(folder, source):
    (folder / f"{SECRET}.csv").write_text("x")


def _count(folder, source):
    path = folder / PLOTS
    path.write_text(path.read_text(encoding="utf-8") + "星子镇,3\r\n", encoding="utf-8")


def _address(folder, source):
    replace(folder / "index.html", "</body>", '<img src="https://tiles.example.com/1.png"></body>')


def _address_in_words(folder, source):
    replace(folder / "manifest.json", "测试数据", "见//files.example.com/x")


def _script(folder, source):
    replace(folder / "index.html", "</body>", "<script>fetch('x?'+document.title)</script></body>")


def _short_script(folder, source):
    replace(folder / "index.html", "</body>", "<script>top.location=name</script></body>")


def _handler(folder, source):
    replace(folder / "index.html", '<div id="lz-app">', '<div id="lz-app" onclick="x()">')


def _frame(folder, source):
    replace(folder / "index.html", "</body>", "<iframe></iframe></body>")


def _no_policy(folder, source):
    replace(folder / "index.html", "default-src", "x-src")


def _file(folder, source):
    (folder / "notes.txt").write_text("x")


def _hidden_file(folder, source):
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")


PLANTED = [
    (_value_in_csv, "tables_differ|restricted_value"),
    (_value_in_counts, "foreign_value|restricted_value"),
    (_value_in_geojson, "restricted_value"),
    (_value_in_page, "restricted_value"),
    (_value_as_escapes, "restricted_value"),
    (_value_as_entities, "restricted_value"),
    (_value_as_base64, "restricted_value"),
    (_value_in_gbk, "restricted_value"),
    (_number, "restricted_number"),
    (_number_rounded, "restricted_number"),
    (_column, "foreign_column"),
    (_column_in_csv, "foreign_column"),
    (_member, "foreign_column"),
    (_vertex, "source_vertex"),
    (_vertex_of_another, "source_vertex"),
    (_near_vertex, "too_near"),
    (_digits, "too_precise"),
    (_coordinates_in_words, "coordinate_in_text"),
    (_metres_in_words, "coordinate_in_text"),
    (_hash_in_words, "hash_in_text"),
    (_hash_as_column, "hash_in_text"),
    (_title, "restricted_value"),
    (_withheld_tells, "restricted_value"),
    (_comment, "restricted_value"),
    (_file_name, "foreign_file"),
    (_count, "small_count"),
    (_address, "outside_address"),
    (_address_in_words, "outside_address"),
    (_script, "foreign_script"),
    (_short_script, "page_differs"),
    (_handler, "foreign_script"),
    (_frame, "foreign_script"),
    (_no_policy, "policy_missing"),
    (_file, "foreign_file"),
    (_hidden_file, "foreign_file"),
]


@pytest.mark.parametrize(("plant", "code"), PLANTED, ids=lambda item: getattr(item, "__name__", ""))
def test_a_planted_leak_is_found(plant, code, published, rehash):
    folder, source = published
    plant(folder, source)
    rehash(folder)
    found = codes(folder, source)
    assert set(code.split("|")) <= found, found


def test_a_text_added_by_hand_to_the_manifest_is_no_part_of_the_page(published):
    folder, source = published
    _value_in_manifest(folder, source)
    assert "page_differs" in codes(folder, source)


def test_a_hash_for_a_file_that_is_not_there(published):
    folder, source = published
    _hash_of_a_file_that_is_not_there(folder, source)
    assert "foreign_file" in codes(folder, source)


def test_a_changed_file_is_found_without_its_source(published):
    folder, _ = published
    replace(folder / TOWNS, "东陂镇", "东坡镇")
    assert {"hash_differs", "tables_differ"} <= codes(folder)


def test_a_mark_or_an_approval_taken_away(published, rehash):
    folder, source = published
    edit(folder / "manifest.json", lambda manifest: manifest.update(synthetic=True))
    assert "synthetic_unmarked" in codes(folder, source)
    edit(folder / "manifest.json", lambda manifest: manifest.update(no_approval_reason=None))
    assert "approval_missing" in codes(folder, source)


def test_a_layer_that_is_no_longer_public(published, filled):
    from lianzhou_gis.maps.disclosure import open_source

    filled.entries["water_source_zone"]["disclosure"] = "internal"
    filled.entries["administrative"]["disclosure_columns"] = {}
    source = open_source(filled.write(), as_of="2026-11-23")
    assert {"undeclared_layer", "undeclared_column"} <= codes(published[0], source)


def test_a_broken_manifest(published):
    folder, _ = published
    edit(folder / "manifest.json", lambda manifest: manifest.update(secret="x"))
    assert codes(folder) == {"manifest_broken"}


def test_hashes_are_of_public_bytes_alone(published):
    manifest = publication.Manifest.model_validate_json((published[0] / "manifest.json").read_bytes())
    assert {record.name for record in manifest.files} == {path.name for path in published[0].iterdir()} - {
        "manifest.json"
    }
    assert (published[0] / "manifest.json").read_text().count("sha256") == len(manifest.files)


@pytest.mark.parametrize("key", ["title", "notes", "no_approval_reason"])
def test_the_free_words_of_a_profile_give_nothing_away(attempt, key):
    from lianzhou_gis.errors import DisclosureError

    words = f"{SECRET}周边公示"
    with pytest.raises(DisclosureError, match="not declared public"):
        attempt(**{key: [words] if key == "notes" else words})


def test_a_border_further_than_told_is_found(published, rehash):
    folder, source = published

    def change(document):
        ring = document["features"][0]["geometry"]["coordinates"][0]
        ring[1] = [round(ring[1][0] + 0.0015, 4), ring[1][1]]

    edit(folder / WATER, change)
    rehash(folder)
    assert "too_far" in codes(folder, source)
