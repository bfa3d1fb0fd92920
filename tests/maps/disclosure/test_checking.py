"""The check finds every kind of tampering, with and without the source, and nothing in what is sound."""

import gzip
import hashlib
import json
import sqlite3

import pytest
import shapely

from lianzhou_gis.errors import FormatError, MissingFileError
from lianzhou_gis.maps.disclosure import check_publication, make_publication, open_source, publishing, verify
from lianzhou_gis.maps.disclosure.publication import Manifest, profile_of

WATER, TOWNS, PLOTS, PAGE = (
    "data/water_source_zone.geojson", "data/administrative.csv", "data/contaminated_plot.csv", "index.html",
)  # fmt: skip
SECRET = "某某电镀厂旧址3"


def codes(folder, source=None):
    return {issue.code for issue in check_publication(folder, source)}


def edit(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    indent = 1 if path.name == "manifest.json" else None
    separators = None if indent else (",", ":")
    text = json.dumps(document, ensure_ascii=False, indent=indent, separators=separators)
    path.write_text(text + "\n", encoding="utf-8")


def replace(path, old, new):
    text = path.read_bytes().decode("utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode("utf-8"))


def test_what_was_published_is_sound(published):
    folder, source = published
    assert check_publication(folder) == []
    assert check_publication(folder, source) == []


def test_nothing_restricted_is_in_the_bytes(published):
    folder, source = published
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in ("某某电镀厂", "取水口泵房", "红线图斑", "48231.57", "省政府", "intake_x", "QSK1", "112.30123"):
        assert secret.encode() not in whole
    vertices = {
        tuple(point) for _, table in source.tables for point in shapely.get_coordinates(table["geometry"]).round(5)
    }
    features = json.loads((folder / WATER).read_text(encoding="utf-8"))["features"]
    drawn = shapely.get_coordinates([shapely.from_geojson(json.dumps(item["geometry"])) for item in features])
    assert not {tuple(point) for point in drawn.round(5)} & vertices


# Each plants one leak or change; hashes are written anew, as one who tampers would.
def _value_in_csv(folder):
    replace(folder / TOWNS, "东陂镇", SECRET)


def _value_in_counts(folder):
    replace(folder / PLOTS, "其他（合并）", SECRET)


def _value_in_geojson(folder):
    edit(folder / WATER, lambda document: document["features"][0]["properties"].update(name=SECRET))


def _value_in_page(folder):
    replace(folder / PAGE, "公示图", SECRET)


def _value_as_escapes(folder):
    replace(folder / PAGE, "公示图", "".join(f"\\u{ord(letter):04x}" for letter in SECRET))


def _comment(folder):
    replace(folder / PAGE, "</body>", f"<!-- {SECRET} --></body>")


def _script(folder):
    replace(folder / PAGE, "</body>", "<script>fetch('x?'+document.title)</script></body>")


def _handler(folder):
    replace(folder / PAGE, '<div id="pg-app">', '<div id="pg-app" onclick="x()">')


def _frame(folder):
    replace(folder / PAGE, "</body>", "<iframe></iframe></body>")


def _no_policy(folder):
    replace(folder / PAGE, "default-src", "x-src")


def _gbk_after_the_end(folder):
    path = folder / PAGE
    path.write_bytes(path.read_bytes() + SECRET.encode("gbk"))


def _value_in_layer_page(folder):
    replace(folder / "data/water_source_zone.html", "说明", SECRET)


def _value_in_metadata(folder):
    replace(folder / "data/water_source_zone.xml", "environment", SECRET)


def _value_in_picture(folder):
    replace(folder / "overview.svg", "<title>", f"<desc>{SECRET}</desc><title>")


def _row_in_geopackage(folder):
    with sqlite3.connect(folder / "data/water_source_zone.gpkg") as base:
        base.execute("CREATE TABLE extra (secret TEXT)")
        base.execute("INSERT INTO extra VALUES (?)", (SECRET,))
    base.close()


def _bytes_behind_geopackage(folder):
    path = folder / "data/water_source_zone.gpkg"
    path.write_bytes(path.read_bytes() + SECRET.encode())


def _column_in_geojson(folder):
    edit(folder / WATER, lambda document: document["features"][0]["properties"].update(authority="省政府"))


def _column_in_csv(folder):
    path = folder / TOWNS
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text(
        "\n".join(line + "," + mark for line, mark in zip(lines, ["编号", "A1", "A2"], strict=True)), "utf-8"
    )


def _member(folder):
    edit(folder / WATER, lambda document: document.update(name="内部"))


def _member_of_feature(folder):
    edit(folder / WATER, lambda document: document["features"][0].update(id="W0"))


def _box(folder):
    edit(folder / WATER, lambda document: document["features"][0]["geometry"].update(bbox=[112.30123, 24.80231]))


def _key_twice(folder):
    replace(
        folder / WATER,
        '"type":"FeatureCollection"',
        '"features":[{"secret":[112.30123,24.80231]}],"type":"FeatureCollection"',
    )


def _geometry_twice(folder):
    replace(folder / WATER, '"geometry":', '"geometry":{"type":"Point","coordinates":[112.30123,24.80231]},"geometry":')


def _spaces(folder):
    replace(folder / WATER, '{"type"', '{ "type"')


def _digits(folder):
    replace(folder / WATER, "112.3", "112.300000000123")


def _vertex(folder):
    def change(document):
        document["features"][0]["geometry"]["coordinates"][0].insert(1, [112.30123, 24.80231])

    edit(folder / WATER, change)


def _height(folder):
    def change(document):
        for place in document["features"][0]["geometry"]["coordinates"][0]:
            place.append(88.5)

    edit(folder / WATER, change)


def _zone_gone(folder):
    edit(folder / WATER, lambda document: document["features"].pop())


def _zone_added(folder):
    edit(folder / WATER, lambda document: document["features"].append(document["features"][0]))


def _order(folder):
    edit(folder / WATER, lambda document: document["features"].reverse())


def _note(folder):
    edit(folder / "manifest.json", lambda manifest: manifest["notes"].append(SECRET + "周边"))


def _title(folder):
    edit(folder / "manifest.json", lambda manifest: manifest.update(title=SECRET + "公示图"))


def _withheld(folder):
    planted = {"layer": None, "what": SECRET, "why": "未公开"}
    edit(folder / "manifest.json", lambda manifest: manifest["withheld"].append(planted))


def _withheld_gone(folder):
    edit(folder / "manifest.json", lambda manifest: manifest["withheld"].clear())


def _better_attack(folder):
    edit(folder / "manifest.json", lambda manifest: manifest["layers"][1]["attacks"].update(median_m=999.0))


def _worse_attack(folder):
    edit(folder / "manifest.json", lambda manifest: manifest["layers"][1]["attacks"].update(median_m=3.0))


def _finer_accuracy(folder):
    edit(folder / "manifest.json", lambda manifest: manifest["layers"][1].update(public_accuracy_m=10.0))


def _layer(change):
    """A change of the record of the source zones."""

    def plant(folder):
        edit(folder / "manifest.json", lambda manifest: change(manifest["layers"][1]))

    return plant


def _manifest_value(**values):
    return lambda folder: edit(folder / "manifest.json", lambda manifest: manifest.update(values))


# Values of the manifest that are computed again, or held to their form, without the source.
VALUES = {
    "rung": _layer(lambda layer: layer["grid"].update(rung=9)),
    "finer rung": _layer(lambda layer: layer["grid"].update(rung=0, east=62, north=56)),
    "east": _layer(lambda layer: layer["grid"].update(east=497)),
    "north": _layer(lambda layer: layer["grid"].update(north=450)),
    "decimals": _layer(lambda layer: layer.update(decimals=6)),
    "accuracy": _layer(lambda layer: layer.update(public_accuracy_m=112.30123)),
    "accuracy asked for": _layer(lambda layer: layer.update(accuracy_m=112.30123)),
    "accuracy on the ladder": _layer(lambda layer: layer.update(accuracy_m=2000.0)),
    "protection": _layer(lambda layer: layer.update(protect_m=100.0)),
    "omitted parts": _layer(lambda layer: layer.update(omitted_parts=2)),
    "omitted parts in words": _layer(lambda layer: layer.update(omitted_parts="112.30123,24.80231")),
    "title with a place": _layer(lambda layer: layer.update(title="112.30123, 24.80231")),
    "source with a place": _layer(lambda layer: layer.update(source="X=2744782.6 Y=37631576.1")),
    "source in other digits": _layer(lambda layer: layer.update(source="幺幺二点三零一二三 二四点八零二三一")),
    "office with a place": _layer(lambda layer: layer.update(office="取水口距东陂大桥320米")),
    "label of a column": _layer(lambda layer: layer["columns"][0].update(label="取水口")),
    "type of a column": _layer(lambda layer: layer["columns"][0].update(type="code")),
    "theme": _layer(lambda layer: layer.update(theme="112.30123")),
    "licence": _layer(lambda layer: layer.update(profile_licence="公开")),
    "layer from the future": _layer(lambda layer: layer.update(data_date="2098-01-01")),
    "exact without document": _layer(lambda layer: layer.update(grid=None, attacks=None, protect_m=None)),
    "error of an attack": _layer(lambda layer: layer["attacks"].update(median_m=51.3)),
    "zones": _layer(lambda layer: layer["attacks"].update(zones=112)),
    "share": _layer(lambda layer: layer["attacks"].update(near_share=0.11230123)),
    "unknown attack": _layer(lambda layer: layer["attacks"]["attacks"].update(centre=100.0)),
    "hidden places": _layer(lambda layer: layer["attacks"].update(hidden_places=2)),
    "region": _manifest_value(region_bounds=[112.30123, 24.80231, 112.75, 25.2]),
    "a region of nowhere": _manifest_value(region_bounds=[0, 0, 1, 1]),
    "confirmed": _manifest_value(exact_confirmed=["water_source_zone"]),
    "basis of no sites": _manifest_value(sites_basis="粤府函〔2020〕1号"),
    "software": _manifest_value(software="lianzhou_gis 112.30123"),
    "notes": _manifest_value(notes=["112.30123, 24.80231"]),
    "reason": _manifest_value(no_approval_reason="位于112.30123，24.80231"),
    "protection of the whole": _manifest_value(protect_m=100.0),
    "withheld": lambda folder: edit(folder / "manifest.json", lambda m: m["withheld"][0].update(why="W112.3")),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_the_manifest_is_checked_without_the_source(name, published, monkeypatch):
    folder, _ = published
    VALUES[name](folder)
    # The files follow the manifest, as one who tampers would make them follow.
    monkeypatch.setattr(verify, "published_files", lambda manifest, parts: {})
    assert codes(folder) & {
        "manifest_value",
        "coordinate_in_text",
        "relative_place_in_text",
        "other_version",
        "manifest_broken",
        "attacks_missing",
        "value_not_canonical",
    }


def test_the_size_of_a_file_is_checked(published):
    folder, _ = published
    edit(folder / "manifest.json", lambda manifest: manifest["files"][0].update(bytes=112301))
    assert "hash_differs" in codes(folder)


ROWS = {
    "a name with a place": lambda document: document["features"][0]["properties"].update(name="112.30123 24.80231"),
    "a name of an intake": lambda document: document["features"][0]["properties"].update(name="1#井"),
    "a grade of no theme": lambda document: document["features"][0]["properties"].update(grade="机密"),
    "a number of a row": lambda document: document["features"][0]["properties"].update(number=112),
    "spaces in a name": lambda document: document["features"][0]["properties"].update(name="0号水源二级区 "),
    "the order": lambda document: document["features"].reverse(),
    "another order of vertices": lambda document: document["features"][0]["geometry"]["coordinates"][0].reverse(),
    "a cell out of place": lambda document: document["features"][0]["geometry"].update(
        coordinates=[[[112.3, 24.8], [112.301, 24.8], [112.301, 24.801], [112.3, 24.8]]]
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_and_shapes_are_checked_without_the_source(name, published, rehash, monkeypatch):
    folder, _ = published
    edit(folder / WATER, ROWS[name])
    rehash(folder)
    monkeypatch.setattr(verify, "published_files", lambda manifest, parts: {})
    assert codes(folder) & {
        "value_not_canonical", "coordinate_in_text", "hidden_place_named", "order_not_canonical", "shape_not_canonical",
        "off_grid",
    }  # fmt: skip


def _record_of_a_file_that_is_not_there(folder):
    record = {"name": "plots.csv", "sha256": hashlib.sha256(SECRET.encode()).hexdigest(), "bytes": 1}
    edit(folder / "manifest.json", lambda manifest: manifest["files"].append(record))


def _count(folder):
    path = folder / PLOTS
    path.write_text(path.read_text(encoding="utf-8-sig") + "星子镇,3\r\n", encoding="utf-8-sig")


def _file(folder):
    (folder / "notes.txt").write_text("x")


def _file_of_a_secret_name(folder):
    (folder / "data" / f"{SECRET}.csv").write_text("x")


def _packed_file(folder):
    (folder / "data" / "water_source_zone.geojson.gz").write_bytes(gzip.compress(SECRET.encode()))


def _hidden_folder(folder):
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")


def _empty_folder(folder):
    (folder / "data" / SECRET).mkdir()


def _link(folder):
    (folder / "data" / "all.gpkg").symlink_to("/etc/hostname")


def _file_gone(folder):
    (folder / WATER).unlink()


HELPERS = {"_layer", "_manifest_value"}
PLANTED = [
    value
    for name, value in sorted(globals().items())
    if name.startswith("_") and callable(value) and name not in HELPERS
]


def test_there_are_forty():
    assert len(PLANTED) >= 40


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_change_is_found(plant, published, rehash, monkeypatch):
    folder, source = published
    sound = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    plant(folder)
    rehash(folder)
    alone = codes(folder)
    if plant not in (
        _note,
        _title,
        _withheld_gone,
        _better_attack,
    ):
        assert alone, "found without the source"
    # Against the source everything is made again: what comes out of that is the publication as it was.
    monkeypatch.setattr(publishing, "make_publication", lambda source, profile, exact: sound)
    assert codes(folder, source), "found against the source"


def test_a_changed_file_whose_hash_was_left(published):
    folder, _ = published
    replace(folder / TOWNS, "东陂镇", "东坡镇")
    assert {"hash_differs", "bytes_differ"} <= codes(folder)


def test_a_key_that_is_twice_in_the_manifest(published):
    folder, source = published
    replace(folder / "manifest.json", '"title"', '"title": "取水口泵房", "title"')
    assert codes(folder) == codes(folder, source) == {"key_twice"}


def test_the_profile_can_be_read_from_the_manifest(made):
    folder, source = made
    manifest = Manifest.model_validate_json((folder / "public" / "manifest.json").read_bytes())
    files = make_publication(source, profile_of(manifest), exact=manifest.exact_confirmed)
    assert {name: (folder / "public" / name).read_bytes() for name in files} == files
    assert len(files) == sum(path.is_file() for path in (folder / "public").rglob("*"))


def test_a_layer_that_is_no_longer_public(published, filled):
    filled.entries["water_source_zone"]["disclosure"] = "internal"
    source = open_source(filled.write(), as_of="2026-11-23")
    assert codes(published[0], source) == {"not_publishable"}


def test_a_zone_that_changed(published, filled):
    zones = filled.zones["water_source_zone"]
    zones[1]["geometry"] = shapely.buffer(zones[1]["geometry"], 0.004)
    assert "bytes_differ" in codes(published[0], open_source(filled.write(), as_of="2026-11-23"))


def test_another_day(published, made):
    source = open_source(made[0] / "layers.yaml", as_of="2026-11-22")
    assert codes(published[0], source) == {"other_day"}
    assert verify.day_of_publication(published[0]) == "2026-11-23"


def test_what_is_no_publication(tmp_path, published, monkeypatch):
    with pytest.raises(MissingFileError, match="no publication"):
        check_publication(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    assert codes(tmp_path / "other") == {"manifest_broken"}
    assert verify.day_of_publication(tmp_path / "other") is None
    monkeypatch.setattr(verify, "_LARGEST", 1000)
    with pytest.raises(FormatError, match="too large"):
        check_publication(published[0])
