import pytest

from encoders.hub import pooling
from encoders.hub.families import pooling_of
from encoders.modalities import Modality


def test_a_dual_model_is_pooled_by_the_tower_that_is_asked_for() -> None:
    assert pooling_of("text", "clip", "hf:x") is pooling.text_features
    assert pooling_of("image", "clip", "hf:x") is pooling.image_features


def test_what_classifies_images_is_an_image_encoder() -> None:
    assert pooling_of("image", "convnext", "hf:x") is pooling.pooler_or_mean


@pytest.mark.parametrize(
    ("modality", "family", "reason"),
    [
        ("image", "bert", "a bert model encodes text, not image"),
        ("audio", "clip", "a clip model encodes text and image, not audio"),
        ("text", "gpt2", "gpt2 models are unknown as text encoders; known are: albert, altclip, bert"),
        ("location", "vit", "a vit model encodes image, not location"),
    ],
)
def test_a_family_that_does_not_fit_is_refused(modality: Modality, family: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"hf:x: {reason}"):
        pooling_of(modality, family, "hf:x")
