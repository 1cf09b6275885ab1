"""The test targets. Imported by the test step of execution and by nothing else (import-linter holds it)."""

from __future__ import annotations

from bench.data.prepared import IntArray, PreparedDataset, read_targets


def load_test(dataset: PreparedDataset) -> IntArray:
    """Read the last item of every user: [U]."""
    return read_targets(dataset.folder / "test.parquet", dataset.n_users)
