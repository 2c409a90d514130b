"""The item tower and the map from histories to tastes, learned online from what is had after what.

A user is the mean of the vectors of what they had, through a small network: there is no vector of a user, and a new one
is known from the first click. The loss is a sampled softmax over what was had, the other items of the batch, and some
drawn evenly from the catalogue (mixed negative sampling: Yang et al., WWW 2020), corrected by how likely each was to be
drawn (logQ). Parts of one item are drawn together (InfoNCE), also of items that nobody has had.
"""

import copy
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from online.events import HIDING_ACTIONS, POSITIVE_ACTIONS, ExampleSet
from online.fusion.axes import axes_of, turn
from online.fusion.examples import Drawn, Examples, Frequencies, looked_at
from online.fusion.fusions import Kind, Masks
from online.fusion.losses import aligned
from online.fusion.media import MODALITIES, ItemMedia
from online.fusion.model import Model
from online.fusion.own import OwnParts
from online.fusion.step import Compared, gradients
from online.fusion.taste import Taste
from online.fusion.tower import Common
from online.fusion.untaught import Untaught
from online.learning.adamw import AdamW
from online.learning.weights import mean_kept
from online.owners import Owners
from online.saved import as_part, part_of
from online.statistics.base import Floats, Rows

STEP_EXAMPLES = 8
"""What was had or refused that makes a step, together with what is replayed: more seldom, it learns less, and lags."""
RAMP_STEPS = 100
"""Over which the learning rate grows to its value; before that no taste is served."""
FREQUENCY_KEPT = 1 - 1 / 50_000
SQUARE_KEPT = 0.999
"""Of the gradients' squares, see `online.learning.adamw`: what is seldom strong is not to be followed at once."""
REFUSING_ACTIONS = HIDING_ACTIONS | {"skip"}
COMPARED = 256
"""Items whose vectors say whether what was learned since differs from what is served."""
AT_ONCE = 2_048
"""Items whose vectors are made in one go."""
LEAST_COSINE = 0.995
"""What is served is replaced when vectors have moved further than this on average: later, it is worse at once."""
MOVED_STEPS = 20
"""Steps after which vectors are compared with those that are served."""


class FusionConfig(msgspec.Struct, frozen=True):
    """Settings of a FusionLearner: one default for every stream."""

    kind: Kind = "weighted_mean"
    """How an item's modalities become one vector."""
    capacity: int = 262_144
    """Items known at once; beyond it those least recently used are forgotten."""
    dim: int = 64
    """Length of item vectors."""
    heads: int = 4
    """Parts of item vectors, each of which has a taste of its own; modalities have heads of their own."""
    kinds: int = 16
    """Of users, that each head tells apart."""
    rate: float = 1e-3
    """AdamW's learning rate."""
    weight_decay: float = 0.3
    replayed: int = 120
    """Old examples in each step."""
    negatives: int = 128
    """Items drawn evenly from the catalogue in each step."""
    dropout: float = 0.0
    """Chance that a modality of an item is left out in training; one always stays. What items lack teaches enough."""
    alignment: float = 0.0
    """Weight of the loss that draws parts of one item together: harmful where they have nothing in common."""
    logq: bool = True
    """Whether scores are corrected by how likely an item was to be drawn."""
    averaged_steps: int = 50
    """What is served is the mean of the weights over about so many last steps."""
    seed: int = 0
    """Of the first weights and of all that is drawn."""


class FusionLearner:
    """Takes items and sets one by one, and makes a step when enough was had: 4 to 8 ms on one core.

    Vectors and taste are those of the last `advance`, so that they always fit each other.
    """

    def __init__(self, config: FusionConfig | None = None) -> None:
        self.config = config if config is not None else FusionConfig()
        self._media = ItemMedia(self.config.capacity, self._forget)
        self._examples = Examples()
        self._owners = Owners()
        self._frequencies = Frequencies(self.config.capacity, FREQUENCY_KEPT)
        self._rng = np.random.default_rng(self.config.seed)
        self._bank = np.zeros((self.config.capacity, self.config.dim), np.float32)
        """Every item's vector as it was made last, zero before; see `online.fusion.step`."""
        self._came = np.zeros(self.config.capacity, np.int64)
        """How many examples there had been when each item came: what is replayed from before does not refuse it."""
        self._new = 0
        self._learned = Model(
            len(MODALITIES), self.config.dim, self.config.heads, self.config.kinds, self.config.kind
        )
        self._learned.begin(self._rng)
        self._mean = copy.deepcopy(self._learned)
        self._optimizer = self._new_optimizer()
        self._own = OwnParts(self.config.capacity, self.config.dim, self.config.rate)
        self._divided: list[int] = []
        """Modalities that have heads of their own, in the order in which they came."""
        self.step_count = 0
        self._served = copy.deepcopy(self._learned)
        self._served_own = np.zeros((0, self.config.dim), np.float32)
        """[rows at the last `advance`, dim]"""
        self._untaught = Untaught(self.config.dim, self.config.seed)
        self._looked_at_step = 0
        self._is_taught = False
        """Whether anything learned is served."""

    def _new_optimizer(self) -> AdamW:
        return AdamW(len(self._learned.weights.vector), self.config.weight_decay, SQUARE_KEPT)

    def put(self, item_id: str, vectors: Mapping[str, Floats]) -> Floats | None:
        """Replaces what an item is made of.

        Args:
            item_id: The item.
            vectors: By modality, [at most WIDTH] of unit length.

        Returns:
            The item's vector, [dim], as served; None if it is made of nothing.
        """
        row = self._media.catalogue.row(item_id)
        if not vectors and row < 0:
            return None
        is_new = row < 0 or not self._media.is_known[row]
        rows = np.array([self._media.put(item_id, vectors)], np.int32)
        if is_new:
            self._came[rows] = self._examples.count
        if self._is_taught:
            self._bank[rows] = served = self._served_vectors(rows)
            return served[0] if vectors else None
        self._bank[rows] = 0
        return self._untaught.vector(vectors) if vectors else None

    def learn(self, example_set: ExampleSet) -> None:
        """Takes a set, and makes a step when it is due."""
        self.take(example_set)
        if self.is_due:
            self.step()

    def take(self, example_set: ExampleSet) -> None:
        """Keeps what was had and refused in a set; of several items of a kind, one by lot."""
        rows = self._media.catalogue.rows
        history = [rows[past.item_id] for past in example_set.history[::-1] if past.item_id in rows]
        if not history:
            return
        for actions, liked in ((POSITIVE_ACTIONS, True), (REFUSING_ACTIONS, False)):
            found = [
                rows[e.item_id] for e in example_set.examples if e.action in actions and e.item_id in rows
            ]
            for row in found:
                self._media.catalogue.touch(row)
            if liked:
                self._frequencies.add(found)
                self._own.count(np.array(found, np.int32))
            if found:
                item = found[self._rng.integers(len(found))]
                owner = self._owners.of(example_set.user_id)
                self._examples.add(np.array(history, np.int32), item, liked=liked, owner=owner)
                self._new += 1

    @property
    def is_due(self) -> bool:
        """Whether enough was taken since the last step."""
        return self._new >= STEP_EXAMPLES

    def step(self) -> None:
        """Learns from the newest examples, and from some old ones."""
        known = self._media.known()
        newest, self._new = min(self._new, STEP_EXAMPLES), 0
        drawn = self._examples.draw(newest, self.config.replayed, self._rng)
        if not len(known) or not len(drawn.items):
            return
        self._divide()
        self._look_at_items()
        rate = self.config.rate * min(1.0, (self.step_count + 1) / RAMP_STEPS)
        compared = self._compared(drawn, known)
        rows, looked = compared.rows, looked_at(drawn.history, self._rng)
        made = self._learned.vectors(
            self._media.made(rows, self._some_of(rows), self._own.of(rows, self.step_count))
        )
        self._bank[rows] = made.units
        found = gradients(self._learned, made, compared, drawn, looked, self._bank)
        by_weights = found.weights
        if self.config.alignment:
            by_weights = by_weights + self.config.alignment * self._alignment_gradient(known)
        self._optimizer.step(self._learned.weights.vector, by_weights, rate)
        self._own.believe(rows, found.own_of_newest, self.step_count)
        self._own.learn(rows, found.own, rate, self.step_count)
        self.step_count += 1
        self._mean.follow(self._learned, mean_kept(self.config.averaged_steps, self.step_count))

    def _divide(self) -> None:
        """Gives modalities that have come heads of their own, which others lose."""
        came = [modality for modality in self._media.modalities() if modality not in self._divided]
        if came and len(self._divided) < self.config.heads:
            self._divided += came
            drawn = self._learned.drawn(self._rng)
            for model in (self._learned, self._mean):
                model.divide(self._divided, drawn)
            self._optimizer = self._new_optimizer()

    def _look_at_items(self) -> None:
        """Has weights go by what items have in common now, and by how they differ."""
        centre, axes = self._media.centre(), self._learned.common.axes
        for modality, vectors in self._media.changed(self._rng):
            found = axes_of(vectors, centre[modality])
            if axes[modality].any():
                turned = turn(axes[modality], found)
                for model in (self._learned, self._mean):
                    model.turn(modality, turned)
            axes = axes.copy()  # what is served goes on by the old ones
            axes[modality] = found
        self._learned.common = Common(centre, axes)

    def forget_user(self, user_id: str) -> int:
        """Keeps no example of the user any more; returns how many there were. What steps made of them stays."""
        return self._examples.forget_user(self._owners.of(user_id))

    def holds(self, user_id: str) -> bool:
        """Whether an example of the user is kept."""
        return self._examples.holds(self._owners.of(user_id))

    def moved(self) -> bool:
        """Whether what was learned differs noticeably from what is served; looked at once in MOVED_STEPS."""
        if self.step_count < self._looked_at_step + MOVED_STEPS:
            return False
        self._looked_at_step = self.step_count
        known = self._media.known()
        if self.step_count < RAMP_STEPS or not len(known):
            return False
        rows = self._rng.choice(known, min(COMPARED, len(known)), replace=False)
        if not self._is_taught:
            return True
        learned = self._vectors(self._mean, rows, self._own.of(rows, self.step_count))
        return bool((self._served_vectors(rows) * learned).sum(axis=1).mean() < LEAST_COSINE)

    def advance(self) -> Iterator[dict[str, Floats]]:
        """Serves what was learned from now on.

        Returns:
            Every item's vector, [dim], which replace all former ones, AT_ONCE at a time; items that are put or
            forgotten meanwhile are left out.
        """
        self._served = copy.deepcopy(self._mean)
        self._serve_own()
        self._is_taught = True
        return self._all_served()

    def _serve_own(self) -> None:
        self._served_own = self._own.of(np.arange(self._media.catalogue.end, dtype=np.int32), self.step_count)

    def _all_served(self) -> Iterator[dict[str, Floats]]:
        catalogue = self._media.catalogue
        known = [catalogue.item_id(row) for row in self._media.known().tolist()]
        for start in range(0, len(known), AT_ONCE):
            left = {
                item_id: row
                for item_id in known[start : start + AT_ONCE]
                if (row := catalogue.row(item_id)) >= 0 and self._media.is_known[row]
            }
            rows = np.array(list(left.values()), np.int32)
            self._bank[rows] = self._served_vectors(rows)
            yield dict(zip(left, self._bank[rows], strict=True))

    def taste(self) -> Taste | None:
        """What goes with the vectors; None before anything learned is served."""
        return self._served.taste() if self._is_taught else None

    def _served_vectors(self, rows: Rows) -> Floats:
        own = np.zeros((len(rows), self.config.dim), np.float32)
        then = rows < len(self._served_own)
        own[then] = self._served_own[rows[then]]
        return self._vectors(self._served, rows, own)

    def _vectors(self, model: Model, rows: Rows, own: Floats) -> Floats:
        return model.vectors(self._media.made(rows, self._media.has_of(rows), own)).units

    def served_weights(self) -> dict[str, np.ndarray]:
        """The weights that vectors and taste are made with, by name."""
        return self._served.save()

    def save(self) -> dict[str, np.ndarray]:
        """Weights, the optimizer's state and items' own parts, by name; the rest is gathered anew."""
        saved = as_part("optimizer/", self._optimizer.save())
        for part, model in self._models().items():
            saved |= as_part(f"{part}/", model.save())
        rows = self._own.learned(self._media.known())
        ids = [self._media.catalogue.item_id(row) for row in rows.tolist()]
        saved |= as_part("own/", self._own.save(rows, self.step_count) | {"item_ids": np.array(ids, np.str_)})
        return saved | {
            "divided": np.array(self._divided, np.int64),
            "is_taught": np.array(self._is_taught),
            "step_count": np.array(self.step_count),
        }

    def load(self, saved: Mapping[str, np.ndarray]) -> bool:
        """Goes on from what `save` gave.

        Returns:
            False, with nothing changed but that no former example is kept, if it is of another kind or width than
            this learner's, or an earlier version's.
        """
        # Another learner may have been told since to forget some of these.
        self._examples, self._new = Examples(), 0
        self._came[:] = 0
        models = self._models()
        fits = all(model.fits(part_of(saved, f"{part}/")) for part, model in models.items())
        if not fits or "divided" not in saved:  # an earlier version's snapshot has none
            return False
        for part, model in models.items():
            model.load(part_of(saved, f"{part}/"))
        self._divided = saved["divided"].tolist()
        self._optimizer.load(part_of(saved, "optimizer/"))
        self._is_taught, self.step_count = bool(saved["is_taught"]), int(saved["step_count"])
        self._looked_at_step = self.step_count
        own, catalogue = part_of(saved, "own/"), self._media.catalogue
        rows = np.array([catalogue.row(item_id) for item_id in own["item_ids"].tolist()], np.int32)
        self._own.load(own, rows, self.step_count)
        self._serve_own()
        for _ in self._all_served():  # into the bank
            pass
        return True

    def _models(self) -> dict[str, Model]:
        return {"learned": self._learned, "mean": self._mean, "served": self._served}

    def _compared(self, drawn: Drawn, known: Rows) -> Compared:
        uniform = self._rng.choice(known, min(self.config.negatives, len(known)), replace=False)
        items = np.concatenate((drawn.items, uniform))
        rows, places = np.unique(items, return_inverse=True)
        shares = self._frequencies.shares(items)
        expected = len(drawn.items) * shares + len(uniform) / len(known)
        corrections = np.log(expected) if self.config.logq else np.zeros_like(shares)
        excluded = self._examples.had_before(drawn, rows) | (self._came[rows] > drawn.numbers[:, None])
        return Compared(items, rows, places, shares, corrections, excluded)

    def _some_of(self, rows: Rows) -> Masks:
        """[n, modalities] what these have, but for what is left out by lot; one always stays."""
        has = self._media.has_of(rows)
        kept = has & (self._rng.random(has.shape) >= self.config.dropout)
        return np.where(kept.any(axis=1, keepdims=True), kept, has)

    def _alignment_gradient(self, known: Rows) -> Floats:
        """[weights] of what draws two parts of an item together."""
        several = known[self._media.has[known].sum(axis=1) > 1]
        if len(several) < 2:
            return self._learned.weights.joined()
        rows = self._rng.choice(several, min(self.config.negatives, len(several)), replace=False)
        has = self._media.has_of(rows)
        lot = np.where(has, self._rng.random(has.shape), 2.0)
        first = lot == lot.min(axis=1, keepdims=True)
        nothing, joined = np.zeros((len(rows), self.config.dim), np.float32), self._learned.weights.joined
        one, rest = (
            self._learned.vectors(self._media.made(rows, part, nothing)) for part in (first, has & ~first)
        )
        _, by_one, by_rest = aligned(one.units, rest.units)
        return joined(one.by_weights(one.by_own(by_one))) + joined(rest.by_weights(rest.by_own(by_rest)))

    def _forget(self, rows: Rows) -> None:
        self._examples.forget(rows)
        self._frequencies.forget(rows)
        self._own.forget(rows)
        self._served_own[rows[rows < len(self._served_own)]] = 0
