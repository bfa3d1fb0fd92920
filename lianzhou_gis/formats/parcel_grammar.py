"""The grammar of the parcel coordinate TXT (界址点坐标文件): sections, headers of plots, corner points.

Only the text is parsed here; :mod:`parcel_coordinates` interprets the numbers, and :mod:`parcel_rings` decides which
ring is a hole. Real files bend every rule; what is unambiguous is read, with an Issue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lianzhou_gis.errors import FormatError, Issue, Severity
from lianzhou_gis.formats.line_warnings import LineWarnings
from lianzhou_gis.formats.parse_numbers import parse_written

__all__ = ["Corner", "ParcelText", "Plot", "parse_parcel_text"]

_SECTION = re.compile(r"\[\s*(?P<title>[^\[\]]{1,40}?)\s*\]")
_ATTRIBUTES, _PLOTS = "属性描述", "地块坐标"
_KINDS = {"面": "polygon", "线": "line", "点": "point", "面状": "polygon", "线状": "line", "点状": "point"}
# Full-width forms of what the format writes in ASCII; texts of people (names, uses) keep theirs.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3010: 0x5B, 0x3011: 0x5D}
_WIDE_PUNCTUATION = {0xFF0C: ",", 0xFF20: "@", 0x3000: " "}

_SEVERITIES: dict[str, Severity] = {
    "full_width": "info",
    "section_missing": "warning",
    "unknown_section": "info",
    "attribute_unreadable": "warning",
    "attribute_repeated": "warning",
    "header_missing": "warning",
    "header_end_missing": "warning",
    "header_short": "info",
    "comma_in_name": "info",
    "kind_assumed": "warning",
    "separator": "info",
    "ring_missing": "warning",
    "point_extra_fields": "info",
}


@dataclass(frozen=True)
class Corner:
    """A line of a corner point.

    Attributes
    ----------
    number : str
        As written (``J1`` or ``1``).
    ring : int
    first, second : float
        The two coordinates in the order of the line: by the rule X (north), then Y (east).
    line : int
    step : float
        Worth of the last written digit, on the coarser of both coordinates.
    angular : bool
        Whether they are written with signs for degrees, minutes and seconds.
    """

    number: str
    ring: int
    first: float
    second: float
    line: int
    step: float = float("nan")
    angular: bool = False


@dataclass
class Plot:
    """A plot: its header and its corner points.

    Attributes
    ----------
    declared_count : int, optional
        Number of points that the header states.
    area : str
        As written; hectares by the rule.
    kind : {"polygon", "line", "point"}
    fields : tuple of str
        Fields after the kind: sheet, use, land class ...
    line : int
        Of the header.
    """

    declared_count: int | None
    area: str
    plot_id: str
    name: str
    kind: str
    fields: tuple[str, ...]
    line: int
    corners: list[Corner] = field(default_factory=list)


@dataclass
class ParcelText:
    """A parsed file.

    Attributes
    ----------
    attributes : dict of str to (value, line)
        Of ``[属性描述]``, keys without blanks.
    plots : list of Plot
    issues : list of Issue
    """

    attributes: dict[str, tuple[str, int]]
    plots: list[Plot]
    issues: list[Issue]


def parse_parcel_text(text: str, name: str) -> ParcelText:
    """Parse the text of a parcel coordinate file.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.

    Raises
    ------
    FormatError
        Naming file and line, for a line that is neither header nor point, or a file without plots.

    Examples
    --------
    >>> parsed = parse_parcel_text('''[属性描述]
    ... 带号=37
    ... [地块坐标]
    ... 4,4.0,1,地块1,面,,,,@
    ... J1,1,2746900,37650500
    ... J2,1,2747100,37650500
    ... J3,1,2747100,37650700
    ... J1,1,2746900,37650500''', "a.txt")
    >>> parsed.attributes["带号"], parsed.plots[0].name, len(parsed.plots[0].corners)
    (('37', 2), '地块1', 4)
    """
    notes = LineWarnings(name, _SEVERITIES)
    attributes: dict[str, tuple[str, int]] = {}
    plots: list[Plot] = []
    section: str | None = None
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        narrow = raw.translate(_WIDE).strip().strip("\ufeff\x1a")
        if not narrow:
            continue
        title = _SECTION.fullmatch(narrow)
        if title is not None:
            section = re.sub(r"\s", "", title["title"])
            if section not in (_ATTRIBUTES, _PLOTS):
                notes.add("unknown_section", number)
            continue
        if section == _ATTRIBUTES:
            _attribute(narrow, number, attributes, notes)
        elif section == _PLOTS:
            _plot_line(raw.strip(), narrow, number, name, plots, notes)
        elif section is None:
            if not plots:
                notes.add("section_missing", number)
            _plot_line(raw.strip(), narrow, number, name, plots, notes)
    if not plots:
        raise FormatError.from_code("parcel_without_plots", file=name)
    return ParcelText(attributes, plots, notes.issues())


def _attribute(line: str, number: int, attributes: dict[str, tuple[str, int]], notes: LineWarnings) -> None:
    key, equals, value = line.partition("=")
    if not equals:
        key, equals, value = line.partition(":")
    key = re.sub(r"\s", "", key)
    if not equals or not key:
        notes.add("attribute_unreadable", number)
    elif key in attributes and attributes[key][0] != value.strip():
        notes.add("attribute_repeated", number)
    else:
        attributes.setdefault(key, (value.strip(), number))


def _plot_line(raw: str, narrow: str, number: int, name: str, plots: list[Plot], notes: LineWarnings) -> None:
    header = _header(raw, narrow, number, name, notes)
    if header is not None:
        plots.append(header)
        return
    corner = _corner(narrow, number, notes)
    if corner is None:
        shown = raw[:60]
        raise FormatError.from_code("parcel_line_unreadable", file=name, line=number, text=shown)
    if narrow != raw:
        notes.add("full_width", number)
    if not plots:
        notes.add("header_missing", number)
        plots.append(Plot(None, "", "", "", "polygon", (), number))
    plots[-1].corners.append(corner)


def _split(text: str) -> list[str]:
    return [part.strip().strip("\"'“”").strip() for part in text.split(",")]


def _header(raw: str, narrow: str, number: int, name: str, notes: LineWarnings) -> Plot | None:
    """Return the plot that a line begins, None if it is no header: it ends with @, or names 面, 线 or 点."""
    ended = narrow.rstrip(", \t\"'").endswith("@")
    fields = _split(raw)
    # A comma inside a name may be full-width while the separators are ASCII, or all may be full-width.
    if not any(part in _KINDS for part in fields[4:]) or len(fields) < 5:
        fields = _split(raw.translate(_WIDE_PUNCTUATION))
    place = next((index for index, part in enumerate(fields) if index >= 4 and part in _KINDS), None)
    if not ended and place is None:
        return None
    if raw.translate(_WIDE_PUNCTUATION) != raw and "," not in raw:
        notes.add("full_width", number)
    if not ended:
        notes.add("header_end_missing", number)
    fields = [part for index, part in enumerate(fields) if index < 4 or part not in ("@", "＠")]
    if place is None:
        notes.add("kind_assumed", number)
        fields += [""] * (5 - len(fields))
        place = 4
        if fields[place]:
            raise FormatError.from_code(
                "parcel_kind_unknown", file=name, line=number, kind=fields[place], expected=("面", "线", "点")
            )
    elif place > 4:
        notes.add("comma_in_name", number)
    rest = list(fields[place + 1 :])
    while rest and not rest[-1]:
        rest.pop()
    if raw.count(",") + raw.count("，") not in (8, 8 + place - 4):
        notes.add("header_short", number)
    count = re.sub(r"\s", "", fields[0].translate(_WIDE))
    return Plot(
        declared_count=int(count) if re.fullmatch(r"\d{1,9}", count) else None,
        area=fields[1],
        plot_id=fields[2],
        name=",".join(fields[3:place]),
        kind=_KINDS.get(fields[place], "polygon"),
        fields=tuple(rest),
        line=number,
    )


def _corner(narrow: str, number: int, notes: LineWarnings) -> Corner | None:
    if "," in narrow:
        parts = [part.strip() for part in narrow.split(",")]
        while parts and not parts[-1]:
            parts.pop()
    else:
        parts = re.split(r"[\s;]+", narrow)
        notes.add("separator", number)
    if len(parts) == 3:
        first, second = parse_written(parts[1]), parse_written(parts[2])
        ring: int | None = 1
        notes.add("ring_missing", number)
    elif len(parts) >= 4:
        first, second = parse_written(parts[2]), parse_written(parts[3])
        ring = int(parts[1]) if re.fullmatch(r"\d{1,6}", parts[1]) else (1 if not parts[1] else None)
        if not parts[1]:
            notes.add("ring_missing", number)
        if len(parts) > 4:
            notes.add("point_extra_fields", number)
    else:
        return None
    if first is None or second is None or ring is None:
        return None
    angular = first.angular or second.angular
    return Corner(parts[0], ring, first.value, second.value, number, max(first.step, second.step), angular)
