"""The test targets. Imported by the test step of execution and by nothing else (import-linter holds it)."""

from __future__ import annotations

from bench.data.prepared import PreparedDataset, Targets, read_targets


def load_test(dataset: PreparedDataset) -> Targets:
    """Read the test target of every user who has one."""
    return read_targets(dataset.folder / "test.parquet", dataset.n_users, dataset.in_time)
