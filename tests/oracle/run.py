"""Runs random worlds against the oracle: ``python -m tests.oracle.run --minutes 5`` (``make torture MINUTES=5``).

Writes ``docs/reliability.md`` with the counts of all runs that are recorded beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from tests.oracle.judge import STRICTNESS, judge
from tests.oracle.worlds import ORDINARY, SHARED, SYSTEMS, World, make_world, sites_frame, transformed, write_world

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
VARIABLE = "LIANZHOU_GIS_CACHE"
RECORD = Path(__file__).parent / "runs.json"
# What random worlds found, with the seed that shows it; each is a test since.
FOUND = (
    (
        "410030",
        "A zone of a milder grade, cut by a stricter one, met the box around a site twice within 0.2 mm: GEOS returned "
        "an invalid clip, and the whole screening ended with an exception. Invalid clips are intersected now, and an "
        "exception of one site leaves the others their answers.",
    ),
    (
        "739950000410, 739950000751, 739950001829, 739950003570",
        "A valid zone of which two edges all but meet crossed itself by a rounding error of the projection: GEOS "
        "failed on its clips, and the sites there read `not_assessed` instead of the effect of the zone. Valid areas "
        "stay so in the plane now.",
    ),
)
VERDICTS = ("prohibited", "procedure_required", "needs_judgement", "conditional", "needs_information", "not_assessed",
            "no_conflict_found")  # fmt: skip


@dataclass
class Tally:
    """Counts of a run."""

    worlds: int = 0
    grounds: int = 0
    sites: int = 0
    clears: int = 0
    firm: int = 0
    cautious: int = 0
    undecided: int = 0
    altered: int = 0
    disagreements: int = 0
    failures: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)


def verdicts_of(sites: gpd.GeoDataFrame, catalog: Path, world: World, facts: dict[str, Any] | None = None) -> Any:
    """Return verdict and worst possible verdict by site, and the sites on which the checker of clears disagrees."""
    import lianzhou_gis as lg

    chosen = world.facts if facts is None else facts
    result = lg.screen(lg.read_sites(sites), catalog, facts=chosen, as_of=world.day, themes=world.themes)
    answers = {site_id: (str(a.verdict), str(a.worst_possible)) for site_id, a in result.assessment.answers.items()}
    gaps = result.gaps
    return answers, set(gaps["site_id"][gaps["reason"] == "check_disagrees"])


def _more_vertices(shape: Any, rng: random.Random) -> Any:
    """Return a shape with vertices added on its edges, rings turned and begun elsewhere."""
    dense = shapely.segmentize(shape, rng.choice((2e-4, 1e-3)))

    def turned(ring: Any) -> Any:
        corners = np.asarray(ring.coords)[:-1]
        corners = np.roll(corners, rng.randrange(len(corners)), axis=0)
        corners = corners[::-1] if rng.random() < 0.5 else corners
        return np.vstack([corners, corners[:1]])

    parts = [
        shapely.Polygon(turned(part.exterior), [turned(hole) for hole in part.interiors])
        for part in shapely.get_parts(dense)
    ]
    rng.shuffle(parts)
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _check_alterations(world: World, catalog: Path, found: dict[str, Any], tally: Tally, rng: random.Random) -> None:
    """Screen the same sites drawn otherwise: vertices added, rings turned, another system and order, one by one."""
    frame = sites_frame(world)
    opinions = {site.site_id: judge(world, site) for site in world.sites}
    steady = [name for name, opinion in opinions.items() if opinion.clear is not None]
    altered = frame.copy()
    altered["geometry"] = [_more_vertices(shape, rng) for shape in frame.geometry]
    orders = {
        "vertices": altered,
        "order": frame.iloc[::-1].reset_index(drop=True),
        "one": frame.iloc[[rng.randrange(len(frame))]].reset_index(drop=True),
    }
    system = rng.choice(SYSTEMS[1:])
    projected = frame.copy()
    projected["geometry"] = [transformed(shape, "EPSG:4490", system) for shape in frame.geometry]
    orders["system"] = projected.set_crs(system, allow_override=True)
    for kind in rng.sample(sorted(orders), 2):
        sites = orders[kind]
        for site_id, answer in verdicts_of(sites, catalog, world)[0].items():
            tally.altered += 1
            clear = "no_conflict_found"
            exact = kind in ("order", "one")
            differs = answer != found[site_id] if exact else (answer[0] == clear) != (found[site_id][0] == clear)
            if differs and (exact or site_id in steady):
                tally.failures.append(f"seed {world.seed} {site_id}: {kind} turns {found[site_id]} into {answer}")
    if world.unknown and rng.random() < 0.5:
        name = world.unknown[0]
        more = {**world.facts, name: ORDINARY[name]}
        for site_id, answer in verdicts_of(frame, catalog, world, more)[0].items():
            tally.altered += 1
            if VERDICTS.index(answer[1]) < VERDICTS.index(found[site_id][1]):
                tally.failures.append(
                    f"seed {world.seed} {site_id}: knowing {name} turns {found[site_id]} into {answer}"
                )


@contextmanager
def _own_cache() -> Iterator[None]:
    """Keep what is cached of a world apart, so that thousands of worlds do not fill the cache of the user."""
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before


def run_worlds(first: int, tally: Tally, worlds: int) -> None:
    """Screen worlds that share their layers, and compare every answer with the oracle."""
    with _own_cache(), tempfile.TemporaryDirectory() as folder:
        catalog = write_world(make_world(first), Path(folder))
        tally.grounds += 1
        for seed in range(first, first + worlds):
            try:
                _run_world(make_world(seed), catalog, tally, alter=seed % (2 * SHARED) == 0)
            except Exception as error:
                tally.failures.append(f"seed {seed}: {type(error).__name__}: {error}"[:300])


def _run_world(world: World, catalog: Path, tally: Tally, *, alter: bool) -> None:
    if not world.sites:
        return
    found, disagreed = verdicts_of(sites_frame(world), catalog, world)
    tally.worlds += 1
    for site in world.sites:
        verdict, worst = found[site.site_id]
        opinion = judge(world, site)
        tally.sites += 1
        tally.verdicts[verdict] += 1
        where = f"seed {world.seed} {site.site_id}"
        tally.disagreements += site.site_id in disagreed
        if verdict == "no_conflict_found":
            tally.clears += 1
            tally.undecided += opinion.clear is None
            if opinion.clear is False:
                tally.failures.append(f"{where}: wrong clear; {opinion.reason}")
        elif opinion.clear and opinion.known:
            tally.cautious += 1
        if opinion.firm is not None:
            tally.firm += 1
            strictest = STRICTNESS.index(opinion.firm)
            # Facts that contradict others are unknown to the rules: what may come of them is asked for.
            altered = any(value != ORDINARY[name] for name, value in world.facts.items())
            asked = altered and VERDICTS.index(worst) <= strictest
            if VERDICTS.index(verdict) > strictest and strictest < len(STRICTNESS) - 1 and not asked:
                tally.failures.append(f"{where}: {verdict} where {opinion.firm} is firm")
        if VERDICTS.index(worst) > VERDICTS.index(verdict):
            tally.failures.append(f"{where}: worst possible {worst} is milder than {verdict}")
    if alter:
        _check_alterations(world, catalog, found, tally, random.Random(world.seed))


def run(first: int, *, minutes: float | None = None, worlds: int | None = None, progress: bool = False) -> Tally:
    """Run worlds from a seed on, for some minutes or for a number of them."""
    tally, begin, seed = Tally(), time.monotonic(), first - first % SHARED
    last, shown = None if worlds is None else seed + worlds, 0
    while (last is None or seed < last) and (minutes is None or time.monotonic() - begin < minutes * 60):
        count = SHARED if last is None else min(SHARED, last - seed)
        try:
            run_worlds(seed, tally, count)
        except KeyboardInterrupt:
            # Whatever was run so far counts.
            break
        except Exception as error:
            tally.failures.append(f"seed {seed}: {type(error).__name__}: {error}"[:300])
        seed += count
        for failure in tally.failures[shown:] if progress else ():
            print(failure, flush=True)
        shown = len(tally.failures)
        if progress and seed % 100 == 0:
            print(seed - first, tally.clears, len(tally.failures), flush=True)
    return tally


def seed_of_day(day: date) -> int:
    """Return the first seed of a day: other worlds every day, the same all day."""
    return day.toordinal() * 1_000_000


# What a run counts, by the names of its record.
COUNTS = ("worlds", "grounds", "sites", "clears", "undecided", "firm", "cautious", "altered", "disagreements")


def write_page(records: list[dict[str, Any]]) -> None:
    """Write the page of counts from the records of runs."""
    total = Counter()
    for record in records:
        # Before worlds shared layers each had its own.
        total.update({"grounds": record["worlds"], **{name: record[name] for name in record if name in COUNTS}})
        total["failures"] += record["failures"]
    verdicts = Counter()
    for record in records:
        verdicts.update(record["verdicts"])
    lines = [
        "# Reliability",
        "",
        "Written by `make torture MINUTES=n`. Random worlds (layers in five reference systems, holes, islands,",
        "slivers, nested grades, editions, partial and expired layers, the seam at 112.5 E, facts known and unknown,",
        "days around changes of law) are screened, and every answer is compared with an oracle that imports nothing",
        "of the package.",
        "",
        "| what | count |",
        "|---|---:|",
        f"| worlds | {total['worlds']:,} |",
        f"| sets of layers that they rest on | {total['grounds']:,} |",
        f"| sites judged | {total['sites']:,} |",
        f"| clears checked | {total['clears']:,} |",
        f"| of these decided by a tolerance of the oracle | {total['undecided']:,} |",
        f"| firm effects checked | {total['firm']:,} |",
        f"| answers of altered inputs compared | {total['altered']:,} |",
        f"| clears refused by the checker of certificates | {total['disagreements']:,} |",
        f"| sites that the oracle would clear and the package does not | {total['cautious']:,} |",
        f"| wrong clears, missed effects, changed answers, exceptions | {total['failures']:,} |",
        "",
        "| verdict | sites |",
        "|---|---:|",
        *(f"| {name} | {verdicts[name]:,} |" for name in VERDICTS),
        "",
        "| run | worlds | clears | failures |",
        "|---|---:|---:|---:|",
        *(
            f"| {r['on']}, seeds from {r['first']} | {r['worlds']:,} | {r['clears']:,} | {r['failures']} |"
            for r in records
        ),
        "",
    ]
    lines += [
        "| seed | what was found and mended |",
        "|---|---|",
        *(f"| {seed} | {text} |" for seed, text in FOUND),
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


def main() -> int:
    """Run worlds, print what fails, record the counts and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--worlds", type=int)
    parser.add_argument("--seed", type=int, default=seed_of_day(datetime.now(UTC).date()))
    parser.add_argument("--no-record", action="store_true")
    given = parser.parse_args()
    minutes = given.minutes if given.minutes or given.worlds else 5.0
    tally = run(given.seed, minutes=minutes, worlds=given.worlds, progress=True)
    print(f"{tally.worlds} worlds, {tally.sites} sites, {tally.clears} clears, {len(tally.failures)} failures")
    if not given.no_record:
        records = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else []
        record = {
            "on": datetime.now(UTC).date().isoformat(),
            "first": given.seed,
            **{name: getattr(tally, name) for name in COUNTS},
            "failures": len(tally.failures),
            "verdicts": dict(tally.verdicts),
        }
        records.append(record)
        RECORD.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
        write_page(records)
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main())
