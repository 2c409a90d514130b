import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app
from tests.encoders.probes.clips import clip_of

TOPICS = {
    "kitchen": ["oven", "spoon", "kettle", "plate", "bread", "butter", "knife", "pan", "soup", "salt"],
    "harbour": ["anchor", "vessel", "pier", "sail", "captain", "tide", "rope", "gull", "cargo", "mast"],
}


def probe(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["probe", *arguments])


def found(*arguments: str) -> dict[str, Any]:
    result = probe(*arguments, "--json", "-")
    assert result.exit_code == 0, result.stderr
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


@pytest.fixture(autouse=True)
def _quick_text_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHET_TEXT_ENCODER", "hashing")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Ten texts of each topic in a folder of its name, four neighbouring words each; fold and topic in the name."""
    for topic, words in TOPICS.items():
        (tmp_path / topic).mkdir()
        for n in range(10):
            text = " ".join((words + words)[n : n + 4])
            (tmp_path / topic / f"{n % 5}-{n}-{topic}.txt").write_text(text)
    return tmp_path


def test_knn_by_folder_leaving_one_out(texts: Path) -> None:
    figures = found("knn", str(texts), "--k", "3")
    assert figures["measures"] == {
        "hashing": {"accuracy": 1.0},
        "raw: hashing": {"accuracy": 1.0},
        "the most frequent class": {"accuracy": 0.5},
    }
    assert {"entries": 20, "classes": 2, "k": 3, "leave_one_out": True}.items() <= figures.items()
    assert figures["encoder_version"]


def test_knn_searches_one_folder_for_what_is_in_another(texts: Path) -> None:
    # Everything that is searched is of one class, so that all others are wrong.
    figures = found("knn", str(texts / "kitchen"), str(texts), "--k", "1")
    assert figures["measures"]["hashing"]["accuracy"] == 0.5
    assert figures["entries"] == 30
    assert figures["leave_one_out"] is False


def test_knn_refuses_files_of_which_none_can_be_asked(texts: Path) -> None:
    asked = texts / "empty"
    asked.mkdir()
    (asked / "a.txt").write_text("")
    result = probe("knn", str(texts / "kitchen"), str(asked), "--k", "1")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[1:] == [f"freshet: {asked}: none of its 1 files can be encoded"]


def test_knn_with_classes_from_file_names(texts: Path) -> None:
    figures = found("knn", str(texts), "--label", r"-(\d+)-", "--k", "1")
    assert figures["classes"] == 10
    assert figures["measures"]["hashing"]["accuracy"] == 0.0


def test_what_cannot_be_encoded_is_left_out_and_named(texts: Path) -> None:
    (texts / "kitchen" / "0-empty.txt").write_text("")
    result = probe("knn", str(texts), "--json", "-")
    assert "0-empty.txt: the text is empty" in result.stderr
    figures = json.loads(result.stdout)
    assert figures["entries"] == 20
    assert list(figures["left_out"].values()) == ["the text is empty"]


def test_folds_from_file_names(texts: Path) -> None:
    figures = found("folds", str(texts), "--fold", r"^(\d)", "--label", r"-(\w+)\.")
    measures = figures["measures"]["hashing"]
    assert list(measures) == ["accuracy", "fold 0", "fold 1", "fold 2", "fold 3", "fold 4"]
    assert measures["accuracy"] == 1.0
    assert figures["c"] == 1.0


def test_halves_find_each_other(tmp_path: Path) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    for n, colour in enumerate(colours):
        (tmp_path / f"{n}.mp4").write_bytes(clip_of(colour, colour))
    (tmp_path / "bad.mp4").write_bytes(b"no clip")
    figures = found("halves", str(tmp_path))
    assert figures["entries"] == 3
    assert figures["measures"]["raw: pixels 32x32, mean of frames"] == {"top1": 1.0, "mrr": 1.0}
    assert {"frames", "frames, unprojected"} <= set(figures["measures"])
    assert len(figures["left_out"]) == 2


@pytest.fixture
def items(tmp_path: Path) -> Path:
    rows = [
        f"{n},{words[n]},{words[n]} {words[n - 1]} {words[n - 2]},{topic}|all"
        for topic, words in TOPICS.items()
        for n in range(10)
    ]
    path = tmp_path / "items.csv"
    path.write_text("id,title,plot,genres\n" + "\n".join(rows) + "\n20,untold,,kitchen\n21,unknown,told,\n")
    return path


def test_labels_of_neighbours(items: Path) -> None:
    figures = found("labels", str(items), "--text", "plot", "--labels", "genres", "--k", "3")
    assert {"entries": 20, "labels": 3, "task": "labels"}.items() <= figures.items()
    own, chance = figures["measures"]["hashing"], figures["measures"]["by lot"]
    # One label is on every item: that much is found by lot too.
    assert own["any_shared"] == chance["any_shared"] == own["precision_at_1"] == 1.0
    assert own["first_voted"] > 0.9 > chance["first_voted"]


def test_a_table_names_every_space(items: Path) -> None:
    result = probe("labels", str(items), "--text", "title,plot", "--labels", "genres", "--k", "3")
    assert result.exit_code == 0, result.stderr
    for name in ("hashing", "raw: hashing", "by lot", "n = 21"):
        assert name in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["knn", "{texts}/nowhere"], "nowhere: no such folder"),
        (["knn", "{texts}", "--modality", "image"], "no image file among"),
        (["knn", "{texts}", "--k", "20"], "expected k from 1 to 19"),
        (["knn", "{texts}", "--label", "("], "'(' is no regular expression"),
        (["knn", "{texts}", "--label", "soup"], "'soup' finds nothing in 0-0-"),
        (["folds", "{texts}", "--fold", "-"], "expected at least two folds, got ['-']"),
        (["labels", "{texts}/a.csv", "--text", "a", "--labels", "b"], "a.csv: no such file"),
        (["halves", "{texts}"], "no video file among 20 files"),
    ],
)
def test_what_cannot_be_probed_is_one_line_and_exit_code_2(
    texts: Path, arguments: list[str], message: str
) -> None:
    result = probe(*(argument.format(texts=texts) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_sentences_search_for_their_texts(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    texts = [f"{' '.join(words[:5])}. {' '.join(words[5:])}." for words in TOPICS.values()]
    path.write_text("title,text\n" + "\n".join(f"some title,{text}" for text in texts) + "\n")
    figures = found("search", str(path), "--count", "3")
    assert figures["measures"] == {"text": {"top1": 1.0, "top10": 1.0, "mrr": 1.0}}
    assert {"task": "search", "entries": 3, "searched": 2, "modality": "text"}.items() <= figures.items()
    assert "no column 'plot'" in probe("search", str(path), "--text", "plot").stderr
