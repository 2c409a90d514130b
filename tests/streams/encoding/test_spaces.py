from streams.encoding.spaces import load_spaces
from streams.settings import Settings


def load(image_denoise: bool) -> str:
    settings = Settings(
        text_encoder="none",
        location_encoder="none",
        audio_encoder="none",
        video_encoder="none",
        image_denoise=image_denoise,
    )
    space = load_spaces(settings)["image"]
    assert space.encoder.denoise == image_denoise
    return space.name


def test_denoising_is_another_space() -> None:
    assert load(image_denoise=True) != load(image_denoise=False)
