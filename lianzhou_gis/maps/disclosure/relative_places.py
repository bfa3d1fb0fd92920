"""Places told by their distance from something that can be found: 取水口距东陂大桥320米."""

from __future__ import annotations

import re

from lianzhou_gis.maps.disclosure.digit_folding import plain_digits
from lianzhou_gis.maps.disclosure.text_folding import fold
from lianzhou_gis.vocabulary.hidden_places import hidden_kind

__all__ = ["relative_places"]

_SENTENCES = re.compile(r"[。；;！!？?\n]")
_ABOUT = r"(?:约|大约|大概|近|左右|处|的|:)?"
_DISTANCE = r"(?P<number>\d+(?:\.\d+)?)(?P<unit>米|公尺|m(?![a-z])|公里|千米|km|里|丈|步)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:距离|距|离|相距|from)(?P<anchor>[^,，、\d]{{1,20}}?){_ABOUT}{_DISTANCE}",
        rf"(?P<anchor>[^,，、\d]{{1,20}}?)(?:[以之正偏往向]?[东南西北]{{1,3}}(?:侧|面|边|方向|方|向|部|偏[东南西北])?|上游|下游|左岸|右岸|上方|下方|对岸|旁)"
        rf"{_ABOUT}{_DISTANCE}",
        rf"{_DISTANCE}(?:east|west|north|south)[a-z]*of(?P<anchor>[a-z]{{2,20}})",
    )
)
# Signs between two distances from the same thing: 上游1000米至下游100米.
_JOINING = "米里至到和及与的其处以"
_METRES = {"公里": 1000.0, "千米": 1000.0, "km": 1000.0, "里": 500.0}


def relative_places(text: str, finest_m: float) -> list[str]:
    """Return where a text tells a hidden place by its distance from something else, more finely than an accuracy.

    A distance from the hidden place itself (取水口上游1000米) tells the extent of a zone, not the place.

    Examples
    --------
    >>> relative_places("取水口距东陂大桥320米", 380), relative_places("水井在学校以东 300 米", 380)
    (['距东陂大桥320米'], ['水井在学校以东300米'])
    >>> relative_places("一级保护区为取水口上游1000米", 380), relative_places("学校距大桥320米", 380)
    ([], [])
    """
    found = []
    for sentence in _SENTENCES.split(text):
        plain = fold(plain_digits(sentence))
        if not any(letter.isdigit() for letter in plain) or hidden_kind(plain) is None:
            continue
        for pattern in _PATTERNS:
            for match in pattern.finditer(plain):
                factor = _METRES.get(match["unit"], 1.0)
                step = factor * 10.0 ** -len(match["number"].partition(".")[2])
                anchor = re.split(r"[在于位为]", match["anchor"])[-1].strip(_JOINING)
                if step <= finest_m and anchor and hidden_kind(anchor) is None:
                    found.append(match.group())
    return found
