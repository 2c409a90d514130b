"""Items are encoded for `freshet evaluate` as the workers' settings say."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from online.evaluation.stream import ItemText
from streams.cli.evaluate_media import embeddings


def test_pictures_are_freed_of_noise_where_workers_do_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = BytesIO()
    noise = np.random.default_rng(5).integers(0, 256, (96, 96, 3), np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    catalogue = {"tea": ItemText("Tea", "Tea", media={"image": file.getvalue()})}
    as_it_is = embeddings(catalogue, {"image": "efficientnet"})["tea"]["image"]
    monkeypatch.setenv("FRESHET_IMAGE_DENOISE", "true")
    freed = embeddings(catalogue, {"image": "efficientnet"})["tea"]["image"]
    assert as_it_is @ freed < 0.99
