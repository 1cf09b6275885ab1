"""The test step: the only place that opens test targets, once per run, after training has ended."""

from __future__ import annotations

from bench.data.locked import load_test
from bench.data.prepared import PreparedDataset
from bench.evaluation.ranking import Ranks, histories, rank
from bench.models.base import Recommender
from bench.training.loop import Job


def rank_test_targets(model: Recommender, dataset: PreparedDataset, job: Job) -> Ranks:
    """Places of the test targets after histories that include the validation items."""
    return rank(
        model,
        histories(job.data, with_validation=True),
        load_test(dataset),
        n_items=job.data.n_items,
        max_length=job.training.max_length,
        mask_history=job.evaluation.mask_history,
        chunk=job.evaluation.batch_size,
        device=job.device,
    )
