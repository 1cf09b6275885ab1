"""Mistakes in taking weights over; that they are taken over rightly, test_weights_parity shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.errors import InputError
from bench.recbole.weights import Numbering, native_state


@pytest.mark.parametrize(
    ("numbering", "message"),
    [
        (Numbering(np.array([0, 1, 1])), "must name each of them once"),
        (Numbering(np.array([0, 2])), "must name each of them once"),
        (Numbering(np.array([1, 0, 2])), "must begin with 0"),
        (Numbering(np.array([0, 2, 1])), "needs the numbering of users"),
        (Numbering(np.array([0, 2, 1]), users=np.array([0, 1])), "rows 1 to 2"),
    ],
)
def test_a_numbering_that_does_not_fit_is_an_error(numbering: Numbering, message: str) -> None:
    state = {
        **{"item_embedding.weight": torch.zeros(3, 2), "user_embedding.weight": torch.zeros(3, 2)},
        **{f"{layer}.weight": torch.zeros(1) for layer in ("conv_v", "conv_h.0", "fc1", "fc2")},
    }
    with pytest.raises(InputError, match=message):
        native_state("Caser", state, numbering)


def test_a_model_without_rules_is_an_error() -> None:
    with pytest.raises(InputError, match=r"'NARM'.*SASRec, GRU4Rec"):
        native_state("NARM", {}, Numbering(np.array([0])))
