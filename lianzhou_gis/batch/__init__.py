"""Very many sites on all cores or many machines: streamed, resumable, summed up per town and theme."""

from __future__ import annotations

from lianzhou_gis.batch.batch import Batch, Progress, run_batch

__all__ = ["Batch", "Progress", "run_batch"]
