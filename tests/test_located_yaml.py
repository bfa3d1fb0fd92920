"""YAML from outside: values with their places, and what is refused."""

import pytest

from lianzhou_gis.errors import CatalogError, FormatError, RuleError
from lianzhou_gis.located_yaml import LocatedMapping, line_at, parse_located_yaml, read_located_yaml

DOCUMENT = "rules:\n- id: a\n  when: {fact: x}\n- id: b\n"


def test_every_mapping_knows_file_and_line():
    document = parse_located_yaml(DOCUMENT, "a.yaml")
    assert document == {"rules": [{"id": "a", "when": {"fact": "x"}}, {"id": "b"}]}
    first, second = document["rules"]
    assert isinstance(first["when"], LocatedMapping)
    assert [one.where for one in (document, first, first["when"], second)] == [
        "a.yaml:1",
        "a.yaml:2",
        "a.yaml:3",
        "a.yaml:4",
    ]


def test_two_files_retain_their_own_names():
    one, other = (parse_located_yaml("a: {b: 1}", name) for name in ("one.yaml", "other.yaml"))
    assert (one["a"].file, other["a"].file) == ("one.yaml", "other.yaml")


@pytest.mark.parametrize(
    ("steps", "line"), [((), 1), (("rules", 0, "when", "fact"), 3), (("rules", 1, "id"), 4), (("absent",), 1)]
)
def test_the_line_of_a_value(steps, line):
    assert line_at(parse_located_yaml(DOCUMENT, "a.yaml"), steps) == line
    assert line_at([], steps) == 1


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("a: 1\na: 2\n", "a.yaml:2: duplicate key 'a'", "yaml_invalid"),
        ("a: 1\n1: 2\n'1': 3\n", "a.yaml:3: duplicate key '1'", "yaml_invalid"),
        ("a: &b {c: 1}\nd: *b\n", "aliases are not accepted", "yaml_alias"),
        ("a: [", "a.yaml:", "yaml_invalid"),
        ("a: 2026-02-30\n", "a: day is out of range", "yaml_invalid"),
        ("a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor", "yaml_invalid"),
        ("a: \x07", "a.yaml", "yaml_invalid"),
        ("[" * 5000 + "]" * 5000, "nested too deeply", "yaml_too_deep"),
        ("#" * 2_000_001, "too large", "yaml_too_large"),
    ],
)
@pytest.mark.parametrize("error", [FormatError, RuleError])
def test_what_is_refused(text, words, code, error):
    with pytest.raises(error) as caught:
        parse_located_yaml(text, "a.yaml", error)
    assert words in caught.value.en and caught.value.code == code
    assert caught.value.zh.startswith("a.yaml")


def test_an_anchor_that_nothing_refers_to_and_an_ampersand_in_a_text_are_no_alias():
    assert parse_located_yaml("a: &b 1\nc: x & y *\n", "a.yaml") == {"a": 1, "c": "x & y *"}


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "layers.yaml"
    path.write_bytes("名称: 红线".encode("gbk"))
    with pytest.raises(CatalogError, match="UTF-8"):
        read_located_yaml(path, CatalogError)
    path.write_text("名称: 红线", encoding="utf-8")
    assert read_located_yaml(path) == {"名称": "红线"}
