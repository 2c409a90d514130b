import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from streams.cli import app
from streams.cli.evaluate_curve import points
from tests.pictures import picture


def evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", *arguments])


@pytest.fixture
def views(tmp_path: Path) -> Path:
    path = tmp_path / "views.csv"
    rows = (f"u{n % 5},i{(n * 3 + n // 5) % 12},{n * 60}" for n in range(200))
    path.write_text("user_id,item_id,timestamp\n" + "\n".join(rows) + "\n")
    return path


def test_figures_are_one_object_a_method_and_all_else_goes_to_stderr(views: Path) -> None:
    result = evaluate("--interactions", str(views), "--methods", "transitions,popularity", "--json", "-")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    assert list(figures) == ["run", "transitions", "popularity"]
    assert {"overall", "cold_items", "new_users"} <= set(figures["transitions"])
    assert {"hr@10", "ndcg@10", "recall@10", "precision@10", "mrr", "hr@100"} <= set(
        figures["popularity"]["overall"]
    )
    assert figures["run"]["data"]["events"] == 200
    assert "transitions" in result.stderr


def test_the_same_command_gives_the_same_figures(views: Path) -> None:
    arguments = ("--interactions", str(views), "--methods", "freshet", "--ties", "shuffle", "--json", "-")
    first, second = (json.loads(evaluate(*arguments).stdout)["freshet"] for _ in range(2))
    for figures in (first, second):
        del figures["overall"]["events_per_s"]
    assert first == second


def test_ablation_compares_every_part_with_the_whole_over_three_seeds(views: Path) -> None:
    result = evaluate("--interactions", str(views), "--ablate", "--limit", "120", "--json", "-")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert list(found["seeds"]) == ["0", "1", "2"]
    assert found["run"]["events"] == 120
    whole = found["worth"].pop("freshet")["hr@10"]
    values = [run["freshet"]["overall"]["hr@10"] for run in found["seeds"].values()]
    assert whole["value"]["mean"] == pytest.approx(sum(values) / 3)
    for method, worth in found["worth"].items():
        assert method.replace("_", " ") in result.stderr
        change = worth["hr@10"]["value"]["mean"] - whole["value"]["mean"]
        assert worth["hr@10"]["change"]["mean"] == pytest.approx(change)
    without_graph = [run["freshet_without_graph"]["overall"]["mrr"] for run in found["seeds"].values()]
    assert without_graph != [run["freshet"]["overall"]["mrr"] for run in found["seeds"].values()]


def test_the_curve_of_variety_starts_with_the_lists_as_they_are_and_costs_what_is_said(
    views: Path, tmp_path: Path
) -> None:
    items = tmp_path / "items.csv"
    items.write_text("item_id,kind\n" + "".join(f"i{n},kind{n % 3}\n" for n in range(12)))
    arguments = ("--interactions", str(views), "--items", str(items), "--category", "kind", "--json", "-")
    plain = json.loads(evaluate(*arguments, "--methods", "freshet").stdout)["freshet"]["overall"]
    picture = tmp_path / "dials.png"
    result = evaluate(*arguments, "--diversity-curve", "--curve", str(picture))
    assert result.exit_code == 0, result.stderr
    with Image.open(picture) as drawn:
        assert drawn.size[0] > 500
    curve = json.loads(result.stdout)["curve"]
    assert (curve[0]["dial"], curve[0]["hr@10"], curve[0]["mrr"]) == (0.0, plain["hr@10"], plain["mrr"])
    for diversifier in ("dpp", "mmr"):
        varied = [
            point["mrr"] for point in curve if point["diversifier"] == diversifier and point["dial"] > 0
        ]
        assert len(varied) == 9
        assert len(set(varied)) > 1
    assert "likeness in a list" in " ".join(result.stderr.split())


def test_privacy_is_compared_with_the_network_without_and_with_the_blend(views: Path, tmp_path: Path) -> None:
    picture = tmp_path / "budgets.png"
    arguments = ("--interactions", str(views), "--json", "-")
    result = evaluate(*arguments, "--dp", "1,8", "--dp", "8", "--curve", str(picture))
    assert result.exit_code == 0, result.stderr
    with Image.open(picture) as drawn:
        assert drawn.size[0] > 500
    found = json.loads(result.stdout)
    assert found["delta"] == 1e-6
    points = {point["name"]: point for point in found["privacy"]}
    assert list(points) == ["blend", "network", "private 8", "private 1"]
    assert [point["epsilon"] for point in points.values()] == [None, None, 8, 1]
    # Five users are too few for a step: nothing is spent, and lists stay as the blend ranks them.
    assert points["network"]["steps"] > points["private 8"]["steps"] == points["private 8"]["spent"] == 0
    assert points["private 8"]["report"]["mrr"] == points["blend"]["report"]["mrr"]
    assert 0 <= points["network"]["attack_on_lists"] <= 1
    shown = " ".join(result.stderr.split())
    assert "attack on lists" in shown
    assert "private 8" in shown


def test_tables_name_every_method(views: Path, tmp_path: Path) -> None:
    result = evaluate("--interactions", str(views), "--json", str(tmp_path / "figures.json"))
    assert result.exit_code == 0, result.stderr
    for method in ("freshet", "popularity_first_time", "personal", "symmetric_graph", "tifu_knn"):
        assert method in result.stdout
        assert all(word in result.stdout.split("By slice", 1)[1] for word in method.split("_"))
    assert "…" not in result.stdout
    assert "freshet" in json.loads((tmp_path / "figures.json").read_text())


def test_texts_and_pictures_are_encoded_once(
    views: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    picture(1).save(tmp_path / "i1.jpg")
    (tmp_path / "i2.jpg").write_bytes(b"no picture")
    (tmp_path / "items.csv").write_text("item_id,title\n" + "".join(f"i{n},film {n}\n" for n in range(12)))
    arguments = (
        "--interactions", str(views), "--items", str(tmp_path / "items.csv"), "--text", "title", "--encoder", "hashing",
        "--images", "{item_id}.jpg", "--methods", "freshet", "--json", "-",
    )  # fmt: skip
    result = evaluate(*arguments)
    assert result.exit_code == 0, result.stderr
    assert {"modality_text", "modality_text+image"} <= set(json.loads(result.stdout)["freshet"])
    assert "\n1 of 2 different image media cannot be encoded, and count for nothing\n" in result.stderr
    kept = sorted((tmp_path / "cache").rglob("*.npy"))
    # Two pictures, of which one is none, and twelve titles.
    assert sorted(len(np.load(path)) for path in kept) == [2, 12]
    before = [path.stat().st_mtime_ns for path in kept]
    assert evaluate(*arguments).exit_code == 0
    assert [path.stat().st_mtime_ns for path in kept] == before


def test_a_generated_world_is_a_stream_with_an_oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    world = tmp_path / "world"
    made = ("--items", "40", "--users", "20", "--events", "800", "--modalities", "text")
    assert CliRunner().invoke(app, ["generate", str(world), *made]).exit_code == 0
    result = evaluate(
        str(world), "--methods", "oracle,popularity,freshet", "--encoder", "hashing", "--json", "-"
    )
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    hits = {name: figures[name]["overall"]["hr@10"] for name in ("oracle", "popularity", "freshet")}
    assert hits["oracle"] > 1.3 * max(hits["popularity"], hits["freshet"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to replay"),
        (["complete-trip"], "got the stream 'complete-trip'; expected complete-journey"),
        (["--interactions", "nowhere.csv"], "nowhere.csv: no such file"),
        (
            ["--interactions", "{views}", "--columns", "user_id=who,item_id=item_id,timestamp=timestamp"],
            "no column 'who'",
        ),
        (["--interactions", "{views}", "--methods", "magic"], "'magic' is unknown; known are freshet"),
        (["--interactions", "{views}", "--text", "title"], "need --items"),
        (["--interactions", "{views}", "--dp", "8,"], "--dp: '' is no epsilon"),
        (["--interactions", "{views}", "--dp", "8,-1"], "--dp: '-1' is no epsilon"),
        (["--interactions", "{views}", "--dp", "nan"], "--dp: 'nan' is no epsilon"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(views: Path, arguments: list[str], message: str) -> None:
    result = evaluate(*(argument.format(views=views) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("encoder", ["magic", "hf:{folder}", "compressed:{folder}"])
def test_what_is_no_encoder_is_one_line_and_exit_code_2(views: Path, tmp_path: Path, encoder: str) -> None:
    items = tmp_path / "items.csv"
    items.write_text("item_id,title\ni1,Tea\n")
    result = evaluate(
        "--interactions", str(views), "--items", str(items), "--text", "title",
        "--encoder", encoder.format(folder=tmp_path),
    )  # fmt: skip
    assert result.exit_code == 2
    assert [line for line in result.stderr.splitlines() if line.startswith("freshet: ")] == (
        result.stderr.splitlines()[-1:]
    )


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("FRESHET_DEVICE", "cuda:99", "device 'cuda:99': "),
        ("FRESHET_FETCH_BYTES", "-1", "FRESHET_FETCH_BYTES"),
        ("FRESHET_DEVISE", "cpu", "unknown setting FRESHET_DEVISE: did you mean FRESHET_DEVICE?"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    views: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, message: str
) -> None:
    monkeypatch.setenv(setting, value)
    items = tmp_path / "items.csv"
    items.write_text("item_id,title\ni1,Tea\n")
    result = evaluate(
        "--interactions", str(views), "--items", str(items), "--text", "title", "--encoder", "minilm",
    )  # fmt: skip
    assert result.exit_code == 2
    assert message in result.stderr.splitlines()[-1]


def test_a_curve_is_drawn_of_what_the_windows_say(views: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    picture = tmp_path / "curve.png"
    arguments = ("--interactions", str(views), "--methods", "transitions,popularity", "--json", "-")
    result = evaluate(*arguments, "--curve", str(picture))
    assert result.exit_code == 0, result.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "window" not in result.stderr
    report = json.loads(result.stdout)["transitions"]
    events, values = points(report, "hr@10")
    assert events == sorted(events)
    assert events[-1] == 200
    lists = [figures["lists"] for name, figures in report.items() if name.startswith("window_")]
    assert sum(lists) == report["overall"]["lists"]
    mean = sum(n * value for n, value in zip(lists, values, strict=True)) / sum(lists)
    assert mean == pytest.approx(report["overall"]["hr@10"])
    wrong = evaluate(*arguments, "--curve", str(tmp_path / "curve.nosuch"))
    assert wrong.exit_code == 2
    assert "Format 'nosuch' is not supported" in wrong.stderr


def test_without_matplotlib_nothing_is_replayed_in_vain(views: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.cli.evaluate_curve.importlib.util.find_spec", lambda _name: None)
    result = evaluate("--interactions", str(views), "--methods", "popularity", "--curve", "curve.png")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "200 events from 1970-01-01 00:00 to 1970-01-01 03:19 UTC, 5 users, 12 items",
        "freshet: --curve needs the package matplotlib; try: pip install 'freshet[plot]'",
    ]


def test_what_a_known_stream_makes_no_use_of_is_refused(views: Path) -> None:
    result = evaluate("complete-journey", "--interactions", str(views), "--text", "title")
    assert result.exit_code == 2
    assert result.stderr == (
        "freshet: --interactions, --text: the stream 'complete-journey' has its own; leave one or the other out\n"
    )


def test_how_many_items_are_described_is_said(views: Path, tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text("item_id,title\ni1,Tea\nelsewhere,Coffee\n")
    result = evaluate(
        "--interactions", str(views), "--items", str(items), "--text", "title", "--methods", "popularity"
    )
    assert result.stderr.splitlines()[0].endswith("5 users, 12 items, 1 of them described")


def test_ratings_are_predicted_where_there_are_any(views: Path, tmp_path: Path) -> None:
    arguments = ("--methods", "popularity", "--json", "-")
    result = evaluate("--interactions", str(views), *arguments)
    assert "rating_errors" not in json.loads(result.stdout)["run"]
    rated = tmp_path / "rated.csv"
    head, *rows = views.read_text().splitlines()
    rated.write_text("\n".join([f"{head},stars", *(f"{row},{1 + n % 5}" for n, row in enumerate(rows))]))
    columns = "user_id=user_id,item_id=item_id,timestamp=timestamp,value=stars"
    result = evaluate("--interactions", str(rated), "--columns", columns, *arguments)
    assert result.exit_code == 0, result.stderr
    errors = json.loads(result.stdout)["run"]["rating_errors"]
    assert list(errors) == ["mean", "river_mf", "rating_knn"]
    # Each of the five users always gives the same stars.
    assert errors["rating_knn"]["mae"] < 0.5 < errors["mean"]["mae"]
    assert "Predicted ratings" in result.stderr
