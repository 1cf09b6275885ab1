"""Batches, the training loop, checkpoints."""
