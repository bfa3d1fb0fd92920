"""Tables as plain columns: what the engine hands on, and a DataFrame of it where one is asked for."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CodedColumn", "Columns", "Deferred", "cells"]

Array = npt.NDArray[Any]


@cache
def _row(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - a class of named tuples
    # Made once for the same columns: to make one takes longer than to fill a few.
    make: Any = namedtuple
    return make("Row", names)


def cells(values: Iterable[Any]) -> Array:
    """Return values as an array of objects, whatever they are: lists too stay one cell each.

    Examples
    --------
    >>> cells(["a", None, [1, 2]]).tolist()
    ['a', None, [1, 2]]
    """
    return np.fromiter(values, dtype=object)


@dataclass(frozen=True)
class CodedColumn:
    """A column of few different values: a code for every row, a value for every code.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
    values : ndarray of object

    Examples
    --------
    >>> CodedColumn(np.array([1, 0, 1]), cells(["a", ("b", "c")])).tolist()
    [('b', 'c'), 'a', ('b', 'c')]
    """

    codes: npt.NDArray[np.intp]
    values: npt.NDArray[np.object_]

    @classmethod
    def from_values(cls, values: Sequence[Any]) -> CodedColumn:
        """Return a column in which every row has a code of its own."""
        return cls(np.arange(len(values)), cells(values))

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[Any]:
        """Return the value of every row."""
        found: list[Any] = self.values[self.codes].tolist()
        return found

    def plain(self) -> Array:
        """Return the value of every row as an array of objects, codes of the vocabulary as plain texts."""
        plain = [value.value if isinstance(value, Enum) else value for value in self.values.tolist()]
        return cells(plain)[self.codes]


class Deferred(Mapping[str, Array]):
    """Arrays by name, of which some are made when somebody asks for them.

    Parameters
    ----------
    made : mapping of str to ndarray
    makers : mapping of str to callable
        Stand behind the others.

    Examples
    --------
    >>> table = Columns(Deferred({"zone_id": cells("ab")}, {"geometry": lambda: cells([None, None])}))
    >>> list(table.arrays), table["geometry"].tolist()
    (['zone_id', 'geometry'], [None, None])
    """

    def __init__(self, made: Mapping[str, Array], makers: Mapping[str, Callable[[], Array]]) -> None:
        self._names = (*made, *makers)
        self._made = dict(made)
        self._makers = dict(makers)

    def __getitem__(self, name: str) -> Array:
        if name not in self._made and name in self._makers:
            # Two threads may make the same one: both are right, and the first stays.
            self._made.setdefault(name, self._makers[name]())
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Columns:
    """A table as arrays of one length.

    Attributes
    ----------
    arrays : mapping of str to ndarray

    Examples
    --------
    >>> table = Columns({"site_id": np.array(["a", "b"], dtype=object), "area_m2": np.array([1.0, 2.0])})
    >>> len(table), [row.area_m2 for row in table.rows()]
    (2, [1.0, 2.0])
    """

    arrays: Mapping[str, Array]

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> Columns:
        """Return a DataFrame as plain columns; texts and geometries as objects."""
        return cls({str(name): frame[name].to_numpy() for name in frame.columns})

    @classmethod
    def joined(cls, tables: Sequence[Columns]) -> Columns:
        """Return tables of the same columns as one."""
        if len(tables) == 1:
            return tables[0]
        return cls({name: np.concatenate([table[name] for table in tables]) for name in tables[0].arrays})

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def take(self, places: Array) -> Columns:
        """Return some rows, by place or by flag."""
        return Columns({name: array[places] for name, array in self.arrays.items()})

    def assign(self, **more: Any) -> Columns:  # noqa: ANN401 - arrays, or one value for all rows
        """Return the table with further columns."""
        return Columns({**self.arrays, **{name: self._column(value) for name, value in more.items()}})

    def _column(self, value: Any) -> Array:  # noqa: ANN401
        if isinstance(value, np.ndarray):
            return value
        kind: Any = object if value is None or isinstance(value, str) else None
        return np.full(len(self), value, dtype=kind)

    def select(self, names: Sequence[str]) -> Columns:
        """Return some columns, in that order."""
        return Columns({name: self.arrays[name] for name in names})

    def rows(self) -> Iterator[Any]:
        """Yield every row as a named tuple of plain values."""
        return map(
            _row(tuple(self.arrays))._make, zip(*(array.tolist() for array in self.arrays.values()), strict=True)
        )

    def frame(self, inferred: Collection[str] = ()) -> pd.DataFrame:
        """Return the table as a DataFrame of its own; texts and geometries as objects.

        Parameters
        ----------
        inferred : collection of str
            Columns of objects of which pandas may choose the type by what they hold: its own type for texts.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                name: pd.Series(array, dtype=object if array.dtype == object and name not in inferred else None)
                for name, array in self.arrays.items()
            }
        )
