from encoders.modalities import MODALITY_BITS, modalities_in, modality_mask


def test_bits_are_those_that_kafka_holds() -> None:
    assert dict(MODALITY_BITS) == {"text": 1, "image": 2, "audio": 4, "video": 8, "location": 16}


def test_mask_and_back() -> None:
    assert modality_mask([]) == 0
    assert modality_mask(["video", "text", "text"]) == 9
    assert modalities_in(9) == ("text", "video")
    assert modalities_in(32 + 2) == ("image",)
