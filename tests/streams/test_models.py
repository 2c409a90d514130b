import numpy as np

from online.learning.privacy import Budget
from online.learning.private_ranking import USERS, PrivateRankingLearner
from streams.learned_ranking import LearnedRanking, ranking_of
from streams.models import with_ranking
from tests.online.ranking.made_logs import random_log


def test_an_older_ranking_does_not_bring_back_what_was_spent_since() -> None:
    learner = PrivateRankingLearner(Budget(8.0))
    log = random_log(np.random.default_rng(0), 5)

    def step() -> None:
        for user in range(USERS):
            learner.learn(log, ["i1"], 0, f"u{user}")

    step()
    older = LearnedRanking(learner).save()
    step()
    newest = {"sets": b"open", **LearnedRanking(learner).save()}
    rolled_back = with_ranking(newest, older)
    restored = PrivateRankingLearner(Budget(8.0))
    assert restored.load(ranking_of(rolled_back))
    assert rolled_back["sets"] == b"open"
    assert restored.step_count == 1
    assert restored.accounts.epsilon() == learner.accounts.epsilon()
