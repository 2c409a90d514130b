import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app

SMALL = ("--items", "4", "--users", "2", "--events", "10")


def generate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["generate", *arguments])


def test_a_world_is_written_and_summed_up_on_stderr(tmp_path: Path) -> None:
    result = generate(str(tmp_path / "world"), *SMALL, "--modalities", "text,image", "--places")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert "4 items and 10 interactions of 2 users" in result.stderr
    recipe = json.loads((tmp_path / "world" / "truth.json").read_text())["recipe"]
    assert recipe["modalities"] == ["text", "image", "location"]
    assert recipe["shares"] == [1, 1, 1]
    assert len((tmp_path / "world" / "media.jsonl").read_text().splitlines()) == 4


def test_every_dial_reaches_the_recipe(tmp_path: Path) -> None:
    dials = {"noise": 0.2, "missing": 0.3, "cold": 0.4, "drift": "gradual", "seed": 7}
    options = [part for name, given in dials.items() for part in (f"--{name}", str(given))]
    result = generate(str(tmp_path), *SMALL, "--modalities", "text,audio", "--shares", "3,1", *options)
    assert result.exit_code == 0, result.stderr
    recipe = json.loads((tmp_path / "truth.json").read_text())["recipe"]
    assert recipe == dials | {
        "items": 4, "users": 2, "events": 10, "modalities": ["text", "audio"], "shares": [3, 1],
    }  # fmt: skip


def test_files_name_the_setting_that_opens_them(tmp_path: Path) -> None:
    result = generate(str(tmp_path), *SMALL, "--modalities", "image", "--files")
    assert result.exit_code == 0, result.stderr
    assert f"FRESHET_MEDIA_FOLDER={tmp_path / 'media'}" in result.stderr.replace("\n", "")
    assert len(list((tmp_path / "media").iterdir())) == 4


@pytest.mark.parametrize("options", [(), ("--missing", "1", "--drift", "recurring", "--noise", "1")])
def test_of_a_few_cold_items_those_that_there_are_are_chosen(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    few = ("--items", "3", "--users", "50", "--events", "5", "--modalities", "text,image", "--cold", "0.9")
    result = generate(str(tmp_path), *few, *options)
    assert result.exit_code == 0, result.stderr
    chosen = {row.split(",")[1] for row in (tmp_path / "interactions.csv").read_text().splitlines()[1:]}
    assert chosen <= {"item-0", "item-1", "item-2"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--modalities", "text,smell"],
            "--modalities: expected some of text, image, audio, video, location, got 'smell'",
        ),
        (
            ["--shares", "1,2"],
            "--shares: expected 4, one each for text, image, audio, video, got 2",
        ),
        (["--shares", "1,b"], "--shares: expected numbers such as 1,1,2, got '1,b'"),
        (["--noise", "2"], "--noise: expected 0 to 1, got 2"),
        (["--items", "0"], "--items: expected at least 2, got 0"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, options: list[str], message: str) -> None:
    result = generate(str(tmp_path / "world"), *options)
    assert result.exit_code == 2
    assert result.stderr == f"freshet: {message}\n"
    assert not (tmp_path / "world").exists()


def test_a_folder_with_something_in_it_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = generate(str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr == f"freshet: expected an empty folder, or none yet: {tmp_path}\n"
