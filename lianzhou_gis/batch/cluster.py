"""A batch on many machines: chunks go to the workers of a dask cluster, layers come from each worker's own cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lianzhou_gis.batch.source import Chunk
from lianzhou_gis.batch.work import Done, Task, screener_of, work
from lianzhou_gis.errors import RunError, extra

__all__ = ["run_on_cluster"]

# Chunks on their way for every thread of the cluster.
_WAITING = 3
# How often the workers of a chunk may die before it counts as the chunk's fault.
_DEATHS = 4


def run_on_cluster(task: Task, chunks: Iterator[Chunk], commit: Callable[[Done], None], scheduler: str) -> None:
    """Screen chunks on a cluster.

    Every worker makes the layers ready once, from the catalog at the same path and the cache of its machine; a chunk
    whose worker dies goes to another one. Results come back here, and only here is written.

    Parameters
    ----------
    task : Task
    chunks : iterator of Chunk
    commit : callable
        Takes every chunk as it is done, in any order.
    scheduler : str
        Address, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    RunError
        If there is no scheduler or no worker, or if a chunk ends one worker after the other.
    MissingExtraError
        Without distributed.
    """
    distributed = extra("distributed", "batch")
    try:
        client = distributed.Client(scheduler, timeout="15s")
    except (OSError, ValueError) as error:
        raise RunError(
            f"--scheduler {scheduler}：连接不上；请先启动 dask scheduler",
            f"--scheduler {scheduler}: no connection; start dask scheduler first",
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise RunError(
                f"--scheduler {scheduler}：没有 worker；请启动 dask worker", f"--scheduler {scheduler}: no workers"
            )
        # Every worker that is there, and every one that comes later, makes the layers ready before its first chunk.
        client.register_plugin(_plugin(distributed, task))
        _stream(client, distributed, task, chunks, commit, threads)


def _plugin(distributed: Any, task: Task) -> Any:  # noqa: ANN401 - the module, a WorkerPlugin
    class Ready(distributed.WorkerPlugin):  # type: ignore[misc]
        """Makes the layers ready on a worker."""

        name = "lianzhou_gis"

        def __init__(self, asked: Task) -> None:
            self.asked = asked

        def setup(self, worker: Any) -> None:  # noqa: ANN401 - the worker
            screener_of(self.asked.catalog, self.asked.as_of, self.asked.themes)

    return Ready(task)


def _stream(
    client: Any,  # noqa: ANN401 - of distributed
    distributed: Any,  # noqa: ANN401
    task: Task,
    chunks: Iterator[Chunk],
    commit: Callable[[Done], None],
    threads: int,
) -> None:
    running = distributed.as_completed(with_results=True, raise_errors=False)
    count = 0

    def send() -> bool:
        chunk = next(chunks, None)
        if chunk is not None:
            running.add(
                client.submit(work, task, chunk, key=f"chunk-{task.sha256[:8]}-{chunk.number}", retries=_DEATHS)
            )
        return chunk is not None

    while count < threads * _WAITING and send():
        count += 1
    for future, result in running:
        if future.status != "finished":
            error = result[1] if isinstance(result, tuple) else result
            raise RunError(
                f"{future.key}：多个 worker 在此块上失败（{type(error).__name__}）；已完成的块已保存，可用同一命令继续",
                f"{future.key}: one worker after the other failed at it ({type(error).__name__}); "
                "what is done is kept, the same command goes on",
            )
        commit(result)
        future.release()
        send()
