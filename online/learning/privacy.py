"""The budget of a user's privacy, and what has been spent of it.

Every step releases a sum over users plus Gaussian noise. What one user gives to it has at most the length 1, in units
in which the noise has the deviation z, and each user is in at most STEPS_PER_USER steps in all. Gaussian mechanisms
compose as if they were one (Dong et al., "Gaussian differential privacy", JRSS B 2022, corollary 3.3), however later
steps depend on earlier ones:

    spent = sum over the user's steps of 1 / z**2, and the steps together are one mechanism with z = spent ** -0.5

whose epsilon for a given delta is exact (Balle and Wang, ICML 2018, theorem 8; by `dp-accounting`). Nothing is gained
from sampling or shuffling: whose list comes when is for the stream to say, and it need not be by lot.
"""

import math
from collections.abc import Collection, Iterable

import msgspec
import numpy as np
from dp_accounting.gaussian_mechanism import get_epsilon_gaussian, get_sigma_gaussian

from online.owners import number_of

STEPS_PER_USER = 8
"""In as many steps a user may be. More of them, each with more noise, are worth as much to the weights."""
CAPACITY = 2**20
"""Users that can be accounted for; when there are so many, nobody else is learned from."""
ROUNDING = 1e-9
"""So much more noise than would do, for all that is rounded."""


class Budget(msgspec.Struct, frozen=True):
    """What may be found out about any one user: (epsilon, delta)-differential privacy."""

    epsilon: float
    delta: float = 1e-6

    def noise(self) -> float:
        """The deviation of each step's noise, where a user's length is at most 1."""
        sigma: float = get_sigma_gaussian(self.epsilon, self.delta)
        return sigma * math.sqrt(STEPS_PER_USER) * (1 + ROUNDING)


def epsilon_of(spent: float, delta: float) -> float:
    """The epsilon of what a user has spent."""
    if spent == 0:
        return 0.0
    epsilon: float = get_epsilon_gaussian(spent**-0.5, delta)
    return epsilon


class Accounts:
    """What each user has spent of a budget; nobody spends more than all of it.

    What was spent under another budget stays spent: with a larger one users can be learned from again.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.noise = budget.noise()
        self._cost = self.noise**-2
        self._most = STEPS_PER_USER * self._cost * (1 + ROUNDING)
        """Which is a little less than the budget."""
        self._spent: dict[int, float] = {}
        """By the users' numbers."""

    def has_room(self, user_id: str) -> bool:
        """Whether the user may be in one more step."""
        number = number_of(user_id)
        if number not in self._spent and len(self._spent) >= CAPACITY:
            return False
        return self._spent.get(number, 0.0) + self._cost <= self._most

    def charge(self, user_ids: Iterable[str]) -> None:
        """Notes that these users are in a step."""
        for number in map(number_of, user_ids):
            self._spent[number] = self._spent.get(number, 0.0) + self._cost

    def forget(self, user_ids: Collection[str]) -> None:
        """Closes the accounts of users; who comes back is somebody new."""
        for user_id in user_ids:
            self._spent.pop(number_of(user_id), None)

    def holds(self, user_id: str) -> bool:
        """Whether the user has an account."""
        return number_of(user_id) in self._spent

    def epsilon(self) -> float:
        """The epsilon that was spent of the user of whom most was."""
        return epsilon_of(max(self._spent.values(), default=0.0), self.budget.delta)

    def exhausted_ratio(self) -> float:
        """Of the users with an account, the share that is learned from no more; 0 without any."""
        spent = np.fromiter(self._spent.values(), np.float64)
        return float(np.mean(spent + self._cost > self._most)) if len(spent) else 0.0

    def save(self) -> dict[str, np.ndarray]:
        """Arrays that `load` takes back."""
        return {
            "users": np.fromiter(self._spent, np.uint64),
            "spent": np.fromiter(self._spent.values(), np.float64),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self._spent = dict(zip(saved["users"].tolist(), saved["spent"].tolist(), strict=True))
