"""The catalog of layers: what it refuses, with file, line and entry, and which edition it gives for a day."""

import hashlib
import json
import subprocess
import sys
from dataclasses import fields
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog import Catalog, LayerEntry, catalog_reader, catalog_schema, validated_entry
from lianzhou_gis.errors import CatalogError, MissingFileError

ROOT = Path(__file__).parent.parent
HEAD = "region:\n  {name: 演示县, bounds: [111.6, 24.1, 113.3, 25.7]}\nlayers:\n"


@pytest.fixture
def write(tmp_path):
    """Write a catalog and return its path; a list of entries gets the head of a sound one."""

    def _write(text):
        path = tmp_path / "layers.yaml"
        path.write_text(text if isinstance(text, str) else HEAD + "".join(text), encoding="utf-8")
        return path

    return _write


def entry(name="a", theme="karst_strong", *, series=None, **more):
    """One entry as it stands in the file: five lines, and one for each key more."""
    lines = [f"  - id: {name}", f"    series: {series or name}", f"    theme: {theme}", f"    path: {name}.gpkg"]
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in more.items())]) + "\n"


def refusal(path):
    with pytest.raises(CatalogError) as caught:
        Catalog.open(path)
    error = caught.value
    assert isinstance(error, ValueError)
    # Both sentences name the file, and neither the folder.
    for text in (error.zh, error.en):
        assert text.startswith("layers.yaml") and str(path.parent) not in text
    return error


def test_a_sound_catalog(write):
    catalog = Catalog.open(write([entry("a", valid_from="2020-01-01"), entry("b", "control_unit", coverage="union")]))
    assert [layer.id for layer in catalog.layers] == ["a", "b"]
    assert catalog.region.name == "演示县"
    assert catalog.layers[0].valid_from == date(2020, 1, 1)
    # What is not said is not public.
    assert {layer.disclosure for layer in catalog.layers} == {"restricted"}
    assert not any(layer.synthetic for layer in catalog.layers)
    assert catalog.layers[0].name == {"zh": "岩溶强发育区", "en": "Strongly developed karst"}


# The second entry begins in line 8, after three lines of head and the four of the first.
@pytest.mark.parametrize(
    ("second", "words"),
    [
        (entry("b", colour="red"), ["layers.1.colour (b)", "there is no such key"]),
        (entry("b", "kart"), ["layers.1.theme (b)", "no theme kart"]),
        (entry("b", valid_from="2026-08-15", valid_to="2026-08-14"), ["layers.1 (b)", "valid_to is before valid_from"]),
        (entry("b", valid_from="yesterday"), ["layers.1.valid_from (b)"]),
        (entry("b", valid_from="2026"), ["layers.1.valid_from (b)", "2026 is not a date"]),
        (entry("b", data_date="0"), ["layers.1.data_date (b)", "0 is not a date"]),
        (entry("b", valid_to="2026-08-15 10:30:00"), ["layers.1.valid_to (b)"]),
        (entry("b", "water_source_zone", grades="{强: strong}"), ["layers.1 (b)", "强 leads to strong"]),
        (entry("b", grades="{强: core}"), ["layers.1 (b)", "not a grade of karst_strong"]),
        (entry("b", coverage="union"), ["layers.1 (b)", "union belongs to control units"]),
        (entry("b", access_list="a.csv"), ["layers.1 (b)", "access_list belongs to control units"]),
        (entry("b", disclosure="secret"), ["layers.1.disclosure (b)"]),
        (entry("b", datum="wgs72"), ["layers.1.datum (b)"]),
        (entry("b", sha256="abc"), ["layers.1.sha256 (b)"]),
        (entry("b", expected_count=0), ["layers.1.expected_count (b)"]),
        (entry("b", accuracy_m=".inf"), ["layers.1.accuracy_m (b)"]),
        (entry("b", accuracy_m="-1"), ["layers.1.accuracy_m (b)"]),
        ("  - id: b\n    series: b\n    theme: karst_strong\n", ["layers.1.path (b)", "is missing"]),
        ("  - id: b c\n    series: b\n    theme: karst_strong\n    path: b\n", ["layers.1.id (b c)"]),
        (entry("a", series="z"), ["the layer a is entered twice"]),
        (entry("b", "nature_reserve", series="a"), ["the series a belongs to karst_strong and to nature_reserve"]),
    ],
)
def test_refusals_name_file_line_and_entry(write, second, words):
    error = refusal(write([entry("a"), second]))
    assert error.en.startswith("layers.yaml:8: ")
    assert error.zh.startswith("layers.yaml:8：")
    for word in words:
        assert word in error.en
    assert "more)" not in error.en


def test_only_entry_that_is_wrong_counts_once(write):
    """The list that is empty for want of a right entry is no second error."""
    assert "more)" not in refusal(write([entry("a", colour="red")])).en
    assert "(and 1 more)" in refusal(write([entry("a", colour="red", taste="sweet")])).en


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs region and layers"),
        ("- a\n- b\n", "needs region and layers"),
        ("region: {name: x}\nlayers: []\n", "layers"),
        ("region: {name: x, bounds: [112, 24, 113, 26]}\n", "layers: is missing"),
        (f"layers:\n{entry()}", "region: is missing"),
        ("region: {name: x, bounds: [113, 24, 112, 25]}\nlayers:\n" + entry(), "west, south, east, north"),
        (HEAD + entry(title="'a & b"), "layers.yaml:9: found unexpected end of stream"),
        (HEAD + "\t- id: a\n", "layers.yaml:4: "),
        (HEAD + entry() + "    id: b\n", "layers.yaml:8: duplicate key 'id'"),
        (HEAD + entry(data_date="2026-02-30"), "layers.yaml:8: data_date: day is out of range for month"),
        ("region: &r {name: x}\nother: *r\nlayers:\n" + entry(), "YAML aliases are not accepted"),
        (HEAD + entry(title="!!python/object/apply:os.getcwd []"), "layers.yaml:8: could not determine a constructor"),
        ("region: " + "[" * 4000 + "]" * 4000, "nested too deeply"),
        ("# " + "x" * 2_000_001, "too large"),
    ],
)
def test_broken_yaml_is_refused_as_a_catalog(write, text, words):
    assert words in refusal(write(text)).en


def test_text_that_is_not_utf8(write, tmp_path):
    path = tmp_path / "layers.yaml"
    path.write_bytes((HEAD + entry()).encode("gbk"))
    assert "UTF-8" in refusal(path).en


def test_no_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"--layers") as caught:
        Catalog.open(tmp_path / "layers.yaml")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(MissingFileError):
        Catalog.open(tmp_path)


@pytest.mark.parametrize("name", ["../outside.gpkg", "a/../../outside.gpkg", "/etc/hostname"])
def test_path_out_of_the_folder(write, name):
    catalog = Catalog.open(write([entry()]))
    with pytest.raises(CatalogError, match="leads out of the catalog's folder") as caught:
        catalog.file(name)
    assert "layers.yaml" in caught.value.zh


def test_link_out_of_the_folder(write, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.gpkg"
    outside.write_bytes(b"")
    catalog = Catalog.open(write([entry()]))
    (tmp_path / "inside.gpkg").symlink_to(outside)
    with pytest.raises(CatalogError):
        catalog.file("inside.gpkg")
    assert catalog.file("folder/../a.gpkg").resolve() == (tmp_path / "a.gpkg").resolve()


def test_grades_and_columns_retain_their_own_words(write):
    text = entry("a", "water_source_zone", grades="{1: primary, Y: secondary, 准: quasi}", columns="{JB: grade}")
    (layer,) = Catalog.open(write([text])).layers
    # A number in the file is text to us: so it stands in tables.
    assert layer.grades == {"1": "primary", "Y": "secondary", "准": "quasi"}
    assert layer.columns == {"JB": "grade"}


EDITIONS = [
    entry("old", series="karst", valid_to="2022-11-09"),
    entry("new", series="karst", valid_from="2022-11-10", valid_to="2026-08-14"),
    entry("newest", series="karst", valid_from="2026-09-01"),
]


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        ("1990-01-01", "old"),
        ("2022-11-09", "old"),
        ("2022-11-10", "new"),
        ("2026-08-14", "new"),
        ("2026-08-15", None),
        ("2026-08-31", None),
        ("2026-09-01", "newest"),
        ("2099-01-01", "newest"),
    ],
)
def test_edition_of_a_day(write, day, edition):
    # Both ends of a period count, whatever the order in the file.
    for entries in (EDITIONS, EDITIONS[::-1]):
        (series,) = Catalog.open(write(entries)).series(["karst_strong"], date.fromisoformat(day))
        assert (series.edition and series.edition.id) == edition
        assert [item.id for item in series.editions] == ["old", "new", "newest"]


def test_latest_of_several_in_force(write):
    entries = [
        entry("a", series="s", valid_from="2024-01-01"),
        entry("b", series="s", valid_from="2020-01-01", data_date="2026-01-01"),
        entry("c", series="s"),
    ]
    catalog = Catalog.open(write(entries))

    def in_force(day):
        return catalog.series(["karst_strong"], date.fromisoformat(day))[0].edition.id

    assert [in_force(day) for day in ("2019-12-31", "2020-01-01", "2024-01-01")] == ["c", "b", "a"]
    # The date of the data decides between editions that began on the same day.
    entries = [entry("a", series="s", data_date="2026-01-01"), entry("b", series="s", data_date="2025-01-01")]
    catalog = Catalog.open(write(entries))
    assert in_force("2026-06-01") == "a"


def test_all_series_of_a_theme_are_needed(write):
    entries = [
        entry("town", "water_source_zone", series="town"),
        entry("karst"),
        entry("backup", "water_source_zone", series="backup", valid_from="2027-01-01"),
    ]
    catalog = Catalog.open(write(entries))
    found = catalog.series(["karst_strong", "water_source_zone"], date(2026, 11, 23))
    assert [(series.theme, series.name) for series in found] == [
        ("karst_strong", "karst"),
        ("water_source_zone", "backup"),
        ("water_source_zone", "town"),
    ]
    # One that has not begun is still there, without an edition: what is missing must be said.
    assert [series.edition and series.edition.id for series in found] == ["karst", None, "town"]
    assert catalog.series(["nature_reserve"], date(2026, 11, 23)) == []


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Count how often files are read, in a cache of one's own."""
    monkeypatch.setenv("LIANZHOU_GIS_CACHE", str(tmp_path / "cache"))
    counted = []
    whole = catalog_reader.parse_catalog
    monkeypatch.setattr(catalog_reader, "parse_catalog", lambda path: counted.append(path) or whole(path))
    return counted


def test_a_catalog_from_the_cache_is_the_one_that_was_read(read):
    path = ROOT / "layers" / "layers.yaml"
    one, other = Catalog.open(path), Catalog.open(path)
    assert len(read) == 1
    assert one == other and repr(one.layers) == repr(other.layers) and repr(one.region) == repr(other.region)


def test_a_changed_catalog_is_read_anew(read, write):
    path = write([entry("a", accuracy_m=2)])
    Catalog.open(path)
    write([entry("a", accuracy_m=3)])
    assert Catalog.open(path).layers[0].accuracy_m == 3.0 and len(read) == 2
    write([entry("a", accuracy_m=-3)])
    for _ in range(2):
        refusal(path)
    assert len(read) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reported: reported.clear(),
        lambda reported: reported["layers"][0].update(colour="red"),
        lambda reported: reported["layers"][0].update(valid_from="yesterday"),
        lambda reported: reported["layers"][0].pop("path"),
        lambda reported: reported.update(region=None),
    ],
)
def test_whole_and_yet_no_catalog_is_read_anew(read, write, spoil):
    path = write([entry("a", valid_from="2020-01-01")])
    catalog = Catalog.open(path)
    cache, key = Cache.standard(catalog_reader._ROOMS), {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    reported = json.loads(json.dumps(cache.get("catalog", key).meta))
    spoil(reported)
    cache.put("catalog", key, "x", reported)
    assert Catalog.open(path) == catalog and len(read) == 2


def test_a_text_that_cannot_be_retained_is_no_error(read, write):
    """Half a character of a pair."""
    cache, reported = Cache.standard(), {"region": "\ud800"}
    cache.put("catalog", {"sha256": "0"}, "x", reported)
    assert cache.get("catalog", {"sha256": "0"}) is None
    assert list(cache.folder.iterdir()) == []


def test_a_validated_entry_is_the_record_itself():
    plain = {"id": "a", "series": "a", "theme": "karst_strong", "path": "a.gpkg"}
    assert validated_entry(plain) == LayerEntry(**plain)
    assert LayerEntry.from_json(validated_entry(plain).to_json()) == LayerEntry(**plain)


def test_every_field_comes_back_from_json():
    """A day that a field gains must not come back as a text."""
    day = date(2026, 8, 15)
    values = {item.name: day if "date" in item.name or "valid" in item.name else "a" for item in fields(LayerEntry)}
    full = LayerEntry(**values)
    assert LayerEntry.from_json(json.loads(json.dumps(full.to_json()))) == full


def test_the_json_schema_is_that_of_the_record():
    schema = catalog_schema()
    layer = schema["$defs"]["LayerEntry"]
    assert list(layer["properties"]) == [item.name for item in fields(LayerEntry)]
    assert layer["required"] == ["id", "series", "theme", "path"] and layer["additionalProperties"] is False
    assert layer["properties"]["id"]["pattern"] == r"^[\w.\-]{1,64}$"
    shipped = yaml.safe_load((ROOT / "layers" / "layers.yaml").read_text(encoding="utf-8"))
    document = json.loads(json.dumps(shipped, default=str))
    jsonschema.validate(document, schema)
    document["layers"][0]["accuracy_m"] = -1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_what_is_wrong_is_stated_in_chinese_to_people(write):
    assert "“secret”不可用；可用的有 public, internal, restricted" in refusal(write([entry(disclosure="secret")])).zh
    assert "缺少该项" in refusal(write("region: {name: x}\n")).zh
    assert "没有这个键" in refusal(write([entry(colour="red")])).zh


def test_no_gis_library_is_needed():
    gis = {"geopandas", "pyogrio", "pyproj", "shapely"}
    code = f"import sys, lianzhou_gis.catalog; print(sorted({gis} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
