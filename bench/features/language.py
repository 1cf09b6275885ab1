"""Titles and descriptions through a language model.

With bert-base-uncased (Devlin et al. 2019) and ``pooling: cls`` these are the text features of the paper
(arXiv 2405.17959, section 4.1): 768 values of the last layer at the first token.
"""

from __future__ import annotations

from typing import Any

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.contents import device, encode_texts
from bench.features.encoder import Encoded
from bench.features.hub import HubEncoder, hub_files, load_model, load_tokenizer
from bench.suite.settings import HuggingFaceSettings


class HuggingFaceTexts(HubEncoder[HuggingFaceSettings]):
    """[n_items, d] of title and description; an item without a word is missing.

    ``pooling``: ``cls``, the last layer at the first token; ``mean``, its mean over all tokens but padding;
    ``pooler``, the model's own summary.
    """

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        folder = hub_files(self.settings)
        pooling = self.settings.pooling
        unused = () if pooling == "pooler" else ("pooler",)
        model = load_model(folder, self.settings, unused).to(device())
        return encode_texts(
            catalogue,
            load_tokenizer(folder),
            self.settings.max_length,
            lambda tokens: pooled(model(**tokens), tokens["attention_mask"], pooling),
            self.work,
            progress,
        )


def pooled(output: Any, mask: Any, pooling: str) -> Any:
    """[n, d] of a model's output for [n, t] tokens; ``mask`` is 0 at padding.

    Raises:
        DataError: the model has no summary of its own.
    """
    last = output.last_hidden_state
    if pooling == "cls":
        return last[:, 0]
    if pooling == "mean":
        weights = mask.unsqueeze(-1).to(last.dtype)
        return (last * weights).sum(1) / weights.sum(1)
    if getattr(output, "pooler_output", None) is None:
        raise DataError("the model has no summary of its own: write `pooling: cls` or `pooling: mean`")
    return output.pooler_output
