"""The item tower and the map from histories to tastes, learned online from what is had after what.

A user is the mean of the vectors of what they had, through a small network: there is no vector of a user, and a new one
is known from the first click. The loss is a sampled softmax over what was had, the other items of the batch, and some
drawn evenly from the catalogue (mixed negative sampling: Yang et al., WWW 2020), corrected by how likely each was to be
drawn (logQ). Parts of one item are drawn together (InfoNCE), also of items that nobody has had.
"""

from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
import torch
from torch import Tensor

from online.catalogue import Rows
from online.events import HIDING_ACTIONS, POSITIVE_ACTIONS, ExampleSet
from online.fusion.examples import Drawn, Examples, Floats, Frequencies, looked_at
from online.fusion.losses import aligned, sampled_softmax
from online.fusion.media import MODALITIES, ItemMedia
from online.fusion.optimizing import average, load_optimizer, saved_optimizer
from online.fusion.taste import Taste
from online.fusion.tower import Kind, Model
from online.owners import Owners

STEP_EXAMPLES = 16
RAMP_STEPS = 100
"""Over which the learning rate grows to its value; before that no taste is served."""
FREQUENCY_KEPT = 1 - 1 / 50_000
REFUSING_ACTIONS = HIDING_ACTIONS | {"skip"}
COMPARED = 256
"""Items whose vectors say whether what was learned since differs from what is served."""
AT_ONCE = 2_048
"""Items whose vectors are made in one go."""
LEAST_COSINE = 0.98
"""What is served is replaced when vectors have moved further than this on average."""
MOVED_STEPS = 20
"""Steps after which vectors are compared with those that are served."""


class FusionConfig(msgspec.Struct, frozen=True):
    """Settings of a FusionLearner: one default for every stream."""

    kind: Kind = "concatenation"
    """How an item's modalities become one vector."""
    capacity: int = 262_144
    """Items known at once; beyond it those least recently used are forgotten."""
    dim: int = 64
    """Length of item vectors."""
    width: int = 128
    """Of the taste's hidden layer."""
    rate: float = 3e-3
    """AdamW's learning rate."""
    weight_decay: float = 1e-2
    replayed: int = 112
    """Old examples in each step."""
    negatives: int = 128
    """Items drawn evenly from the catalogue in each step."""
    dropout: float = 0.1
    """Chance that a modality of an item is left out in training; one always stays."""
    alignment: float = 0.0
    """Weight of the loss that draws parts of one item together: harmful where they have nothing in common."""
    logq: bool = True
    """Whether scores are corrected by how likely an item was to be drawn."""
    averaged_steps: int = 50
    """What is served is the mean of the weights over about so many last steps."""
    seed: int = 0
    """Of the first weights and of all that is drawn."""


class FusionLearner:
    """Takes items and sets one by one, and makes a step when enough was had: some 20 ms on one core.

    Vectors and taste are those of the last `advance`, so that they always fit each other.
    """

    def __init__(self, config: FusionConfig | None = None) -> None:
        self.config = config if config is not None else FusionConfig()
        self._media = ItemMedia(self.config.capacity, self._forget)
        self._examples = Examples()
        self._owners = Owners()
        self._frequencies = Frequencies(self.config.capacity, FREQUENCY_KEPT)
        self._rng = np.random.default_rng(self.config.seed)
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)
            self._learned, self._mean, self._served = (
                Model(len(MODALITIES), self.config.dim, self.config.width, self.config.kind) for _ in range(3)
            )
        for model in (self._mean, self._served):
            model.load_state_dict(self._learned.state_dict())
        self._optimizer = torch.optim.AdamW(
            self._learned.parameters(),
            lr=self.config.rate,
            betas=(0.9, 0.99),
            weight_decay=self.config.weight_decay,
        )
        self._new = 0
        self.step_count = 0
        self._looked_at_step = 0
        self._is_taught = False
        """Whether anything learned is served."""

    def put(self, item_id: str, vectors: Mapping[str, Floats]) -> Floats | None:
        """Replaces what an item is made of.

        Args:
            item_id: The item.
            vectors: By modality, [at most WIDTH] of unit length.

        Returns:
            The item's vector, [dim], as served; None if it is made of nothing.
        """
        row = self._media.put(item_id, vectors)
        return self._vectors(self._served, np.array([row], np.int32))[0] if vectors else None

    def learn(self, example_set: ExampleSet) -> None:
        """Takes what was had and refused in a set; of several items of a kind, one by lot."""
        rows = self._media.catalogue.rows
        history = [rows[past.item_id] for past in example_set.history[::-1] if past.item_id in rows]
        if not history:
            return
        for actions, liked in ((POSITIVE_ACTIONS, True), (REFUSING_ACTIONS, False)):
            found = [
                rows[e.item_id] for e in example_set.examples if e.action in actions and e.item_id in rows
            ]
            if liked:
                self._frequencies.add(found)
            if found:
                item = found[self._rng.integers(len(found))]
                owner = self._owners.of(example_set.user_id)
                self._examples.add(np.array(history, np.int32), item, liked=liked, owner=owner)
                self._new += 1
        if self._new >= STEP_EXAMPLES:
            self._step(self._new)
            self._new = 0

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
        served, learned = (self._vectors(model, rows) for model in (self._served, self._mean))
        return bool((served * learned).sum(axis=1).mean() < LEAST_COSINE)

    def advance(self) -> Iterator[dict[str, Floats]]:
        """Serves what was learned from now on.

        Returns:
            Every item's vector, [dim], which replace all former ones, AT_ONCE at a time; items that are put or
            forgotten meanwhile are left out.
        """
        self._served.load_state_dict(self._mean.state_dict())
        self._is_taught = True
        return self._served_vectors()

    def _served_vectors(self) -> Iterator[dict[str, Floats]]:
        catalogue = self._media.catalogue
        known = [catalogue.item_id(row) for row in self._media.known().tolist()]
        for start in range(0, len(known), AT_ONCE):
            left = {
                item_id: row
                for item_id in known[start : start + AT_ONCE]
                if (row := catalogue.row(item_id)) >= 0 and self._media.has[row].any()
            }
            vectors = self._vectors(self._served, np.array(list(left.values()), np.int32))
            yield dict(zip(left, vectors, strict=True))

    def taste(self) -> Taste | None:
        """What goes with the vectors; None before anything learned is served."""
        if not self._is_taught:
            return None
        state = {name: tensor.numpy().copy() for name, tensor in self._served.state_dict().items()}
        return Taste(
            hidden=np.ascontiguousarray(state["taste.hidden.weight"].T),
            bias=state["taste.hidden.bias"],
            out=np.ascontiguousarray(state["taste.out.weight"].T),
            out_bias=state["taste.out.bias"],
            skip=float(state["taste.skip"]),
            sharpness=float(np.exp(state["log_sharpness"])),
        )

    def _vectors(self, model: Model, rows: Rows) -> Floats:
        with torch.no_grad():
            found: Floats = model.tower(*self._media.inputs(rows)).numpy()
        return found

    def _step(self, newest: int) -> None:
        known = self._media.known()
        self._learned.tower.recentre(*self._media.moments())
        drawn = self._examples.draw(newest, self.config.replayed, self._rng)
        uniform = self._rng.choice(known, min(self.config.negatives, len(known)), replace=False)
        loss = self._ranking_loss(drawn, uniform, len(known))
        if self.config.alignment:
            loss = loss + self.config.alignment * self._alignment_loss(known)
        for group in self._optimizer.param_groups:
            group["lr"] = self.config.rate * min(1.0, (self.step_count + 1) / RAMP_STEPS)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch
        self._optimizer.step()
        self.step_count += 1
        self._average()

    def _average(self) -> None:
        kept = min(1 - 1 / self.config.averaged_steps, 1 - 1 / self.step_count)
        average(self._mean, self._learned, kept)
        self._mean.tower.recentre(self._learned.tower.centre, self._learned.tower.scale)

    def save(self) -> dict[str, np.ndarray]:
        """Weights and the optimizer's state, by name; items, examples and frequencies are gathered anew."""
        saved = {
            f"{part}/{name}": tensor.numpy().copy()
            for part, model in self._models().items()
            for name, tensor in model.state_dict().items()
        }
        saved |= saved_optimizer(self._optimizer)
        return saved | {"is_taught": np.array(self._is_taught), "step_count": np.array(self.step_count)}

    def load(self, saved: Mapping[str, np.ndarray]) -> bool:
        """Goes on from what `save` gave.

        Returns:
            False, with nothing changed, if it is of another kind or width than this learner's.
        """
        shapes = {f"learned/{name}": tuple(v.shape) for name, v in self._learned.state_dict().items()}
        found = {name: v.shape for name, v in saved.items() if name.startswith("learned/")}
        if found != shapes:
            return False
        for part, model in self._models().items():
            model.load_state_dict(
                {name: torch.from_numpy(saved[f"{part}/{name}"].copy()) for name in model.state_dict()}
            )
        load_optimizer(self._optimizer, saved)
        self._is_taught, self.step_count = bool(saved["is_taught"]), int(saved["step_count"])
        return True

    def _models(self) -> dict[str, Model]:
        return {"learned": self._learned, "mean": self._mean, "served": self._served}

    def _ranking_loss(self, drawn: Drawn, uniform: Rows, known_count: int) -> Tensor:
        history = looked_at(drawn.history, self._rng)
        candidates = np.concatenate((drawn.items, uniform))
        rows, places = np.unique(np.concatenate((history.ravel(), candidates)), return_inverse=True)
        vectors = self._learned.tower(*self._media.inputs(rows, self._rng, self.config.dropout))
        past = vectors[places[: history.size]].view(*history.shape, -1)  # [n, LOOKED_AT, dim]
        there = torch.from_numpy((history >= 0) & self._media.has[history].any(axis=2))
        mean = (past * there.unsqueeze(-1)).sum(dim=1) / there.sum(dim=1, keepdim=True).clamp_min(1)
        count = torch.from_numpy((drawn.history >= 0).sum(axis=1, keepdims=True)).float()
        liked = self._learned.taste(mean, count)
        products = liked @ vectors[places[history.size :]].T  # [n, n + uniform]
        shares = torch.from_numpy(self._frequencies.shares(candidates))
        scores = products * self._learned.log_sharpness.exp() + self._learned.popularity * shares.log()
        if self.config.logq:
            scores = scores - (len(drawn.items) * shares + len(uniform) / known_count).log()
        had = (candidates[None, None, :] == drawn.history[:, :, None]).any(axis=1)
        return sampled_softmax(scores, drawn.items, candidates, had, drawn.liked)

    def _alignment_loss(self, known: Rows) -> Tensor:
        several = known[self._media.has[known].sum(axis=1) > 1]
        if len(several) < 2:
            return torch.zeros(())
        rows = self._rng.choice(several, min(self.config.negatives, len(several)), replace=False)
        inputs, has = self._media.inputs(rows)
        lot = np.where(has.numpy(), self._rng.random(has.shape), 2.0)
        first = torch.from_numpy(lot == lot.min(axis=1, keepdims=True))
        return aligned(self._learned.tower(inputs, first), self._learned.tower(inputs, has & ~first))

    def _forget(self, rows: Rows) -> None:
        self._examples.forget(rows)
        self._frequencies.forget(rows)
