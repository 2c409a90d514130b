import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from encoders.registry import load
from streams.cli import app
from tests.encoders.hub.tiny import bert_name


def compress(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compress", *map(str, arguments)])


@pytest.fixture(scope="module")
def tiny_name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bert_name(tmp_path_factory.mktemp("bert"))


@pytest.fixture
def media(tmp_path: Path) -> Path:
    for kind, words in (("numbers", "one two three four"), ("colours", "red green blue grey")):
        (tmp_path / "media" / kind).mkdir(parents=True)
        for word in words.split():
            (tmp_path / "media" / kind / f"{word}.txt").write_text(f"{word} {word}")
    return tmp_path / "media"


@pytest.mark.parametrize("method", ["int8", "bf16", "pruned"])
def test_writes_a_smaller_encoder_and_a_report(
    tiny_name: str, media: Path, tmp_path: Path, method: str
) -> None:
    out = tmp_path / "small"
    result = compress(
        tiny_name, "--modality", "text", "--to", method, "--out", out, "--media", media, "--device", "cpu",
        "--json", tmp_path / "found.json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found == json.loads((out / "report.json").read_text())
    encoder = load("text", f"compressed:{out}", "cpu")
    assert (found["compressed"], found["version"]) == (encoder.name, encoder.version)
    assert found["entries"] == 8
    assert found["compressed_bytes"] == (out / "weights.safetensors").stat().st_size
    assert found["float32_ratio"] == found["compressed_bytes"] / found["float32_bytes"] < 0.6
    assert found["compressed_bytes"] < 0.6 * found["original_bytes"]
    assert found["min_cosine"] <= found["mean_cosine"] <= 1.0001
    assert found["original_entries_per_s"] > 0 < found["compressed_entries_per_s"]
    assert 0 <= found["original_accuracy"] <= 1
    assert 0 <= found["compressed_accuracy"] <= 1
    assert "5-nearest-neighbour accuracy" in result.stdout
    assert f"{found['compressed_bytes']:,} bytes" in result.stdout


def test_a_sample_of_the_files_is_compared(tiny_name: str, media: Path, tmp_path: Path) -> None:
    result = compress(
        tiny_name, "--modality", "text", "--to", "bf16", "--out", tmp_path / "small", "--media", media,
        "--sample", 7, "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["entries"] == 7


def test_each_line_of_one_text_counts_for_itself(tiny_name: str, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("one\n\ntwo\nthree\n")
    result = compress(
        tiny_name, "--modality", "text", "--to", "int8", "--out", tmp_path / "small",
        "--media", tmp_path / "lines.txt", "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["entries"], found["original_accuracy"]) == (3, None)
    assert "accuracy" not in result.stderr


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--to": "int3"}, "--to 'int3': expected one of int8, bf16, pruned"),
        ({"--modality": "smell"}, "modality 'smell': expected one of text, image, audio, video"),
        ({"--media": "nowhere"}, "nowhere: no such folder"),
        ({"ENCODER": "hashing"}, "text encoder hashing has no torch network to compress; those that have: "),
        ({"ENCODER": "nothing"}, "text encoder 'nothing' is unknown; known are: "),
        ({"--out": "media"}, "media: expected a new or an empty folder to write to"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tiny_name: str, media: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], message: str
) -> None:
    monkeypatch.chdir(media.parent)
    given = {"--modality": "text", "--to": "int8", "--out": "small", "--media": "media"}
    encoder = changed.get("ENCODER", tiny_name)
    options = {**given, **{name: value for name, value in changed.items() if name != "ENCODER"}}
    result = compress(encoder, *(word for option in options.items() for word in option))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"freshet: {message}")
    assert result.stderr.count("\n") == 1
    assert not (media.parent / "small").exists()
