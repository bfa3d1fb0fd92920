"""Where a run is built before it is moved to its place, and what remains of one whose program was killed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["move_into_place", "sweep", "working_folder"]

_EARLIER = "earlier"


def _host() -> str:
    """Return a short name of this machine: process numbers mean nothing on another one."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


@contextmanager
def working_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside a run folder, removed in the end; what killed programs left is swept first."""
    sweep(folder)
    place = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-{_host()}-{os.getpid()}-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def move_into_place(built: Path, folder: Path) -> None:
    """Move a finished folder to its place; an earlier run is removed only when the new one is there.

    Parameters
    ----------
    built : pathlib.Path
        Directly inside the working folder.
    folder : pathlib.Path
    """
    if not folder.exists():
        built.rename(folder)
        return
    earlier = built.parent / _EARLIER
    folder.rename(earlier)
    try:
        built.rename(folder)
    except OSError:
        earlier.rename(folder)
        raise


def sweep(folder: Path) -> None:
    """Put back an earlier run that a killed program had set aside, and remove its working folders.

    Only folders of this machine whose process is gone are touched.
    """
    pattern = re.compile(rf"\.{re.escape(folder.name)}-{_host()}-(\d+)-[^/]*")
    if not folder.parent.is_dir():
        return
    for place in sorted(folder.parent.iterdir()):
        match = pattern.fullmatch(place.name)
        if match is None or not place.is_dir() or place.is_symlink() or _runs(int(match.group(1))):
            continue
        earlier = place / _EARLIER
        if earlier.is_dir() and not folder.exists():
            earlier.rename(folder)
        shutil.rmtree(place, ignore_errors=True)


def _runs(process: int) -> bool:
    """Return whether a process of this machine still runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OSError, OverflowError):
        return True
    return True
