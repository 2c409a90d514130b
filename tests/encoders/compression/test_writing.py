from pathlib import Path

import pytest

from encoders.base import Encoder
from encoders.compression.folder import CompressionError, stored_bytes
from encoders.compression.writing import float32_bytes, network_of, write_compressed
from encoders.registry import HUB_PREFIX, load


@pytest.mark.parametrize(("method", "ratio"), [("bf16", 0.6), ("int8", 0.4), ("pruned", 0.5)])
def test_the_file_is_smaller(
    tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path, method: str, ratio: float
) -> None:
    write_compressed(tiny_bert, tiny_name, method, tmp_path)  # type: ignore[arg-type]  # one of its literals
    assert stored_bytes(tmp_path) < ratio * network_of(tiny_bert).published_bytes


def test_bytes_in_float32_are_those_of_the_file_of_a_float32_network(tiny_bert: Encoder[str]) -> None:
    weights = network_of(tiny_bert)
    # The file has a header as well.
    assert 0.8 * weights.published_bytes < float32_bytes(weights.network) < weights.published_bytes


def test_a_larger_share_makes_a_smaller_file(tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path) -> None:
    sizes = []
    for share in (0.1, 0.5, 0.9):
        about = write_compressed(tiny_bert, tiny_name, "pruned", tmp_path / str(share), share)
        assert about.share == share
        sizes.append(stored_bytes(tmp_path / str(share)))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < 0.8 * sizes[0]


def test_a_folder_is_remembered_with_its_whole_path(
    tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(tiny_name.removeprefix(HUB_PREFIX))
    monkeypatch.chdir(folder.parent)
    assert write_compressed(tiny_bert, f"hf:{folder.name}", "bf16", tmp_path).original == tiny_name


def test_an_encoder_without_a_network_of_torch(tmp_path: Path) -> None:
    expected = (
        r"text encoder hashing has no torch network to compress; those that have: minilm \(text\), .*hf:"
    )
    with pytest.raises(CompressionError, match=expected):
        write_compressed(load("text", "hashing"), "hashing", "int8", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_compressed_already(tiny_bert: Encoder[str], tmp_path: Path) -> None:
    with pytest.raises(CompressionError, match="is compressed already; compress its original"):
        write_compressed(tiny_bert, "compressed:somewhere", "int8", tmp_path)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none(tiny_name: str, tiny_bert: Encoder[str], tmp_path: Path, share: float) -> None:
    with pytest.raises(CompressionError, match="expected at least 0 and less than 1"):
        write_compressed(tiny_bert, tiny_name, "pruned", tmp_path, share)
