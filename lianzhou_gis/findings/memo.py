"""Caches of pure functions of one frozen key."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import TypeVar

__all__ = ["memoised"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def memoised(function: Callable[[Key], Value], size: int) -> Callable[[Key], Value]:
    """Return ``function`` with its latest results cached.

    Parameters
    ----------
    function : callable
        Pure, of one argument: a frozen key that holds everything the result depends on. A function that reads
        something else cannot be cached correctly, and with the key as its only argument it has nothing else to read.
        What it is bound to (the rules of a day, an index of layers) never changes.
    size : int
        Number of results kept; the least recently used goes first.

    Examples
    --------
    >>> squares = memoised(lambda number: number * number, 8)
    >>> squares(3), squares(3)
    (9, 9)
    """
    return lru_cache(maxsize=size)(function)
