"""A made-up county of real weight to measure on, the same bytes for the same seed; nothing real in it.

    python benchmarks/workload.py FOLDER [SITES]

Everything lies in the equal-area plane of Lianzhou, as WKB in Parquet, so that every engine reads the same files:

- ``units``: 28 control units, a coverage without gaps whose common borders are ragged (650,000 vertices);
- ``redline``: 1,714 polygons, six of them giants of 40,000 to 100,000 vertices with 60 to 160 holes;
- ``sources``: 51 ragged zones of some 6,000 vertices;
- ``plots``: 4,000 plots of some 33 vertices;
- sites of 0.1 to 200 ha and 4 to 200 corners, two in a hundred of them corridors of 5 to 30 km. Fewer sites are always
  the first of more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from lianzhou_gis.geodesy import Plane

__all__ = [
    "LAYERS",
    "SEED",
    "layer",
    "layer_file",
    "middle",
    "read_blocks",
    "read_shapes",
    "redline",
    "site_file",
    "sites",
    "write",
]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

LAYERS = ("redline", "units", "sources", "plots")
HALF_M = 30_000.0
BLOCK = 10_000
SEED = 20261126


def ragged(middle: Floats, radius: float, corners: int, random: np.random.Generator) -> Floats:
    """Return a star-shaped ring with bays of every size: valid however ragged."""
    power = np.arange(1, corners // 2 + 1)
    waves = random.standard_normal(len(power)) / power**1.15
    phase = random.uniform(0.0, 2.0 * np.pi, len(power))
    noise = np.fft.irfft(np.concatenate([[0.0], waves * np.exp(1j * phase)]), n=corners)
    noise *= 0.35 / max(float(np.abs(noise).max()), 1e-12)
    angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    return middle + (radius * (1.0 + noise))[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])


def redline(random: np.random.Generator, middle: Floats, small: int = 1_708) -> Geometries:
    """Return giants with holes, and small ones all over."""
    shapes = []
    for number, corners in enumerate((42_000, 55_000, 63_000, 70_000, 84_000, 101_000)):
        place = middle + np.array([(number % 3 - 1) * 19_000.0, (number // 3 - 0.5) * 24_000.0])
        angle = np.linspace(0.0, 2.0 * np.pi, 60 + 20 * number, endpoint=False)
        reach = random.uniform(0.15, 0.55, len(angle)) * 8_500.0
        holes = [
            ragged(place + far * np.array([np.cos(at), np.sin(at)]), 0.3 * far * 2 * np.pi / len(angle), 60, random)
            for at, far in zip(angle, reach, strict=True)
        ]
        shapes.append(shapely.Polygon(ragged(place, 8_500.0, corners, random), holes))
    for _ in range(small):
        place = middle + random.uniform(-HALF_M, HALF_M, 2)
        shapes.append(shapely.Polygon(ragged(place, 10 ** random.uniform(1.7, 2.8), 164, random)))
    return np.array(shapes, dtype=object)


def units(random: np.random.Generator, middle: Floats) -> Geometries:
    """Return a coverage: cells whose common borders are one ragged line each."""
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(5)), axis=-1).astype(float)
    corner = middle - HALF_M + grid * np.array([2 * HALF_M / 7, 2 * HALF_M / 4])
    inner = np.zeros(corner.shape[:2], dtype=bool)
    inner[1:-1, 1:-1] = True
    corner[inner] += random.uniform(-1_500.0, 1_500.0, (int(inner.sum()), 2))
    lines = []
    for row in range(5):
        for column in range(8):
            here = corner[row, column]
            if column < 7:
                lines.append(_border(here, corner[row, column + 1], row in (0, 4), random))
            if row < 4:
                lines.append(_border(here, corner[row + 1, column], column in (0, 7), random))
    cells = shapely.get_parts(shapely.polygonize(lines))
    assert len(cells) == 28 and shapely.coverage_is_valid(cells)
    return np.asarray(cells, dtype=object)


def _border(start: Floats, end: Floats, straight: bool, random: np.random.Generator) -> shapely.LineString:
    """Return a line between two corners, bent at its middle again and again; that of the county stays straight."""
    points = np.array([start, end])
    for level in range(13 if not straight else 0):
        way = np.diff(points, axis=0)
        across = np.column_stack([-way[:, 1], way[:, 0]])
        bent = points[:-1] + way / 2.0 + across * random.uniform(-0.14, 0.14, len(way))[:, None] * 0.9**level
        points = np.insert(points, np.arange(1, len(points)), bent, axis=0)
    return shapely.LineString(points)


def layer(name: str) -> Geometries:
    """Return the zones of a layer."""
    random = np.random.default_rng([SEED, LAYERS.index(name)])
    centre = middle()
    if name == "redline":
        return redline(random, centre)
    if name == "units":
        return units(random, centre)
    count, corners, small, large = (51, 5_900, 2.6, 3.5) if name == "sources" else (4_000, 33, 1.5, 2.3)
    return np.array(
        [
            shapely.Polygon(
                ragged(centre + random.uniform(-HALF_M, HALF_M, 2), 10 ** random.uniform(small, large), corners, random)
            )
            for _ in range(count)
        ],
        dtype=object,
    )


def middle() -> Floats:
    """Return the middle of the county, in the plane."""
    return np.asarray(shapely.get_coordinates(Plane().project(shapely.points([[112.45, 24.91]]))))[0]


def _block(number: int) -> Geometries:
    """Return ten thousand sites; two in a hundred are corridors."""
    random = np.random.default_rng([SEED, 100, number])
    count = BLOCK
    centre = middle() + random.uniform(-HALF_M, HALF_M, (count, 2))
    corners = np.floor(10 ** random.uniform(np.log10(4), np.log10(201), count)).astype(int)
    reach = np.sqrt(10 ** random.uniform(3.0, 6.3, count) / np.pi)
    owner = np.repeat(np.arange(count), corners)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(corners) - corners, corners)
    angle = 2.0 * np.pi * place / corners[owner]
    far = reach[owner] * random.uniform(0.7, 1.3, len(owner))
    rings = centre[owner] + far[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    found = np.asarray(shapely.polygons(shapely.linearrings(rings, indices=owner)), dtype=object)
    for chosen in np.flatnonzero(np.arange(count) % 50 == 17):
        length = random.uniform(5_000.0, 30_000.0)
        steps = int(random.integers(6, 40))
        heading = random.uniform(0.0, 2.0 * np.pi) + np.cumsum(random.normal(0.0, 0.12, steps))
        way = np.cumsum(np.column_stack([np.cos(heading), np.sin(heading)]) * length / steps, axis=0)
        line = shapely.LineString(centre[chosen] + way - way.mean(axis=0))
        found[chosen] = line.buffer(random.uniform(8.0, 30.0), cap_style="flat", join_style="mitre", mitre_limit=2.0)
    return found


def sites(count: int) -> Iterator[Geometries]:
    """Yield sites in blocks of ten thousand."""
    for number in range(-(-count // BLOCK)):
        yield _block(number)[: count - number * BLOCK]


def layer_file(folder: Path, name: str) -> Path:
    """Return where a layer is written."""
    return folder / f"{name}.parquet"


def site_file(folder: Path, count: int) -> Path:
    """Return where so many sites are written."""
    return folder / f"sites-{count}.parquet"


def _write(path: Path, blocks: Iterator[Geometries]) -> None:
    schema = pa.schema([("id", pa.int64()), ("geometry", pa.binary())])
    building, first = path.with_suffix(".building"), 0
    with pq.ParquetWriter(building, schema) as writer:
        for block in blocks:
            ids = pa.array(np.arange(first, first + len(block)))
            writer.write_table(pa.table([ids, pa.array(shapely.to_wkb(block), pa.binary())], schema=schema))
            first += len(block)
    building.replace(path)


def write(folder: Path, count: int) -> None:
    """Write the layers and so many sites, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LAYERS:
        if not layer_file(folder, name).exists():
            _write(layer_file(folder, name), iter([layer(name)]))
    if not site_file(folder, count).exists():
        _write(site_file(folder, count), sites(count))


def read_blocks(path: Path, rows: int = BLOCK) -> Iterator[Geometries]:
    """Yield the shapes of a file, so many at a time."""
    # Without this the bytes of the whole file gather while it is read.
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=2**20) as file:
        for batch in file.iter_batches(batch_size=rows, columns=["geometry"]):
            yield np.asarray(shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False)), dtype=object)


def read_shapes(path: Path) -> Geometries:
    """Return the shapes of a file; what reading it took of the memory is given back."""
    shapes = np.concatenate(list(read_blocks(path)))
    pa.default_memory_pool().release_unused()
    return shapes


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000)
