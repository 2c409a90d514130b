import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from encoders.text_hashing import DIM
from streams.bench.encoding.media import made_media
from streams.cli import app


def encode(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["encode", *arguments])


@pytest.fixture(autouse=True)
def _quick_text_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHET_TEXT_ENCODER", "hashing")


def test_a_table_of_cosines() -> None:
    result = encode("--text", "a red dress", "--text", "a red dress", "--text", "seven engines")
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if "dress" in line or "engines" in line]
    assert [row[-3:-1] for row in rows[:2]] == [["1.00", "1.00"]] * 2
    assert float(rows[0][-1]) < 0.5


def test_vectors_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a red dress")
    result = encode("--vectors", str(tmp_path / "a.txt"))
    assert result.exit_code == 0, result.stderr
    name, numbers = result.stdout.strip().rsplit(": ", 1)
    assert name.endswith("a.txt")
    vector = [float(number) for number in numbers.split()]
    assert len(vector) == DIM
    assert sum(number**2 for number in vector) == pytest.approx(1.0, abs=0.01)


def test_json_holds_vectors_cosines_and_reasons() -> None:
    result = encode("--text", "one", "--text", "", "--place", "10,20", "--place", "10,200", "--json", "-")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [entry["error"] is None for entry in found["entries"]] == [True, False, True, False]
    assert found["entries"][1] == {
        "name": "",
        "modality": "text",
        "vector": None,
        "error": "the text is empty",
    }
    assert "lon: expected degrees" in found["entries"][3]["error"]
    assert found["encoders"]["text"]["name"] == "hashing"
    assert len(found["entries"][0]["vector"]) == DIM
    assert found["cosines"]["text"] == {"names": ["one"], "cosines": [[pytest.approx(1.0, abs=1e-3)]]}
    assert "the text is empty" in result.stderr


def test_files_of_every_modality_each_in_its_own_space(tmp_path: Path) -> None:
    for modality, suffix in (("image", "jpg"), ("audio", "flac"), ("video", "mp4")):
        (medium,) = made_media(modality, 1, 5)  # type: ignore[arg-type]  # one of its literals
        assert isinstance(medium, bytes)
        (tmp_path / f"a.{suffix}").write_bytes(medium)
    result = encode(*map(str, sorted(tmp_path.iterdir())), "--text", "a", "--place", "1,2", "--json", "-")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found["cosines"]) == {"text", "image", "audio", "video", "location"}
    assert all(0 < len(entry["vector"]) <= 384 for entry in found["entries"])


def test_noise_is_taken_away_where_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sound,) = made_media("audio", 1, 5)
    assert isinstance(sound, bytes)
    (tmp_path / "a.flac").write_bytes(sound)
    given = ["--text", "a", str(tmp_path / "a.flac"), "--json", "-"]
    plain = json.loads(encode(*given).stdout)
    monkeypatch.setenv("FRESHET_AUDIO_DENOISE", "true")
    denoised = json.loads(encode(*given).stdout)
    assert denoised["encoders"]["text"] == plain["encoders"]["text"]
    assert denoised["encoders"]["audio"]["version"] != plain["encoders"]["audio"]["version"]
    assert denoised["entries"][0]["vector"] != plain["entries"][0]["vector"]


def test_a_bad_file_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    result = encode(str(tmp_path / "bad.jpg"), str(tmp_path / "nowhere.jpg"), "--text", "one")
    assert result.exit_code == 1
    assert "bad.jpg: no image of a known format" in result.stdout
    assert "nowhere.jpg: No such file or directory" in result.stdout
    assert "text: cosines" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to encode; give files, --text or --place"),
        (["--text", "a", "--encoder", "magic"], "text encoder 'magic' is unknown"),
        (["--text", "a", "--encoder", "none"], "the text encoder is set to none; name one with --encoder"),
        (["--text", "a", "--place", "1,2", "--encoder", "hashing"], "cannot be for all of text, location"),
        (["--text", "a", "--modality", "smell"], "modality 'smell': expected one of text, image"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    result = encode(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
