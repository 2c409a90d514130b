import json

from typer.testing import CliRunner

from streams.cli import app


def test_endless_new_ids_push_out_old_ones() -> None:
    result = CliRunner().invoke(app, ["bench", "ids", "--ids", "3000", "--capacity", "1024", "--json", "-"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert [point["ids"] for point in found["points"]] == list(range(150, 3001, 150))
    assert max(point["items_known"] for point in found["points"]) <= 1024
    assert found["points"][-1]["items_known"] > 900
    assert found["longest_fold_ms"] > 0
