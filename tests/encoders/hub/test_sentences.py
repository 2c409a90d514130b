import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from encoders.hub.pooling import Inputs
from encoders.hub.sentences import sentence_length, sentence_pooling

STATES = torch.tensor([[[1.0, 8.0], [3.0, 4.0], [50.0, 60.0]]])
MASK = torch.tensor([[1, 1, 0]])
LEGACY = {"word_embedding_dimension": 2, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": False}


def write(folder: Path, pooling: Mapping[str, object], *modules: str) -> Path:
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "modules.json").write_text(json.dumps([{"type": module} for module in modules]))
    return folder


def pooled(folder: Path) -> tuple[str, list[float]]:
    found = sentence_pooling(folder)
    assert found is not None
    name, pool = found

    def model(**_: Inputs) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=STATES)

    return name, pool(model, {"attention_mask": MASK})[0].tolist()


@pytest.mark.parametrize(
    ("said", "name", "vector"),
    [
        ({**LEGACY, "pooling_mode_mean_tokens": True}, "mean", [2, 6]),
        ({**LEGACY, "pooling_mode_cls_token": True}, "cls", [1, 8]),
        ({**LEGACY, "pooling_mode_max_tokens": True}, "max", [3, 8]),
        ({**LEGACY, "pooling_mode_lasttoken": True}, "lasttoken", [3, 4]),
        ({"pooling_mode": "cls"}, "cls", [1, 8]),
        ({"pooling_mode": ["cls", "mean"]}, "cls+mean", [1, 8, 2, 6]),
    ],
)
def test_modes_of_now_and_of_old(
    tmp_path: Path, said: dict[str, object], name: str, vector: list[float]
) -> None:
    modules = ("sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling")
    assert pooled(write(tmp_path, said, *modules)) == (name, vector)


def test_other_folders_say_nothing(tmp_path: Path) -> None:
    assert sentence_pooling(tmp_path) is None
    assert sentence_length(tmp_path) is None


def test_an_unknown_mode_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, {"pooling_mode": "weightedmean"})
    with pytest.raises(ValueError, match=r"asks for pooling \['weightedmean'\]; known are: mean, cls, max"):
        sentence_pooling(folder)
    with pytest.raises(ValueError, match="asks for pooling by no mode"):
        sentence_pooling(write(tmp_path, LEGACY))


def test_a_layer_that_is_not_known_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, {"pooling_mode": "mean"}, "sentence_transformers.models.Dense")
    with pytest.raises(
        ValueError, match=r"layers that are not known here: sentence_transformers\.models\.Dense"
    ):
        sentence_pooling(folder)
