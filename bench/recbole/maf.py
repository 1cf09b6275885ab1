"""MAF as a model of RecBole 1.2.1, for scripts that use RecBole and not bench: the native module inside.

RecBole's rows are examples: [B, L] item numbers padded on the right with zeros, and their lengths. They
become a packed batch with one row for each example, so that nothing is computed for padding.

Shape letters: B examples, L maximum length, D model width, V = items with the padding item.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import ValidationError
from torch import Tensor

from bench.errors import InputError
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext
from bench.models.batch import Batch, pack_flat
from bench.models.maf import MAF as NativeMAF
from bench.recbole.features import item_features
from bench.recbole.shim import restore_numpy_names
from bench.registry import MODALITIES, Modality
from bench.suite.settings import MAFSettings

restore_numpy_names()
from recbole.model.abstract_recommender import SequentialRecommender  # noqa: E402
from recbole.utils import InputType  # noqa: E402

# Other words for settings: RecBole's, and Python's for ``lambda``.
SYNONYMS = {
    "layers": "n_layers",
    "heads": "n_heads",
    "hidden_dropout": "hidden_dropout_prob",
    "attention_dropout": "attn_dropout_prob",
    "lambda": "task_weight",
}

# Settings of RecBole's attention models that MAF has one value of.
FIXED = {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "initializer_range": 0.02, "loss_type": "CE"}


class MAF(SequentialRecommender):  # type: ignore[misc]
    """MAF (arXiv 2405.17959): RecBole makes it from a config and the training dataset.

    Settings are those of `bench.suite.settings.MAFSettings`, with its defaults, also under RecBole's names
    (``n_layers``, ``n_heads``, ``hidden_dropout_prob``, ``attn_dropout_prob``). ``image_field``,
    ``text_field`` and ``category_field`` name the item columns to read (`bench.recbole.features`); those not
    named are not read. ``train_neg_sample_args: None`` is required, as for every loss over all items.

    Raises:
        InputError: a setting is wrong, or a column cannot be read.
    """

    input_type = InputType.POINTWISE

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        settings = maf_settings(config)
        context = ModelContext(
            n_items=self.n_items - 1,
            n_users=int(dataset.num(self.USER_ID)) - 1,
            max_length=self.max_seq_length,
            features=_features(config, dataset),
        )
        self.native = NativeMAF(settings, context)
        shown = settings.model_dump(by_alias=True) | {"modalities": list(context.features)}
        self._shown = ", ".join(f"{key}={value!r}" for key, value in shown.items())

    def extra_repr(self) -> str:
        """The settings and modalities in force, since RecBole ignores names that nobody reads."""
        return self._shown

    def forward(self, item_seq_BL: Tensor, item_seq_len_B: Tensor) -> Tensor:
        """The state that predicts the item after each example: [B, D]."""
        return self.native.encode(packed(item_seq_BL, item_seq_len_B))

    def calculate_loss(self, interaction: Any) -> Tensor:
        """Cross-entropy of the examples' targets with the auxiliary losses (equation 10): scalar."""
        targets_B = interaction[self.POS_ITEM_ID]
        batch = packed(interaction[self.ITEM_SEQ], interaction[self.ITEM_SEQ_LEN], targets_B)
        return self.native.loss(batch)

    def predict(self, interaction: Any) -> Tensor:
        """The score of one given item after each example: [B]."""
        state_BD = self.forward(interaction[self.ITEM_SEQ], interaction[self.ITEM_SEQ_LEN])
        weight_VD, _ = self.native.output()
        return (state_BD * weight_VD[interaction[self.ITEM_ID]]).sum(1)

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """The score of every item after each example: [B, V]."""
        return self.native.scores(packed(interaction[self.ITEM_SEQ], interaction[self.ITEM_SEQ_LEN]))


def packed(item_seq_BL: Tensor, item_seq_len_B: Tensor, targets_B: Tensor | None = None) -> Batch:
    """RecBole's padded examples as a packed batch, one row and one target place each, in the same order."""
    examples, length = item_seq_BL.shape
    sizes = item_seq_len_B.cpu().numpy().astype(np.int64)
    rows = np.arange(examples, dtype=np.int64)
    batch = pack_flat(
        item_seq_BL.cpu().numpy().astype(np.int64).reshape(-1),
        starts=rows * length,
        lengths=sizes,
        at=np.stack([rows, sizes - 1], axis=1),
        users=np.zeros(examples, dtype=np.int64),  # MAF knows no users
        targets=None if targets_B is None else targets_B.cpu().numpy(),
    )
    return batch.to(item_seq_BL.device)


def maf_settings(config: Any) -> MAFSettings:
    """MAF's settings from RecBole's config; what is not in it has its default.

    Raises:
        InputError: a value is not valid, stands there under two names, or asks for what MAF does not do.
    """
    for key, value in FIXED.items():
        if config[key] not in (None, value):
            raise InputError(f"MAF has {key}: {value}, not {config[key]!r}", remedy=f"leave {key} out")
    if (config["train_neg_sample_args"] or {}).get("distribution") not in (None, "none"):
        raise InputError(
            "MAF's loss is over all items and wants no negative samples",
            remedy="set train_neg_sample_args: None in RecBole's config",
        )
    values = {}
    for name, field in MAFSettings.model_fields.items():
        key = field.alias or name
        given = [k for k in (key, SYNONYMS.get(key)) if k is not None and config[k] is not None]
        if len(given) > 1:
            raise InputError(f"{given[0]} and {given[1]} are the same setting", remedy="keep one of them")
        if given:
            values[key] = config[given[0]]
    if "modalities" in values:
        raise InputError(
            "the modalities are those whose columns are named",
            remedy="leave modalities out; set image_field, text_field, category_field",
        )
    try:
        return MAFSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"MAF: {f'{place}: ' if place else ''}{first['msg']}") from error


def _features(config: Any, dataset: Any) -> dict[Modality, ItemFeatures]:
    fields: dict[Modality, Any] = {m: config[f"{m}_field"] for m in MODALITIES}
    return {m: item_features(dataset, m, field) for m, field in fields.items() if field is not None}
