"""The house keeps its shape: imports go down the list of levels only, and files stay small."""

from __future__ import annotations

import ast
import configparser
import subprocess
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lianzhou_gis"

LEVELS = [
    ["fingerprint", "cache", "resources", "errors", "located_yaml", "validation", "vocabulary", "table"],
    ["geodesy"],
    ["rulebook", "catalog"],
    ["formats", "layers"],
    ["overlay", "networks", "raster"],
    ["findings"],
    [
        "progress",
        "result",
        "certificate_sources",
        "certificate_record",
        "certificate",
        "clearance",
        "second_readings",
        "isolation",
        "screening",
        "evidence",
        "runs",
        "intake",
        "compare",
        "siting",
    ],
    ["maps", "reports", "batch"],
    ["accessor", "cli", "service", "__main__"],
]
# Doors upward: methods of the result that a user expects on it, imported inside the function.
DOORS = {
    *((room, "maps") for room in ("catalog", "evidence", "result", "layers")),
    *((room, "reports") for room in ("catalog", "evidence", "formats", "result", "rulebook", "layers")),
    ("catalog", "layers"),
    ("result", "clearance"),
    ("result", "evidence"),
    ("result", "runs"),
}
PLACE = {room: (level, column) for level, rooms in enumerate(LEVELS) for column, room in enumerate(rooms)}


def room_of(path: Path) -> str:
    """The room a file belongs to: the first part of its path inside the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[tuple[str, bool]]:
    """Rooms that a file imports, and whether the import stands inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # What stands under TYPE_CHECKING is never run: it may name what a door returns.
    inside = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING")
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "lianzhou_gis" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "lianzhou_gis" and len(parts) > 1:
                found.add((parts[1], id(node) in inside))
    return found


def violations(path: Path) -> list[str]:
    """Imports of a file that go up the house, or to the right in the same row."""
    room = room_of(path)
    if room == "__init__":
        return []
    wrong = []
    for other, is_inside in sorted(imported_rooms(path)):
        if other in (room, "__version__"):
            continue
        if other not in PLACE:
            wrong.append(f"{room} imports {other}, which is no room of the house")
        elif PLACE[other] > PLACE[room] and not (is_inside and (room, other) in DOORS):
            wrong.append(f"{room} imports {other}, which stands above it or to its right")
    return wrong


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path):
    assert violations(path) == []


def test_every_room_is_in_the_list():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms <= set(PLACE)


def test_an_upward_import_is_seen(tmp_path, monkeypatch):
    planted = PACKAGE / "geodesy" / "planted.py"
    source = "from lianzhou_gis.findings import assess\n"
    monkeypatch.setattr(Path, "read_text", lambda self, **kwargs: source)
    assert violations(planted) == ["geodesy imports findings, which stands above it or to its right"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


def test_tracked_files_are_at_most_3_mb():
    root = PACKAGE.parent
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.decode()
    large = [
        name for name in names.split("\0") if name and (root / name).exists() and (root / name).stat().st_size > 3e6
    ]
    assert large == []


def test_every_data_file_is_packaged():
    """What is not Python comes with a wheel only where setup.cfg names it."""
    config = configparser.ConfigParser()
    config.read(PACKAGE.parent / "setup.cfg", encoding="utf-8")
    patterns = {name: value.replace("\n", ",").split(",") for name, value in config["options.package_data"].items()}
    named = {
        path
        for room, globs in patterns.items()
        for pattern in globs
        for path in PACKAGE.parent.joinpath(*room.split(".")).glob(pattern.strip())
    }
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert sorted(files - named) == []
