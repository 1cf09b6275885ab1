"""Attention weights of a model, computed by its own layers from what reaches them.

Shape letters: H heads, L length of a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import InputError
from bench.models.base import Recommender
from bench.models.batch import Batch
from bench.models.blocks import SelfAttention
from bench.models.fusion import ITEM, FusedAttention


def attention_layers(model: Recommender) -> dict[str, list[SelfAttention | FusedAttention]]:
    """The layers of attention by the list that holds them, in their order; empty for models without any."""
    found: dict[str, list[SelfAttention | FusedAttention]] = {}
    for name, module in model.named_modules():
        if isinstance(module, SelfAttention | FusedAttention):
            found.setdefault(name.rpartition(".")[0], []).append(module)
    return found


@torch.no_grad()
def watch(model: Recommender, batch: Batch, layer: int = -1) -> dict[str, Tensor]:
    """The attention weights with which a model reads one row: [H, L, L] by source of scores.

    Of fused attention these are ``item``, its sources (``content`` of MAF) and ``fused``, what values are
    mixed with; of plain attention ``item``, or where a model has several encoders their names.

    Args:
        model: in evaluation mode.
        batch: of one row.
        layer: from 0; negative from the last.

    Raises:
        InputError: the model has no attention, or not so many layers.
        ValueError: the batch has several rows.
    """
    if batch.rows != 1:
        raise ValueError(f"one row, not {batch.rows}")
    stacks = attention_layers(model)
    if not stacks:
        raise InputError(f"{type(model).__name__} has no attention that could be shown")
    found: dict[str, Tensor] = {}
    hooks = []
    for path, layers in stacks.items():
        if not -len(layers) <= layer < len(layers):
            raise InputError(
                f"{type(model).__name__} has {len(layers)} layers of attention",
                remedy=f"--layer takes 1 to {len(layers)}",
            )
        alone = ITEM if len(stacks) == 1 else path.partition(".")[0].removesuffix("_encoder")
        hooks.append(layers[layer].register_forward_pre_hook(_keeper(alone, found), with_kwargs=True))
    try:
        model.scores(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _keeper(alone: str, found: dict[str, Tensor]) -> Any:
    """A hook that computes a layer's weights from its input; those of plain attention are ``alone``."""

    def keep(module: nn.Module, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        if isinstance(module, FusedAttention):
            x_TD, sources, batch = given[:3]
            own = module.weights(x_TD, sources, batch)[0]
        else:
            assert isinstance(module, SelfAttention)
            x_TD, batch = given[:2]
            own = {alone: module.weights(x_TD, batch)[0]}
        found.update({name: weight_HBLL[:, 0] for name, weight_HBLL in own.items()})

    return keep
