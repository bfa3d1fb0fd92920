"""Steps of long work, shown to whoever watches: a bar in a notebook, a line in a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["STEPS", "Counter", "Progress", "default_counter", "default_progress"]

Progress = Callable[[str], None]
Counter = Callable[[int, int], None]

STEPS = {
    "sites": {"zh": "读取项目", "en": "reading the sites"},
    "layers": {"zh": "读取图层", "en": "reading the layers"},
    "overlay": {"zh": "叠加量算", "en": "laying sites over zones"},
    "findings": {"zh": "应用规则", "en": "applying the rules"},
    "writing": {"zh": "写出结果", "en": "writing the result"},
}


def _silent(step: str) -> None:
    """Show nothing."""


def default_progress(lang: str = "zh", *, quiet: bool = False) -> Progress:
    """Return what a long work calls with the name of each step as it begins.

    Parameters
    ----------
    lang : {"zh", "en"}
    quiet : bool
        Show nothing, whoever watches.

    Returns
    -------
    callable
        In a notebook it draws a bar that goes when the work is done; in a terminal it writes a line to stderr; where
        nobody watches (a pipe, a test, a service) it does nothing.

    Examples
    --------
    >>> default_progress()("layers")
    """
    if quiet:
        return _silent
    if _in_a_notebook():
        return _bar(lang)
    return (lambda step: _line(step, lang)) if sys.stderr is not None and sys.stderr.isatty() else _silent


def default_counter(lang: str = "zh", *, quiet: bool = False) -> Counter:
    """Return what a long work calls with how many parts are done, and of how many.

    Parameters
    ----------
    lang : {"zh", "en"}
    quiet : bool
        Show nothing, whoever watches.

    Returns
    -------
    callable
        In a terminal it rewrites one line on stderr; elsewhere it does nothing.

    Examples
    --------
    >>> default_counter()(1, 60)
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return lambda done, total: None

    def count(done: int, total: int) -> None:
        words = f"{STEPS['writing'][lang]} {done}/{total} ({100 * done // max(total, 1)}%)"
        # The cursor goes back, so that what is printed next takes the place of the count.
        print(words, end="\n" if done >= total else "\r", file=sys.stderr, flush=True)

    return count


def _in_a_notebook() -> bool:
    """Tell whether a kernel runs us; that one is installed, or only loaded, is not enough."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _line(step: str, lang: str) -> None:
    print(STEPS[step][lang] + " …", file=sys.stderr)


def _bar(lang: str) -> Progress:
    display = import_module("IPython.display")
    # Writing is a work of its own: what is screened is not always written.
    names = [name for name in STEPS if name != "writing"]
    shown: list[Any] = []

    def tell(step: str) -> None:
        done = names.index(step) if step in names else len(names) - 1
        bar = display.HTML(f'<progress max="{len(names)}" value="{done}"></progress> {STEPS[step][lang]} …')
        if shown:
            shown[0].update(bar)
        else:
            shown.append(display.display(bar, display_id=True))
        if step == names[-1]:
            shown.pop().update(display.HTML(""))

    return tell
