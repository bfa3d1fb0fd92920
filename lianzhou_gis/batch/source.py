"""Files of very many sites, read in chunks: GeoParquet, GeoPackage, FlatGeobuf."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lianzhou_gis.errors import FormatError, extra
from lianzhou_gis.formats.column_aliases import SITE_ALIASES, find_columns
from lianzhou_gis.formats.limits import require_existing
from lianzhou_gis.formats.site_ids import MAX_ID, plain_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Chunk", "SiteSource"]

_ARROW = (".gpkg", ".fgb")
_PARQUET = (".parquet", ".geoparquet")
_READ_ROWS = 4096


@dataclass(frozen=True)
class Chunk:
    """Some sites that follow one another in the file.

    Attributes
    ----------
    number : int
        From 0.
    first : int
        Place of the first in the file, from 1.
    ids : tuple of str
        Of the sites, each once in the whole file.
    table : pyarrow.Table
        The columns of the file; WKB in ``geometry``.
    """

    number: int
    first: int
    ids: tuple[str, ...]
    table: Any


@dataclass(frozen=True)
class SiteSource:
    """A file of sites.

    Attributes
    ----------
    path : pathlib.Path
    layer : str or None
    count : int
    crs : str or None
        As the file declares it.
    geometry : str
        The geometry column.
    id_column : str or None
    """

    path: Path
    layer: str | None
    count: int
    crs: str | None
    geometry: str
    id_column: str | None

    @classmethod
    def open(cls, path: str | Path, layer: str | None = None) -> SiteSource:
        """Look at a file without reading its sites.

        Raises
        ------
        MissingFileError, FormatError
            If it is missing, of another format, damaged or empty.
        """
        path = require_existing(Path(path))
        if path.suffix.lower() in _PARQUET:
            count, crs, geometry, names = _parquet_head(path)
            layer = None
        elif path.suffix.lower() in _ARROW:
            count, crs, geometry, names, layer = _ogr_head(path, layer)
        else:
            raise FormatError.from_code("batch_format", file=path.name)
        if not count:
            raise FormatError.from_code("batch_without_sites", file=path.name)
        others = [name for name in names if name != geometry]
        return cls(path, layer, count, crs, geometry, find_columns(others, SITE_ALIASES).get("site_id"))

    def ids(self) -> list[str]:
        """Return an id for every site: its own, ``row-7`` for one without; what is repeated gets -2, -3 in order."""
        given: list[Any] = [None] * self.count
        if self.id_column is not None:
            given = [value for batch in self._batches([self.id_column]) for value in batch[self.id_column].to_pylist()]
        wanted = [plain_text(value, MAX_ID)[0] or f"row-{row}" for row, value in enumerate(given, start=1)]
        taken, seen, ids = set(wanted), set(), []
        if len(taken) == len(wanted):
            return wanted
        for name in wanted:
            own, number = name, 2
            if name in seen:
                while f"{name}-{number}" in taken:
                    number += 1
                own = f"{name}-{number}"
                taken.add(own)
            seen.add(name)
            ids.append(own)
        return ids

    def chunks(self, size: int, ids: list[str], done: frozenset[int] = frozenset()) -> Iterator[Chunk]:
        """Yield the sites in chunks of one size; those that are done are left out."""
        arrow = extra("pyarrow", "arrow")
        number, held, rows = 0, [], 0

        def whole(table: pa.Table) -> Chunk:
            start = number * size
            names = ["geometry" if name == self.geometry else name for name in table.schema.names]
            return Chunk(number, start + 1, tuple(ids[start : start + len(table)]), table.rename_columns(names))

        for batch in self._batches(None):
            held.append(batch)
            rows += len(batch)
            while rows >= size:
                table = arrow.concat_tables(held)
                if number not in done:
                    yield whole(table.slice(0, size).combine_chunks())
                held, rows, number = [table.slice(size)], rows - size, number + 1
        if rows and number not in done:
            yield whole(arrow.concat_tables(held).combine_chunks())

    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        """Yield pyarrow tables, one after the other; memory holds one."""
        arrow = extra("pyarrow", "arrow")
        with _reading(self.path.name):
            if self.path.suffix.lower() in _PARQUET:
                # As it comes, the reader gathers the bytes of the whole file while it goes through it.
                block_by_block = {"pre_buffer": False, "buffer_size": 2**20}
                with extra("pyarrow.parquet", "arrow").ParquetFile(self.path, **block_by_block) as file:
                    for batch in file.iter_batches(batch_size=_READ_ROWS, columns=columns):
                        yield arrow.Table.from_batches([batch])
            else:
                import pyogrio

                with pyogrio.open_arrow(
                    self.path,
                    layer=self.layer,
                    columns=columns,
                    read_geometry=columns is None,
                    batch_size=_READ_ROWS,
                    use_pyarrow=True,
                ) as (_, reader):
                    for batch in reader:
                        yield arrow.Table.from_batches([batch])


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Replace any error of a reader by one about a damaged file."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError.from_code("batch_source_unreadable", file=name) from error


def _parquet_head(path: Path) -> tuple[int, str | None, str, list[str]]:
    from lianzhou_gis.formats.geoparquet import declared_geometry

    with _reading(path.name), extra("pyarrow.parquet", "arrow").ParquetFile(path) as file:
        schema = file.schema_arrow
        crs, column = declared_geometry(schema.metadata or {}, path.name)
        if column not in schema.names:
            raise FormatError.from_code("batch_geometry_missing", file=path.name, column=column)
        return int(file.metadata.num_rows), crs, column, list(schema.names)


def _ogr_head(path: Path, layer: str | None) -> tuple[int, str | None, str, list[str], str]:
    import pyogrio

    with _reading(path.name):
        layers = [str(name) for name in np.asarray(pyogrio.list_layers(path))[:, 0]]
        chosen = layer or ("sites" if "sites" in layers else layers[0] if len(layers) == 1 else None)
        if chosen not in layers:
            listed = layers[:8]
            raise FormatError.from_code("batch_layer_missing", file=path.name, layers=listed)
        info = pyogrio.read_info(path, layer=chosen, force_feature_count=True)
    column = str(info.get("geometry_name") or "wkb_geometry")
    crs = info.get("crs")
    return (
        int(info["features"]),
        None if crs is None else str(crs),
        column,
        [str(name) for name in info["fields"]],
        chosen,
    )
