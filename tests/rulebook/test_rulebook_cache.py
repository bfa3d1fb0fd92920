"""A rulebook from the cache is the one that its files say; whatever is in doubt, the files are read anew."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lianzhou_gis.cache import Cache
from lianzhou_gis.errors import RuleError
from lianzhou_gis.rulebook import Rulebook, loading, rulebook_cache
from lianzhou_gis.rulebook.files import SHIPPED, Files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Count how often files are read, in a cache of one's own."""
    monkeypatch.setenv("LIANZHOU_GIS_CACHE", str(tmp_path / "cache"))
    counted = []
    whole = loading.read_files
    monkeypatch.setattr(loading, "read_files", lambda files: counted.append(1) or whole(files))
    return counted


@pytest.fixture
def folder(tmp_path):
    """A rulebook of a user's own."""
    own = tmp_path / "own"
    for name in ("rules", "implications"):
        shutil.copytree(SHIPPED / name, own / name)
    for name in ("facts.yaml", "laws.yaml"):
        shutil.copy(SHIPPED / name, own / name)
    return own


def contents(book):
    return (book.rules, list(book.facts), book.laws, book.implications, book.checked_for, book.sha256, book.version)


def types(value):
    """Kinds of all values within: True is not 1, and a tuple is no list."""
    if isinstance(value, tuple | list):
        return [type(value), *map(types, value)]
    if isinstance(value, dict):
        return {key: types(item) for key, item in value.items()}
    return types(vars(value)) if hasattr(value, "__dict__") and not hasattr(value, "value") else type(value)


def test_what_comes_back_is_what_was_read(read):
    files = Files.of(SHIPPED)
    anew = loading.read_files(files)
    Rulebook.load(SHIPPED)
    count = len(read)
    book = Rulebook.load(SHIPPED)
    assert len(read) == count
    assert (book.rules, book.laws, book.implications) == (anew.rules, anew.laws, anew.implications)
    assert list(book.facts) == list(anew.facts) and book.checked_for == anew.checked_for
    assert book.sha256 == files.sha256() and book.folder == SHIPPED
    # In the same order, and of the same kinds.
    assert [rule.id for rule in book.rules] == [rule.id for rule in anew.rules] and list(book.laws) == list(anew.laws)
    for mine, other in zip(book.rules, anew.rules, strict=True):
        for one, two in zip(mine.versions, other.versions, strict=True):
            assert repr(one.when) == repr(two.when) and one.effect is two.effect and one.worst is two.worst
            assert types([one.grades, one.named, one.blocks, one.setback_m]) == types(
                [two.grades, two.named, two.blocks, two.setback_m]
            )
    assert [repr(row) for row in book.implications] == [repr(row) for row in anew.implications]
    assert {name: book.facts.find(name) for name in ("畜禽养殖", "livestock")} == {
        name: anew.facts.find(name) for name in ("畜禽养殖", "livestock")
    }


def test_a_byte_changed_is_read_anew(read, folder):
    before = Rulebook.load(folder)
    path = folder / "rules" / "water_source_zone.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("effect: prohibited") > 1
    path.write_text(text.replace("effect: prohibited", "effect: conditional", 1), encoding="utf-8")
    after = Rulebook.load(folder)
    assert len(read) == 2 and after.sha256 != before.sha256
    changed = [one.id for one, other in zip(before.rules, after.rules, strict=True) if one != other]
    assert len(changed) == 1
    path.write_text(text, encoding="utf-8")
    assert contents(Rulebook.load(folder)) == contents(before) and len(read) == 2


def test_each_folder_is_reported_by_its_own_name(read, folder, tmp_path):
    twin = tmp_path / "twin"
    shutil.copytree(folder, twin)
    one, other = Rulebook.load(folder), Rulebook.load(twin)
    assert len(read) == 1 and contents(one) == contents(other)
    assert (one.folder, other.folder) == (folder, twin)


def test_what_was_broken_is_refused_every_time(read, folder):
    Rulebook.load(folder)
    (folder / "rules" / "wetland.yaml").write_text("rules: [{id: x}]\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(RuleError, match=r"wetland\.yaml"):
            Rulebook.load(folder)
    assert len(read) == 3


def test_a_file_in_another_folder_is_another_rulebook(read, folder):
    Rulebook.load(folder)
    last = max((folder / "rules").glob("*[a-z].yaml"))
    first = min((folder / "implications").glob("*.yaml"))
    shutil.move(last, folder / "implications" / f"a{first.name}")
    with pytest.raises(RuleError):
        Rulebook.load(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reported: reported.clear(),
        lambda reported: reported.update(rules=7),
        lambda reported: reported["rules"][0].update(more=1),
        lambda reported: reported["rules"][0]["versions"][0].update(effect="nothing"),
        lambda reported: reported["rules"][0]["versions"][0].update(citations=[["no_such_law", "1"]]),
        lambda reported: reported["laws"][0].update(effective_from="yesterday"),
        lambda reported: reported.update(facts=[]),
    ],
)
def test_whole_and_yet_no_rulebook_is_read_anew(read, folder, spoil):
    book = Rulebook.load(folder)
    key, cache = Files.of(folder).key(book.sha256), Cache.standard(rulebook_cache._ROOMS)
    reported = json.loads(json.dumps(cache.get("rulebook", key).meta))
    spoil(reported)
    cache.put("rulebook", key, "x", reported)
    assert contents(Rulebook.load(folder)) == contents(book) and len(read) == 2
    # And what was spoilt is put right.
    assert contents(Rulebook.load(folder)) == contents(book) and len(read) == 2


@pytest.mark.parametrize("place", [0, 40, 500, -100])
def test_a_damaged_file_is_read_anew(read, folder, place):
    book = Rulebook.load(folder)
    (path,) = Cache.standard().folder.glob("rulebook-*")
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)
    assert contents(Rulebook.load(folder)) == contents(book) and len(read) == 2


def test_without_a_cache_all_is_read(read, folder, monkeypatch):
    monkeypatch.setenv("LIANZHOU_GIS_CACHE", "")
    assert contents(Rulebook.load(folder)) == contents(Rulebook.load(folder)) and len(read) == 2


def test_files_that_change_while_they_are_read_are_not_retained(read, folder, monkeypatch):
    path = folder / "rules" / "wetland.yaml"

    def changing(files):
        found = whole(files)
        path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
        return found

    whole = loading.read_files
    monkeypatch.setattr(loading, "read_files", changing)
    Rulebook.load(folder)
    assert not list(Cache.standard().folder.glob("rulebook-*"))


def test_a_second_start_needs_neither_yaml_nor_pydantic(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANZHOU_GIS_CACHE", str(tmp_path))
    code = (
        "import sys; from lianzhou_gis.rulebook import Rulebook; from lianzhou_gis.catalog import Catalog\n"
        "Rulebook.load(); Catalog.open('layers/layers.yaml')\n"
        "print(sorted({'yaml', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    starts = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [done.stdout.strip() for done in starts] == ["['pydantic', 'yaml']", "[]"]
