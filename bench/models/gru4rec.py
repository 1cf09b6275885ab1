"""GRU4Rec: Hidasi et al., "Session-based recommendations with recurrent neural networks", ICLR 2016.

As built by RecBole 1.2.1 (after Tan et al. 2016): dropout on item embeddings, GRU without biases, a linear
layer back to the embedding's width; score = state . E_item. Rows are never padded: the batch's tokens are
put in time order, as torch's PackedSequence wants them.

Shape letters: T tokens, R rows, L longest row, E embedding width, M targets.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from bench.models.base import ModelContext, SequentialModel
from bench.models.batch import Batch
from bench.models.dropout import Dropout
from bench.models.recurrent import gated_recurrence
from bench.suite.settings import GRU4RecSettings


class GRU4Rec(SequentialModel):
    """Gated recurrent units over item embeddings."""

    Settings = GRU4RecSettings

    def __init__(self, settings: GRU4RecSettings, context: ModelContext) -> None:
        super().__init__()
        self.items = nn.Embedding(context.n_items + 1, settings.embedding_size)
        self.dropout = Dropout(settings.dropout)
        self.gru = nn.GRU(settings.embedding_size, settings.hidden_size, settings.layers, bias=False)
        self.dense = nn.Linear(settings.hidden_size, settings.embedding_size)
        # RecBole's initialisation; it leaves the dense layer and GRU layers above the first at torch's.
        nn.init.xavier_normal_(self.items.weight)
        gru = dict(self.gru.named_parameters())
        nn.init.xavier_uniform_(gru["weight_hh_l0"])
        nn.init.xavier_uniform_(gru["weight_ih_l0"])

    def encode(self, batch: Batch) -> Tensor:
        place_T, sizes_L = time_order(batch)
        order_T = torch.empty_like(place_T)
        order_T[place_T] = torch.arange(len(place_T), device=place_T.device)
        x_TE = self.dropout(self.items(batch.items[order_T]))
        state_ME: Tensor = self.dense(self._states(x_TE, sizes_L)[place_T[batch.at]])
        return state_ME

    def _states(self, x_TE: Tensor, sizes_L: Tensor) -> Tensor:
        """The last layer's states of all tokens in time order: [T, H]."""
        if x_TE.device.type != "cpu":
            return cast(Tensor, self.gru(PackedSequence(x_TE, sizes_L))[0].data)
        for layer in range(self.gru.num_layers):
            weight_in, weight_state = (getattr(self.gru, f"weight_{end}_l{layer}") for end in ("ih", "hh"))
            x_TE = gated_recurrence(x_TE, weight_in, weight_state, sizes_L.tolist())
        return x_TE

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None


def time_order(batch: Batch) -> tuple[Tensor, Tensor]:
    """Where each token stands when all first tokens come first, then all second ones, and so on.

    Within a time step the longest row comes first, which for rows sorted by length is the reverse of
    their order in the batch.

    Returns:
        place of each token [T] on the batch's device; rows still running at each step [L] on the CPU.
    """
    lengths = np.repeat([g.length for g in batch.groups], [g.rows for g in batch.groups])
    running = len(lengths) - np.searchsorted(lengths, np.arange(lengths[-1]), side="right")
    from_last = np.repeat(np.arange(len(lengths))[::-1], lengths)  # the row's number from the longest
    step_start = torch.from_numpy(np.cumsum(running) - running).to(batch.items.device)
    place_T = step_start[batch.positions] + torch.from_numpy(from_last).to(batch.items.device)
    return place_T, torch.from_numpy(running)
