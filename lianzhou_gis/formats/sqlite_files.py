"""SQLite files (GeoPackage, SpatiaLite) with their journals.

Changes that are not merged yet are in ``-wal``; an unfinished transaction leaves a ``-journal``. With either the
database is read from a copy, so that the file itself never changes; what cannot be recovered is a fault.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.limits import MAX_VECTOR_BYTES, require_existing, sha256_of_file, sha256_of_files
from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["MAGIC", "SqliteSnapshot", "connect_readonly", "journal_files", "sqlite_snapshot"]

MAGIC = b"SQLite format 3\x00"
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_WAL_HEADER, _FRAME_HEADER = 32, 24
# Beyond this the check of all pages takes longer than reading the layer.
_CHECKED_BYTES = 512 * 2**20
_WAIT_S = 1.0


@dataclass
class SqliteSnapshot:
    """A database that can be read.

    Attributes
    ----------
    path : Path
        The file itself, or a copy with its journal applied; inside the ``with`` only.
    sha256 : str
        Of the file, and of its journal where that was applied.
    wholeness : Wholeness
    issues : list of Issue
    """

    path: Path
    sha256: str
    wholeness: Wholeness = field(default_factory=Wholeness)
    issues: list[Issue] = field(default_factory=list)


def journal_files(path: Path) -> list[Path]:
    """Return the non-empty journals beside a database."""
    beside = [path.with_name(path.name + ending) for ending in ("-wal", "-journal")]
    return [journal for journal in beside if journal.is_file() and journal.stat().st_size]


def connect_readonly(path: Path) -> sqlite3.Connection:
    """Open a snapshot for reading; nothing is written beside it."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)


@contextmanager
def sqlite_snapshot(path: Path, name: str) -> Iterator[SqliteSnapshot]:
    """Yield a database in its current state, unmerged changes included.

    Parameters
    ----------
    path : Path
    name : str
        For messages.

    Raises
    ------
    FormatError
        If it is no SQLite file, or locked by another program.
    """
    require_existing(path)
    with path.open("rb") as stream:
        head = stream.read(100)
    if not head.startswith(MAGIC) or len(head) < 100:
        raise FormatError.from_code("sqlite_invalid", name=name)
    journals = {journal.name.rsplit("-", 1)[-1]: journal for journal in journal_files(path)}
    whole = Wholeness()
    if "wal" not in journals and 2 in head[18:20] and not path.with_name(path.name + "-wal").exists():
        whole = whole.with_fault(WholenessGround.JOURNAL, "sqlite_wal_left_behind")
    if "journal" in journals and journals["journal"].read_bytes()[:8] != _JOURNAL_MAGIC:
        # A journal whose head is cleared belongs to a finished transaction.
        del journals["journal"]
    if not journals:
        # Without -wal nobody has a file in WAL mode open, and to connect to it would write a new, empty one beside it.
        if whole.is_whole:
            _refuse_locked(path, name)
        yield SqliteSnapshot(path, sha256_of_file(path), _checked(path, head, whole))
        return
    digest = sha256_of_files({"database": path, **journals})
    if sum(file.stat().st_size for file in (path, *journals.values())) > MAX_VECTOR_BYTES:
        raise FormatError.from_code("sqlite_journal_large", name=name)
    with tempfile.TemporaryDirectory(prefix="lianzhou-gis-") as folder:
        copy = Path(folder) / "database.gpkg"
        shutil.copyfile(path, copy)
        for ending, journal in journals.items():
            shutil.copyfile(journal, copy.with_name(f"{copy.name}-{ending}"))
        issues = []
        if "wal" in journals:
            whole = _merge_wal(copy, head, whole)
            issues.append(Issue.from_code("warning", "open_elsewhere", name))
        if "journal" in journals:
            whole = whole.with_fault(WholenessGround.JOURNAL, "sqlite_write_interrupted")
        _roll_back(copy, name)
        yield SqliteSnapshot(copy, digest, _checked(copy, head, whole), issues)


def _refuse_locked(path: Path, name: str) -> None:
    """Raise where another program is writing."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=_WAIT_S)
        ) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise FormatError.from_code("sqlite_locked", name=name) from error
    except (sqlite3.Error, UnicodeDecodeError):
        # Other faults are reported when it is read.
        return


def _merge_wal(copy: Path, head: bytes, whole: Wholeness) -> Wholeness:
    """Merge the log of a copy into it, and compare the merged frames with those in the log."""
    log = copy.with_name(copy.name + "-wal").read_bytes()
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    if len(log) < _WAL_HEADER + _FRAME_HEADER + page or struct.unpack(">I", log[:4])[0] not in _WAL_MAGIC:
        return whole.with_fault(WholenessGround.JOURNAL, "sqlite_wal_unreadable")
    if int.from_bytes(log[8:12], "big") != page:
        return whole.with_fault(WholenessGround.JOURNAL, "sqlite_wal_unreadable")
    if (len(log) - _WAL_HEADER) % (_FRAME_HEADER + page):
        return whole.with_fault(WholenessGround.JOURNAL, "sqlite_wal_unreadable")
    frames = np.frombuffer(log, dtype=np.uint8, offset=_WAL_HEADER)
    frames = frames[: len(frames) // (_FRAME_HEADER + page) * (_FRAME_HEADER + page)].reshape(-1, _FRAME_HEADER + page)
    # Frames of an earlier round, already merged, keep other salts.
    salts = np.frombuffer(log[16:24], dtype=np.uint8)
    current = int(np.cumprod((frames[:, 8:16] == salts).all(axis=1)).sum())
    try:
        with closing(sqlite3.connect(copy, timeout=_WAIT_S)) as connection:
            connection.execute("PRAGMA journal_mode").fetchone()
            _, merged, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        merged = 0
    if merged <= 0 or merged < current:
        return whole.with_fault(WholenessGround.JOURNAL, "sqlite_wal_unreadable")
    return whole


def _roll_back(copy: Path, name: str) -> None:
    """Let SQLite undo an unfinished transaction of a copy."""
    try:
        with closing(sqlite3.connect(copy, timeout=_WAIT_S)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise FormatError.from_code("sqlite_invalid", name=name) from error


def _checked(path: Path, head: bytes, whole: Wholeness) -> Wholeness:
    """Compare the size of a file with its page count, and check its pages."""
    size = path.stat().st_size
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    if head[24:28] == head[92:96] and pages and size < pages * (65536 if page == 1 else page):
        return whole.with_fault(WholenessGround.FILE_BYTES, "sqlite_pages_missing")
    if size > _CHECKED_BYTES:
        return whole
    try:
        with closing(connect_readonly(path)) as connection:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        answer = ("error",)
    if answer is None or str(answer[0]) != "ok":
        return whole.with_fault(WholenessGround.DATABASE_CHECK, "sqlite_check_failed")
    return whole.with_proof(WholenessGround.DATABASE_CHECK)
