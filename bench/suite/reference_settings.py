"""Settings classes for models of RecBole, made from its own files: a setting takes what its default is.

RecBole itself refuses little. A learner named ``sdg`` is Adam, a misspelt key is stored beside the default,
and text is run as Python.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, Field, create_model, model_validator

from bench.suite.reference import ATTENTION, GIVEN, free_settings
from bench.suite.settings import Settings, TrainingSettings

# Closed lists, from the code of RecBole 1.2.1: what many models share, and what RecBole would otherwise take
# for something else without saying so. Other words it refuses itself when the run starts.
WORDS: dict[str, tuple[str, ...]] = {
    # Trainer._build_optimizer (trainer/trainer.py): every other word is Adam.
    "learner": ("adam", "adamw", "sgd", "adagrad", "rmsprop", "sparse_adam"),
    # The constructors of the models.
    "loss_type": ("CE", "BPR"),
    # FeedForward.get_hidden_act (model/layers.py).
    "hidden_act": ("gelu", "relu", "swish", "tanh", "sigmoid"),
    # ContextSeqEmbLayer and FeatureSeqEmbLayer (model/layers.py).
    "pooling_mode": ("mean", "max", "sum"),
    # model/sequential_recommender/hrm.py: every other word is the average.
    "pooling_type_layer_1": ("max", "average"),
    "pooling_type_layer_2": ("max", "average"),
    # fearec.py: every other word means None, no further loss.
    "fredom_type": ("None", "us", "un", "su", "us_x"),
    # gru4reccpr.py and sasreccpr.py; the empty word is one plain softmax.
    "weight_mode": ("", "dynamic", "static", "max_logits"),
    "reranker_merging_mode": ("replace", "add"),
    "partition_merging_mode": ("replace", "add"),
}

# Where a model differs; RepeatNet never looks at its loss_type, the others refuse what is not listed.
MODEL_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("recbole/CORE", "loss_type"): ("CE",),
    ("recbole/FPMC", "loss_type"): ("BPR",),
    ("recbole/GRU4RecCPR", "loss_type"): ("CE",),
    ("recbole/GRU4RecCPR", "partition_merging_mode"): ("replace", "add", "half"),
    ("recbole/RepeatNet", "loss_type"): ("CE",),
    ("recbole/SASRecCPR", "loss_type"): ("CE",),
    ("recbole/SINE", "loss_type"): ("CE", "BPR", "NLL"),
}

# Settings of bench's own models in RecBole's words; of several, a model of RecBole knows one.
_TRANSLATIONS = ATTENTION | {
    "layers": ("n_layers", "num_layers"),
    "dropout": ("dropout_prob",),
    "horizontal_filters": ("nh",),
    "vertical_filters": ("nv",),
    "regularisation": ("reg_weight",),
}

# Numbers also where the default is written as 0 or 1.
_SHARE = re.compile(r"dropout|_ratio$")


class ClipSettings(Settings):
    """``clip_grad_norm``: arguments of torch.nn.utils.clip_grad_norm_."""

    max_norm: float = Field(gt=0)
    norm_type: float = Field(2.0, gt=0)


class NegativeSettings(Settings):
    """``train_neg_sample_args``, as Config._set_default_parameters (config/configurator.py) completes it."""

    distribution: Literal["uniform", "popularity"] = "uniform"
    sample_num: int = Field(1, ge=1)
    alpha: float = 1.0
    dynamic: bool = False
    candidate_num: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _candidates_for_dynamic(self) -> Self:
        if self.dynamic and not self.candidate_num:
            raise ValueError("dynamic: true chooses among candidate_num items, which must be 1 or more")
        return self


class ReferenceSettings(Settings):
    """What every model of RecBole takes; `settings_class` adds its own settings."""

    clip_grad_norm: ClipSettings | None = None
    train_neg_sample_args: NegativeSettings | None = None

    @model_validator(mode="after")
    def _negatives_fit_the_loss(self) -> Self:
        # A model without the setting has a loss of its own, over items and negative items.
        loss = getattr(self, "loss_type", "BPR")
        if "train_neg_sample_args" not in self.model_fields_set:
            return self
        if loss == "CE" and self.train_neg_sample_args is not None:
            raise ValueError(
                "train_neg_sample_args means nothing to loss_type CE, which compares with all items;"
                " leave it out or write loss_type: BPR"
            )
        if loss == "BPR" and self.train_neg_sample_args is None:
            raise ValueError(
                "train_neg_sample_args: null leaves the loss no items to compare with; leave it out"
            )
        return self


def settings_class(name: str) -> type[ReferenceSettings]:
    """The settings of a model of RecBole that a suite may write, with RecBole's defaults.

    Args:
        name: ``recbole/NAME``.

    Raises:
        FileNotFoundError: RecBole is not installed, or has no such model.
    """
    defaults = free_settings(name)
    nested = ReferenceSettings.model_fields
    fields: dict[str, Any] = {
        key: (_annotation(name, key, default), default)
        for key, default in defaults.items()
        if key not in nested
    }
    if defaults.get("loss_type") != "CE":  # with CE bench sets none
        fields["train_neg_sample_args"] = (
            NegativeSettings | None,
            defaults["train_neg_sample_args"],
        )
    made: type[ReferenceSettings] = create_model(name.replace("/", "_"), __base__=ReferenceSettings, **fields)
    return made


def key_complaint(name: str, key: str) -> tuple[str, str] | None:
    """Why ``key`` is no setting of the model, with a remedy, where that is known; None elsewhere."""
    free = free_settings(name)
    if key in free:
        return None
    if key in GIVEN:
        return f"{name}: bench gives RecBole its {key!r}", GIVEN[key]
    theirs = next((word for word in _TRANSLATIONS.get(key, ()) if word in free), None)
    if theirs is not None:
        return f"{name} has no setting {key!r}", f"RecBole calls it {theirs}"
    if key in TrainingSettings.model_fields:
        return f"{name} has no setting {key!r}", f"set training.{key}"
    return None


def _annotation(name: str, key: str, default: Any) -> Any:
    """The type of a setting, from its default in RecBole's file."""
    words = MODEL_WORDS.get((name, key), WORDS.get(key))
    if words is not None:
        return cast(Any, Literal)[words]
    if isinstance(default, bool):
        return bool
    if isinstance(default, str):
        return Annotated[str, AfterValidator(_word)]
    if isinstance(default, list):
        # Whole numbers are sizes of as many layers as one likes; the others have a place each.
        most = None if isinstance(default[0], int) else len(default)
        each = cast(Any, list)[_annotation(name, key, default[0])]
        return Annotated[each, Field(min_length=most or 1, max_length=most)]
    if "dropout" in key:
        return Annotated[float, Field(ge=0, lt=1)]
    number = int if isinstance(default, int) and not _SHARE.search(key) else float
    return Annotated[number, Field(ge=0)] if default >= 0 else number


def _word(text: str) -> str:
    if not re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)?", text):
        raise ValueError(f"{text!r} is not a word (RecBole would run it as Python)")
    return text
