"""A batch on many machines: chunks go to the workers of a dask cluster, layers come from each worker's own cache."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from lianzhou_gis.batch.local import Work, alone
from lianzhou_gis.batch.source import Chunk
from lianzhou_gis.batch.work import Done, Task, screener_of, work
from lianzhou_gis.errors import RunError, extra

if TYPE_CHECKING:
    from distributed import Client, Worker, WorkerPlugin

__all__ = ["run_on_cluster"]

# Chunks on their way for every thread of the cluster.
_WAITING = 3
# How often a chunk that fails is given to another worker: what failed may be the machine.
_RETRIES = 2


def run_on_cluster(
    task: Task, chunks: Iterator[Chunk], commit: Callable[[Done], None], scheduler: str, do: Work = work
) -> None:
    """Screen chunks on a cluster.

    Every worker makes the layers ready once, from the catalog at the same path and the cache of its machine; a chunk
    whose worker dies goes to another one. A chunk that ends one worker after the other is screened here, in processes
    of its own, until the site that does it is found and left out as a gap. Results come back here, and only here is
    written.

    Parameters
    ----------
    task : Task
    chunks : iterator of Chunk
    commit : callable
        Takes every chunk as it is done, in any order.
    scheduler : str
        Address, such as ``tcp://10.0.0.1:8786``.
    do : callable
        The work.

    Raises
    ------
    RunError
        If there is no scheduler or no worker, if a worker cannot make the layers ready, or if the cluster is lost.
    MissingExtraError
        Without distributed.
    """
    distributed = extra("distributed", "batch")
    try:
        client = distributed.Client(scheduler, timeout="15s")
    except (OSError, ValueError) as error:
        raise RunError.from_code("scheduler_unreachable", address=scheduler) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise RunError.from_code("scheduler_without_workers", address=scheduler)
        _make_ready(client, distributed, task)
        _stream(client, distributed, task, chunks, commit, threads, do)


def _make_ready(client: Client, distributed: ModuleType, task: Task) -> None:
    """Let every worker that is there, and every one that comes later, make the layers ready before its first chunk."""
    try:
        client.register_plugin(_plugin(distributed, task))
    except Exception as error:
        # Whatever a worker lacks: the catalog at that path, the package, a library.
        raise RunError.from_code("worker_unprepared", kind=type(error).__name__, problem=error) from error


def _plugin(distributed: ModuleType, task: Task) -> WorkerPlugin:
    class Ready(distributed.WorkerPlugin):  # type: ignore[name-defined, misc]
        """Makes the layers ready on a worker."""

        name = "lianzhou_gis"

        def __init__(self, asked: Task) -> None:
            self.asked = asked

        def setup(self, worker: Worker) -> None:
            screener_of(self.asked.catalog, self.asked.as_of, self.asked.themes)

    return Ready(task)


def _stream(
    client: Client,
    distributed: ModuleType,
    task: Task,
    chunks: Iterator[Chunk],
    commit: Callable[[Done], None],
    threads: int,
    do: Work,
) -> None:
    running = distributed.as_completed(with_results=True, raise_errors=False)
    sent: dict[str, Chunk] = {}
    # The answer to another question, of this or another client of the cluster, must never be taken for this one's.
    own = uuid.uuid4().hex[:12]

    def send() -> bool:
        chunk = next(chunks, None)
        if chunk is not None:
            key = f"chunk-{own}-{chunk.number}"
            sent[key] = chunk
            running.add(client.submit(do, task, chunk, key=key, retries=_RETRIES))
        return chunk is not None

    while len(sent) < threads * _WAITING and send():
        pass
    for future, result in running:
        chunk = sent.pop(future.key)
        if future.status == "finished":
            commit(result)
        else:
            error = result[1] if isinstance(result, tuple) else result
            if not isinstance(error, distributed.KilledWorker):
                raise RunError.from_code("chunk_failed", first=chunk.first, kind=type(error).__name__)
            commit(alone(task, chunk, do))
        future.release()
        send()
