"""A batch on the cores of one machine: processes that take chunks, and that may die."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

import numpy as np

from lianzhou_gis.batch.source import Chunk
from lianzhou_gis.batch.work import Done, Task, work

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

__all__ = ["Work", "alone", "run_local"]

Work = Callable[..., Done]
# Chunks that wait for every worker: enough that none is idle, few enough that memory stays flat.
_WAITING = 2


def run_local(
    task: Task, chunks: Iterator[Chunk], commit: Callable[[Done], None], workers: int, do: Work = work
) -> None:
    """Screen chunks with some processes; what ends a process is found and left out.

    Parameters
    ----------
    task : Task
    chunks : iterator of Chunk
    commit : callable
        Takes every chunk as it is done, in any order.
    workers : int
        With 1 all is done in this process.
    do : callable
        The work.
    """
    if workers == 1:
        # The collector of garbage need not walk through the layers again and again.
        gc.freeze()
        try:
            for chunk in chunks:
                commit(do(task, chunk))
        finally:
            gc.unfreeze()
        return
    pool = _pool(workers)
    running: dict[Future[Done], Chunk] = {}
    try:
        while True:
            while len(running) < workers * _WAITING and (waiting := next(chunks, None)) is not None:
                running[pool.submit(do, task, waiting)] = waiting
            if not running:
                break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            broken = []
            for future in finished:
                chunk = running.pop(future)
                try:
                    commit(future.result())
                except BrokenProcessPool:
                    broken.append(chunk)
            if broken:
                # One of those that ran has ended its process; the pool is lost with all of them.
                broken += running.values()
                running.clear()
                pool.shutdown(wait=True)
                for suspect in broken:
                    commit(alone(task, suspect, do))
                pool = _pool(workers)
    finally:
        _stop(pool)


def _pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)


def _begin() -> None:
    """Make a worker leave its parent's Ctrl-C to the parent, and end where the parent does, however that ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End a pool at once: what its workers were at is not done and will be done again."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _tried(task: Task, chunk: Chunk, lost: dict[int, str], do: Work) -> Done | None:
    pool = _pool(1)
    try:
        return pool.submit(do, task, chunk, dict(lost)).result()
    except BrokenProcessPool:
        return None
    finally:
        pool.shutdown(wait=True)


def alone(task: Task, chunk: Chunk, do: Work) -> Done:
    """Screen a chunk in a process of its own; the sites that end it are found by halves, and become gaps.

    Parameters
    ----------
    task : Task
    chunk : Chunk
    do : callable
        The work.
    """
    lost: dict[int, str] = {}
    found = _tried(task, chunk, lost, do)
    while found is None:
        rows = np.array([row for row in range(len(chunk.ids)) if row not in lost], dtype=np.intp)
        while len(rows) > 1:
            half = rows[: len(rows) // 2]
            others = {row: "" for row in range(len(chunk.ids)) if row not in set(half.tolist())}
            rows = half if _tried(task, chunk, others, do) is None else rows[len(rows) // 2 :]
        lost[int(rows[0])] = "it ended the process that screened it"
        found = _tried(task, chunk, lost, do)
    return found
