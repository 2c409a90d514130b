"""What privacy costs: the ranking learned without and with differential privacy, beside the blend that learns nothing.

In every run the same users are held out from the ranking's training, and the weights are attacked in the end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from online.evaluation.evaluate import Evaluation
from online.evaluation.membership import HeldOut
from online.evaluation.report import Report
from online.evaluation.tables import InputError
from online.evaluation.variants import WITHOUT_RANKER
from online.learning.privacy import Budget
from online.learning.private_ranking import PrivateRankingLearner
from online.learning.ranking import RankingConfig, RankingLearner

DELTA = Budget(1.0).delta
MOST = 100.0
"""Beyond it there is no privacy to speak of."""


@dataclass(frozen=True)
class PrivacyPoint:
    """One way to rank and what its lists are worth."""

    name: str
    """`blend`, `network`, or `private` with its epsilon."""
    epsilon: float | None
    """What was allowed; None for what has no budget."""
    spent: float | None
    """Epsilon that was spent of the user of whom most was; None for what has no budget."""
    steps: int
    report: Report
    attack_on_lists: float | None
    """AUC of guesses whether a list was learned from; None for the blend, which learns nothing."""
    attack_on_users: float | None
    """The same of users."""


def parsed_epsilons(given: Sequence[str]) -> list[float]:
    """The numbers of comma-separated lists, the largest first.

    Raises:
        InputError: One is no number above 0.
    """
    return sorted({_epsilon(part.strip()) for part in ",".join(given).split(",")}, reverse=True)


def _epsilon(part: str) -> float:
    try:
        epsilon = float(part)
    except ValueError:
        epsilon = 0.0
    if not 0 < epsilon <= MOST:
        msg = f"--dp: {part!r} is no epsilon; it takes numbers above 0, up to {MOST:g}: --dp 8,1"
        raise InputError(msg)
    return epsilon


def privacy_curve(
    evaluation: Evaluation, seed: int, epsilons: Sequence[float], progress: Callable[[str, int], None]
) -> Iterator[PrivacyPoint]:
    """The blend, the network without privacy, and the private one for each epsilon.

    Args:
        evaluation: The stream and what is asked.
        seed: Of the first weights and of the noise.
        epsilons: Budgets of the private ones.
        progress: Told what is replayed, and the events done.
    """
    blend = evaluation.serving(WITHOUT_RANKER)
    yield PrivacyPoint(
        "blend", None, None, 0, evaluation.report(blend, lambda done: progress("blend", done)), None, None
    )
    learners: dict[str, RankingLearner | PrivateRankingLearner] = {
        "network": RankingLearner(RankingConfig(seed=seed))
    }
    learners |= {f"private {epsilon:g}": PrivateRankingLearner(Budget(epsilon), seed) for epsilon in epsilons}
    for name, learner in learners.items():
        held_out = HeldOut(learner, seed)
        serving = evaluation.serving(ranking=held_out)
        report = evaluation.report(serving, lambda done, name=name: progress(name, done))  # type: ignore[misc]
        accounts = learner.accounts
        yield PrivacyPoint(
            name,
            None if accounts is None else accounts.budget.epsilon,
            None if accounts is None else accounts.epsilon(),
            learner.step_count,
            report,
            *held_out.attack(learner.averaged()),
        )
