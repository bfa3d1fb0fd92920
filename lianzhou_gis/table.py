"""Tables as plain columns: what the engine hands on, and a DataFrame of it where one is asked for."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CodedColumn", "ColumnSpec", "Columns", "Deferred", "FieldFormat", "cells", "columns_of", "frame_of"]

Array = npt.NDArray[Any]


@cache
def _row(names: tuple[str, ...]) -> Callable[[Iterable[object]], Any]:
    # One class for the same columns: building it takes longer than a few rows.
    make: Any = namedtuple
    build: Callable[[Iterable[object]], Any] = make("Row", names)._make
    return build


def cells(values: Iterable[Any]) -> Array:
    """Return values as an array of objects, whatever they are: lists too stay one cell each.

    Examples
    --------
    >>> cells(["a", None, [1, 2]]).tolist()
    ['a', None, [1, 2]]
    """
    return np.fromiter(values, dtype=object)


@dataclass(frozen=True, slots=True)
class FieldFormat:
    """How a field of a record is written; annotates its type.

    Attributes
    ----------
    unit : str or None
    decimals : int or None
        With which a measure is written.
    not_in : tuple of str
        Outputs that leave it out: ``json``, ``geopackage``, ``parquet``.
    """

    unit: str | None = None
    decimals: int | None = None
    not_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column as it follows from a field of a record.

    Attributes
    ----------
    type : type
        Of its values, apart from None: ``str`` for codes of the vocabulary, ``dict`` for a text in both
        languages, ``Mapping`` for what is written as JSON.
    nullable : bool
    format : FieldFormat
    """

    name: str
    type: type
    nullable: bool
    format: FieldFormat


@cache
def columns_of(record: type, output: str) -> tuple[ColumnSpec, ...]:
    """Return the columns of a record in an output, in the order of its fields.

    Parameters
    ----------
    record : type
        A dataclass; a field without a :class:`FieldFormat` is in every output.
    output : {"json", "geopackage", "parquet"}

    Examples
    --------
    >>> from dataclasses import make_dataclass
    >>> area = Annotated[float | None, FieldFormat("m2", 2, not_in=("json",))]
    >>> record = make_dataclass("Area", [("name", str), ("area_m2", area)])
    >>> [(item.name, item.nullable) for item in columns_of(record, "parquet")]
    [('name', False), ('area_m2', True)]
    >>> [item.name for item in columns_of(record, "json")]
    ['name']
    """
    found = []
    for name, hint in get_type_hints(record, include_extras=True).items():
        notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        written = next((note for note in notes if isinstance(note, FieldFormat)), FieldFormat())
        inner = get_args(hint)[0] if notes else hint
        kinds = get_args(inner) if get_origin(inner) in (Union, UnionType) else (inner,)
        (kind,) = (item for item in kinds if item is not type(None))
        bilingual = get_args(kind) == (str, str)
        kind = get_origin(kind) or kind
        kind = str if isinstance(kind, type) and issubclass(kind, Enum) else kind
        if output not in written.not_in:
            kind = Mapping if kind is dict and not bilingual else kind
            found.append(ColumnSpec(name, kind, type(None) in kinds, written))
    return tuple(found)


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

    def assign(self, **more: object) -> Columns:
        """Return the table with further columns."""
        return Columns({**self.arrays, **{name: self._column(value) for name, value in more.items()}})

    def _column(self, value: object) -> Array:
        if isinstance(value, np.ndarray):
            return value
        kind: Any = object if value is None or isinstance(value, str) else None
        return np.full(len(self), value, dtype=kind)

    def select(self, names: Sequence[str]) -> Columns:
        """Return some columns, in that order."""
        return Columns({name: self.arrays[name] for name in names})

    def rows(self) -> Iterator[Any]:
        """Yield every row as a named tuple of plain values."""
        return map(_row(tuple(self.arrays)), zip(*(array.tolist() for array in self.arrays.values()), strict=True))

    def frame(self, inferred: Collection[str] = ()) -> pd.DataFrame:
        """Return the table as a DataFrame of its own; texts and geometries as objects.

        Parameters
        ----------
        inferred : collection of str
            Columns of objects of which pandas may choose the type by what they hold: its own type for texts.
        """
        return frame_of(
            {
                name: (array, None if array.dtype == object and name in inferred else array.dtype)
                for name, array in self.arrays.items()
            },
            len(self),
        )


def frame_of(columns: Mapping[str, tuple[Array, np.dtype[Any] | None]], count: int) -> pd.DataFrame:
    """Return arrays as a DataFrame of its own, each with its type; ``None`` lets pandas choose it.

    Parameters
    ----------
    columns : mapping of str to (ndarray of shape (count,), dtype or None)
    count : int
    """
    import pandas as pd

    # With one index for all of them pandas need not unite as many as there are columns.
    index = pd.RangeIndex(count)
    series = {name: pd.Series(array, index=index, dtype=kind, copy=True) for name, (array, kind) in columns.items()}
    return pd.DataFrame(series, index=index, columns=list(series), copy=False)
