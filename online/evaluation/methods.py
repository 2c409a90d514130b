"""What a method of recommendation is to the evaluator."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from online.evaluation.stream import BoolArray, FloatArray, IntArray


class Ranked(NamedTuple):
    """A list, best first. Neighbours with equal scores are tied: the evaluator counts ties against the method."""

    items: IntArray
    scores: FloatArray
    chances: FloatArray | None = None
    """Of each item, that the user has it next, if the method says so much."""


@dataclass(frozen=True, slots=True)
class UserView:
    """What a method may know when it makes a list for a user."""

    user: int
    now_ms: int
    history: IntArray
    """Items of the user's earlier sets, oldest first, in full."""
    history_sets: IntArray
    """Of each, how many sets of the user came before its own; rises along the history."""
    set_count: int
    """How many sets of the user the history holds."""
    hidden: BoolArray
    """[items], which may not be listed. Valid until the method returns."""
    is_cold_only: bool = False
    """Whether `hidden` holds all but cold items: the list to rank cold items among themselves."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the user then did: one set, to learn from."""

    view: UserView
    """The user before the set, never delayed."""
    items: IntArray
    """The set's distinct items."""
    is_new: BoolArray
    """Of each, whether the user had it in no earlier set."""
    values: FloatArray
    """Of each, the value of its first event in the set: a rating, a quantity, 1 where the stream has none."""
    first_event: int
    """The set's events are these places of the timeline."""
    end_event: int


class Method(Protocol):
    """Makes lists and learns. `recommend` changes nothing that later lists depend on; `learn` comes in replay order."""

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The best k items out of all known so far, none of them hidden, none twice; fewer if there are fewer."""

    def learn(self, taken: Taken) -> None:
        """Takes in one set."""
