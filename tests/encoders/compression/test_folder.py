from pathlib import Path

import pytest
import torch

from encoders.compression.folder import (
    ABOUT,
    WEIGHTS,
    About,
    CompressionError,
    read_about,
    read_weights,
    require_new,
    stored_bytes,
    write_about,
    write_weights,
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    fingerprint = write_weights(tmp_path, {"w": torch.ones(3)})
    write_about(tmp_path, About("text", "minilm", "v1", "int8", 0.0, fingerprint))
    return tmp_path


def test_what_was_written_is_read(written: Path) -> None:
    about = read_about(written)
    assert (about.modality, about.original, about.original_version) == ("text", "minilm", "v1")
    assert read_weights(written)["w"].tolist() == [1, 1, 1]
    assert stored_bytes(written) == (written / WEIGHTS).stat().st_size


@pytest.mark.parametrize("name", [ABOUT, WEIGHTS])
def test_an_incomplete_folder(written: Path, name: str) -> None:
    (written / name).unlink()
    with pytest.raises(CompressionError, match=f"has no {name}; expected a folder that freshet compress"):
        read_about(written)


def test_one_changed_byte_of_the_weights_is_noticed(written: Path) -> None:
    data = bytearray((written / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (written / WEIGHTS).write_bytes(data)
    with pytest.raises(
        CompressionError, match=r"weights.safetensors is damaged: fingerprint .*compress anew"
    ):
        read_about(written)


@pytest.mark.parametrize("text", ["", "{}", '{"modality": "smell"}', "[1"])
def test_a_damaged_description(written: Path, text: str) -> None:
    (written / ABOUT).write_text(text)
    with pytest.raises(CompressionError, match=r"compressed.json is damaged: .*compress anew"):
        read_about(written)


def test_weights_of_another_format(written: Path) -> None:
    (written / WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(CompressionError, match=r"weights.safetensors cannot be read: .*compress anew"):
        read_weights(written)


def test_nothing_is_written_over(written: Path) -> None:
    for path in (written, written / WEIGHTS):
        with pytest.raises(CompressionError, match="expected a new or an empty folder"):
            require_new(path)
    require_new(written / "new")
