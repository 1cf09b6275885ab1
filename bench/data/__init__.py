"""Datasets: sources, preparation, split. Test targets lie apart (see bench.data.locked)."""
