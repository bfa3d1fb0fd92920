"""Messages for people: every code renders in both languages; code and ``messages.yaml`` agree on parameters."""

import ast
import datetime
import string
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from lianzhou_gis import errors
from lianzhou_gis.errors import FormatError, Issue, LianzhouError, Message, Phrase, ReferenceSystemError

PACKAGE = Path(errors.__file__).parent
SECTIONS = yaml.safe_load((PACKAGE / "messages.yaml").read_text(encoding="utf-8"))
ENTRIES = {code: entry for section in SECTIONS.values() for code, entry in section.items()}
BUILDERS = {"from_code"}
# Codes whose variant is chosen by a value.
FAMILIES = ("invalid.", "line_warning.")
EXCEPTIONS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, LianzhouError)]


def templates(entry, lang):
    """Sentence and remedy of a message in one language."""
    return [entry[lang], *([entry["remedy"][lang]] if "remedy" in entry else [])]


def placeholders(entry, lang=None):
    """Names and formats of the placeholders of a message."""
    found = {}
    for language in (lang,) if lang else ("zh", "en"):
        for template in templates(entry, language):
            for _, name, spec, conversion in string.Formatter().parse(template):
                if name is not None:
                    assert name.isidentifier() and conversion is None, template
                    found[name] = spec or found.get(name, "")
    return found


def samples(entry):
    """A value for every placeholder: a number where it is formatted as one, else a hostile text."""
    evil = "示例{0}{x}\u202e\n%s"
    return {
        name: 1234.5 if spec.strip(",gfd.0123456789") == "" and spec else evil
        for name, spec in placeholders(entry).items()
    }


def test_sections_are_the_rooms_and_no_code_is_used_twice():
    rooms = {path.stem for path in PACKAGE.iterdir()}
    assert set(SECTIONS) <= rooms
    assert len(ENTRIES) == sum(map(len, SECTIONS.values()))


@pytest.mark.parametrize("section", SECTIONS)
def test_codes_are_sorted_within_their_section(section):
    assert list(SECTIONS[section]) == sorted(SECTIONS[section])


@pytest.mark.parametrize("code", ENTRIES)
def test_a_message_has_both_languages_and_the_same_parameters_in_each(code):
    entry = ENTRIES[code]
    assert set(entry) - {"remedy"} == {"zh", "en"} and set(entry.get("remedy", entry)) >= {"zh", "en"}
    assert code.replace(".", "_").isidentifier() and code == code.lower() and code.count(".") <= 1
    assert set(placeholders(entry, "zh")) == set(placeholders(entry, "en"))
    chinese, english = "".join(templates(entry, "zh")), "".join(templates(entry, "en"))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert english.isascii() and not english.endswith(".") and not chinese.endswith("。")
    # What is put behind a name begins with a space in English.
    assert (chinese == chinese.strip() and english == english.strip()) or (chinese[0], english[:2]) == ("（", " (")


@pytest.mark.parametrize("code", ENTRIES)
def test_every_message_is_raised_in_both_languages(code):
    parameters = samples(ENTRIES[code])
    for cls in EXCEPTIONS:
        with pytest.raises(cls) as caught:
            raise cls.from_code(code, **parameters)
        for lang in ("zh", "en"):
            reported = caught.value.text(lang)
            assert reported and "\n" not in reported and "\u202e" not in reported
        assert caught.value.code == code
    issue = Issue.from_code("warning", code, "place", **parameters)
    assert issue.code == code.partition(".")[0] and issue.message == Message.from_code(code, **parameters).texts


def literals(node):
    """The texts that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        # A family of variants: the code before the dot, the variant by a value.
        return [code for code in ENTRIES if "." in code and code.startswith(str(node.values[0].value))]
    return []


def wrappers(trees):
    """Names of functions that hand on a code and the parameters of its message: those that take ``**parameters``."""
    return {
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.kwarg and node.args.kwarg.arg == "parameters"
    } - BUILDERS


def uses():
    """By code: place, kind of function and named parameters of each call that builds its message."""
    found = defaultdict(list)
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    handing_on = wrappers(trees)
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)):
                continue
            is_method = isinstance(node.func, ast.Attribute)
            name = node.func.attr if is_method else node.func.id
            if name not in BUILDERS | handing_on:
                continue
            owner = ast.unparse(node.func.value) if is_method else ""
            place = f"{path.name}:{node.lineno}"
            if name in BUILDERS:
                codes = literals(node.args[1 if owner.endswith("Issue") else 0])
                assert set(codes) <= set(ENTRIES), f"{place}: no message {codes}"
            else:
                codes = [text for argument in node.args for text in literals(argument) if text in ENTRIES]
            names = None if any(word.arg is None for word in node.keywords) else {word.arg for word in node.keywords}
            for code in codes:
                found[code].append((place, name, names))
    return found


USES = uses()


def test_every_message_is_used():
    assert sorted(set(ENTRIES) - set(USES)) == []


@pytest.mark.parametrize("code", ENTRIES)
def test_every_use_gives_the_parameters_of_its_message(code):
    for place, name, names in USES[code]:
        if name in BUILDERS and names is not None:
            # The variants of a family may leave out parameters.
            given = names & set(placeholders(ENTRIES[code])) if code.startswith(FAMILIES) else names
            assert given == set(placeholders(ENTRIES[code])), place
        elif names is not None:
            assert names <= set(placeholders(ENTRIES[code])), place


@pytest.fixture
def any_message(monkeypatch):
    """A message whose one placeholder is shown as it is."""
    monkeypatch.setattr(errors, "_messages", lambda: {"any": {"zh": "甲{x}", "en": "a{x}"}})
    return lambda value: Message.from_code("any", x=value)


def test_parameters_are_bounded_and_escaped(any_message):
    assert any_message("b" * 500).en == "a" + "b" * 200 + "…"
    assert any_message("b\r\nc\u2028d").en == "ab c d"
    assert any_message("\x1b[31m\u202e\ud800").en == "a\\x1b[31m\\u202e\\ud800"
    assert any_message("{x}{0.__class__}%s").en == "a{x}{0.__class__}%s"
    assert any_message(Path("/home/somebody/plot.gpkg")).en == "aplot.gpkg"
    assert any_message([f"{number}" for number in range(99)]).zh.endswith("59 …")


def test_parameters_are_shown_in_the_language_of_the_sentence(any_message):
    for value in (Phrase("乙", "b"), FormatError("乙", "b"), {"zh": "乙", "en": "b"}, [Phrase("乙", "b")]):
        assert any_message(value).texts == {"zh": "甲乙", "en": "ab"}
    assert any_message(["b", "c"]).texts == {"zh": "甲b、c", "en": "ab, c"}
    assert any_message(datetime.date(2026, 8, 15)).en == "a2026-08-15"


def test_an_exception_takes_over_the_message_of_another(any_message):
    first = FormatError.from_code("any", x="b")
    second = ReferenceSystemError.from_message(first).with_candidates(["EPSG:4525"])
    assert (second.zh, second.en, second.code, second.candidates) == ("甲b", "ab", "any", ("EPSG:4525",))


def test_an_unknown_code_or_a_missing_parameter_is_a_programming_error(any_message):
    with pytest.raises(KeyError):
        Message.from_code("other")
    with pytest.raises(KeyError):
        Message.from_code("any")
