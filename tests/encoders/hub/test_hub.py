import pytest

from encoders.hub import load_hub
from encoders.hub.text import HubTextEncoder
from encoders.registry import UnknownEncoderError
from tests.encoders.hub.conftest import Tiny


def test_a_folder_is_loaded_for_what_it_is_asked(tiny: Tiny) -> None:
    encoder = load_hub("text", str(tiny("clip")), "cpu")
    assert isinstance(encoder, HubTextEncoder)
    assert encoder.name == "hf:clip"
    assert load_hub("image", str(tiny("clip")), "cpu").modality == "image"


def test_what_does_not_fit_is_said(tiny: Tiny) -> None:
    with pytest.raises(ValueError, match="a bert model encodes text, not image"):
        load_hub("image", str(tiny("bert")), "cpu")
    with pytest.raises(ValueError, match="hf:x: models for location are not known; known are: text, image"):
        load_hub("location", "x", "cpu")
    with pytest.raises(UnknownEncoderError, match="hf:/no/such/folder: there is no such folder"):
        load_hub("text", "/no/such/folder", "cpu")
    with pytest.raises(ValueError, match="device 'tpu': expected cpu"):
        load_hub("text", str(tiny("bert")), "tpu")
