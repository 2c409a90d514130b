import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from online.learning.ranking import STEP_LISTS, RankingLearner
from streams.cli import app
from streams.cli.model import _instead
from streams.learned_ranking import LearnedRanking
from streams.models import RolledBack, Standing
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore
from tests.online.ranking.made_logs import random_log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a snapshot from before rankings were learned, and one after two steps."""
    store, learner = SnapshotStore(Settings(store=str(tmp_path))), RankingLearner()
    store.save(Manifest(1, 5, "log", 100), {"sets": b""})
    rng = np.random.default_rng(0)
    for _ in range(2 * STEP_LISTS):
        learner.learn(random_log(rng, 6), ["i2"], 0)
    store.save(Manifest(2, 9, "log", 1234), {"sets": b"", **LearnedRanking(learner).save()})
    return tmp_path


def model(folder: Path, *arguments: str) -> Result:
    return CliRunner(env={"FRESHET_STORE": str(folder)}).invoke(app, ["model", *arguments])


def test_the_list_says_what_each_ranking_had_done(folder: Path) -> None:
    result = model(folder, "list", "--json", "-")
    assert result.exit_code == 0, result.stderr
    old, new = json.loads(result.stdout)
    assert (old["epoch"], old["version"], old["examples_offset"], old["ranking"]) == (1, 5, 100, None)
    assert (new["epoch"], new["version"], new["examples_offset"]) == (2, 9, 1234)
    assert new["ranking"]["steps"] == 2
    assert 0 < new["ranking"]["network"] <= 1
    assert new["size_bytes"] > old["size_bytes"] > 0
    shown = model(folder, "list").stdout
    assert new["name"] in shown
    assert "no ranking" in shown
    assert f"2 steps, {new['ranking']['network']:.3f} (blend {new['ranking']['blend']:.3f})" in shown


def test_without_snapshots_the_list_is_empty(tmp_path: Path) -> None:
    result = model(tmp_path, "list", "--json", "-")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("standing", "is_served", "says"),
    [
        (Standing(120, 0.5, 0.4), True, ""),
        (
            Standing(2, 0.5, 0.4),
            False,
            "; it was not trained enough yet (100 steps), so the fixed blend ranks now",
        ),
        (
            Standing(0, None, None),
            False,
            "; it was not trained enough yet (100 steps), so the fixed blend ranks now",
        ),
        (Standing(120, 0.3, 0.4), False, "; the fixed blend ranked better then, so it ranks now"),
    ],
)
def test_a_rollback_says_why_the_blend_ranks(standing: Standing, is_served: bool, says: str) -> None:
    assert _instead(RolledBack("s", 3, standing, is_served)) == says
