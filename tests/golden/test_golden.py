"""The package answers what the golden files hold; ``make golden`` rewrites them."""

import difflib
import importlib.util
import re
from collections import defaultdict
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("golden_record", Path(__file__).with_name("record.py"))
record = importlib.util.module_from_spec(spec)
spec.loader.exec_module(record)

_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_SHOWN = 60
_WIDTH = 400


def is_near(one, other):
    """Numbers that differ by one in the last decimal: what another build of GEOS or PROJ may do."""
    places = max(len(text.partition(".")[2]) for text in (one, other)) if "e" not in one + other else 9
    return abs(float(one) - float(other)) <= 1.01 * 10.0**-places


def differences(expected, found):
    """Lines that are missing (``-``) and lines that are new (``+``), apart from the last decimal of a number."""
    by_words = defaultdict(list)
    for text in expected:
        by_words[_NUMBER.sub("#", text)].append(text)
    same = []
    for text in found:
        numbers = _NUMBER.findall(text)
        candidates = by_words[_NUMBER.sub("#", text)]
        near = (
            old for old in candidates
            if old == text or all(map(is_near, _NUMBER.findall(old), numbers))
        )  # fmt: skip
        old = next((old for old in candidates if old == text), None) or next(near, None)
        if old is not None:
            candidates.remove(old)
        same.append(text if old is None else old)
    return [
        text for text in difflib.unified_diff(expected, same, n=0, lineterm="") if text[:2] not in ("--", "++", "@@")
    ]


def same_beginning(one, other):
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def shortened(changed):
    """Lines cut to where they differ from the line that took or gave their place."""
    old = [text for text in changed if text[0] == "-"]
    new = [text for text in changed if text[0] == "+"]
    for text in changed:
        others = new if text[0] == "-" else old
        shared = max((same_beginning(text[1:], other[1:]) for other in others), default=0)
        begin = max(0, shared - _WIDTH // 2)
        yield text if len(text) <= _WIDTH else f"{text[0]}{text[1:80]} … {text[max(80, begin) : begin + _WIDTH]}"


@pytest.mark.parametrize("part", record.PARTS)
def test_the_answers_are_those_of_the_golden_files(part):
    report = []
    for name, lines in record.PARTS[part]().items():
        changed = differences((record.GOLDEN / name).read_text(encoding="utf-8").splitlines(), lines)
        if changed:
            report += [f"{name}: {len(changed)} lines differ", *shortened(changed[:_SHOWN])]
    assert not report, "\n".join([*report, f"where this is meant: make golden PART={part}, and say why in the commit"])


def test_every_golden_file_is_written_by_the_recorder():
    folders = {path.parent.name for path in record.GOLDEN.rglob("*.jsonl")} - {"golden"}
    stems = {path.stem for path in record.GOLDEN.glob("*.jsonl")}
    assert folders | stems == set(record.PARTS)


def test_golden_files_stay_small():
    sizes = [path.stat().st_size for path in record.GOLDEN.rglob("*.jsonl")]
    assert max(sizes) < 1e6 and sum(sizes) < 3e6


def test_a_number_may_move_by_its_last_decimal_only():
    assert differences(['{"a":1.25,"b":0.1}'], ['{"a":1.26,"b":0.1}']) == []
    assert differences(['{"a":1.25}'], ['{"a":1.27}']) == ['-{"a":1.25}', '+{"a":1.27}']
    assert differences(['{"a":1.0}'], ['{"a":1.01}']) == []
    assert differences(['{"n":3}'], ['{"n":4}']) == ['-{"n":3}', '+{"n":4}']


def test_lines_that_are_lost_new_moved_or_doubled_are_seen():
    assert differences(["a", "b"], ["a"]) == ["-b"]
    assert differences(["a"], ["a", "b"]) == ["+b"]
    assert differences(["a"], ["a", "a"]) == ["+a"]
    assert len(differences(["a", "b"], ["b", "a"])) == 2
