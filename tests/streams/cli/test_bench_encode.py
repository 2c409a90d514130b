import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["bench", "encode", *arguments])


@pytest.fixture(autouse=True)
def _quick_text_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHET_TEXT_ENCODER", "hashing")


def test_made_texts_at_each_size_of_batch() -> None:
    result = bench("--modality", "text", "--entries", "6", "--batches", "1,4", "--rounds", "2", "--json", "-")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    text = figures["modalities"]["text"]
    assert (text["encoder"], text["entries"], text["flops_per_entry"]) == ("hashing", 6, None)
    assert list(text["batches"]) == ["1", "4"]
    assert text["batches"]["4"]["freshet"]["both_per_s"] > 0
    assert text["batches"]["4"]["plain"] is None
    assert {"seed": 1, "rounds": 2, "media": "made"}.items() <= figures.items()
    assert figures["machine"]["cpus"] >= 1
    assert "text hashing, 4" in result.stderr


def test_given_files_are_repeated_where_they_are_few(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("")
    result = bench(
        "--modality", "text", "--media", str(tmp_path), "--entries", "4", "--batches", "2",
        "--rounds", "1", "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    text = json.loads(result.stdout)["modalities"]["text"]
    assert (text["entries"], text["left_out"]) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--modality", "smell"], "modality 'smell': expected one of"),
        (["--batches", "1,0"], "--batches '1,0': expected sizes of at least 1"),
        (["--batches", "many"], "--batches 'many': expected sizes"),
        (["--modality", "text", "--media", "{folder}"], "no text file among 1 files"),
        (
            ["--modality", "image", "--media", "{folder}", "--rounds", "1"],
            "none of 32 entries can be encoded",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    result = bench(*(argument.format(folder=tmp_path) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
