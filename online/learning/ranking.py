"""The ranking network, learned online by replay: a listwise softmax over lists as they stood.

A list without any of the items that were then had teaches nothing. Every STEP_LISTS new lists make one step, together
with some old ones; what is served is the mean of the weights over the last AVERAGED_STEPS or so (Polyak averaging):
longer means lag behind a shop whose week changes. When the ranking gets worse all of a sudden (`drift.py`), it learns
faster for a while, and from what came lately (`drift_response.py`).
"""

from collections.abc import Collection

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from online.events import ListLog
from online.learning.drift_response import DriftResponse, lists_seen
from online.learning.losses import list_losses, listwise_loss, reciprocal_ranks
from online.learning.moments import Moments
from online.learning.optimizing import average, load_optimizer, saved_optimizer
from online.learning.replay import ListReplay
from online.owners import NOBODY, Owners
from online.ranking.evidence import BLEND
from online.ranking.features import FEATURES
from online.ranking.list_log import features_of_log, had_of_log
from online.ranking.network import CLIP, Network
from online.saved import as_part, part_of

STEP_LISTS = 16
RAMP_STEPS = 100
"""Over which the learning rate grows to its value; before that nothing is served."""
AVERAGED_STEPS = 20
JUDGED_LISTS = 2_000
"""About so many of the last lists decide whether the network is served or the blend."""


class RankingConfig(msgspec.Struct, frozen=True):
    """Settings of a RankingLearner: one default for every stream."""

    hidden: int = 32
    """Width of the perceptron's layer."""
    rate: float = 3e-3
    """AdamW's learning rate."""
    weight_decay: float = 1e-4
    replayed: int = 48
    """Old lists in each step."""
    answers_drift: bool = True
    """Whether an alarm changes for a while how it learns, and is not only noted."""
    seed: int = 0
    """Of the first weights and of what is replayed."""


class _Net(nn.Module):
    """A linear part, which starts at zero, plus a perceptron, which starts near it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(FEATURES, 1, bias=False)
        self.hidden = nn.Linear(FEATURES, width)
        self.out = nn.Linear(width, 1, bias=False)
        nn.init.zeros_(self.linear.weight)
        nn.init.normal_(self.out.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.hidden(x))  # [lists, n, FEATURES] to [lists, n, width]
        scores: Tensor = (self.linear(x) + self.out(hidden)).squeeze(-1)  # [lists, n]
        return scores


class RankingLearner:
    """Takes lists one by one, and makes a step when enough are there: some 10 ms on one core."""

    publishes_saved_only = False
    """Whether weights that no snapshot has yet must not be served."""
    accounts = None
    """Nothing is promised of anybody's privacy; see `private_ranking.py`."""

    def __init__(self, config: RankingConfig | None = None) -> None:
        self.config = config if config is not None else RankingConfig()
        self._rng = np.random.default_rng(self.config.seed)
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)
            self._net, self._served = _Net(self.config.hidden), _Net(self.config.hidden)
        self._optimizer = torch.optim.AdamW(
            self._net.parameters(),
            lr=self.config.rate,
            betas=(0.9, 0.99),
            weight_decay=self.config.weight_decay,
        )
        self._replay = ListReplay()
        self._owners = Owners()
        self._moments = Moments(FEATURES)
        self._new: list[int] = []
        """The stream's time of each list since the last step."""
        self.drift = DriftResponse(is_noting_only=not self.config.answers_drift)
        self.step_count = 0
        self.loss: float | None = None
        """Of the newest step; None before the first."""
        self._judged = np.zeros(3)
        """Of late: lists, and the sums of the network's and the blend's reciprocal ranks."""

    def learn(self, log: ListLog, item_ids: Collection[str], now_ms: int, user_id: str = "") -> None:
        """Takes a list and the items that were then had, at `now_ms` of the stream's clock.

        The user, if one is given, can be forgotten.
        """
        had = had_of_log(log, item_ids)
        if not had.any():
            return
        features = features_of_log(log)
        self._moments.update(features)
        self._replay.add(features, had, self._owners.of(user_id))
        self._new.append(now_ms)
        if len(self._new) == STEP_LISTS:
            self._step()
            self._new.clear()

    def forget(self, user_ids: Collection[str]) -> dict[str, int]:
        """Keeps no list of these users any more; returns how many of each there were.

        What steps have made of them stays in the weights.
        """
        owners = {self._owners.of(user_id): user_id for user_id in user_ids}
        gone = self._replay.forget(list(owners))  # [kept] the newest last
        new = len(self._new)
        self._new = [
            at_ms for at_ms, owner in zip(self._new, gone[len(gone) - new :], strict=True) if owner == NOBODY
        ]
        return {user_id: int(np.count_nonzero(gone == owner)) for owner, user_id in owners.items()}

    def holds(self, user_id: str) -> bool:
        """Whether a list of the user is kept."""
        return self._replay.holds(self._owners.of(user_id))

    def network(self) -> Network | None:
        """The weights to serve with; None while they are untrained, or rank worse than the blend of late."""
        lists, by_network, by_blend = self._judged
        if self.step_count < RAMP_STEPS or lists == 0 or by_network < by_blend:
            return None
        return self.averaged()

    def averaged(self) -> Network:
        """The mean of the weights of late, whatever they are worth."""
        mean, scale = self._moments.values()
        state = {name: tensor.numpy().copy() for name, tensor in self._served.state_dict().items()}
        hidden = np.ascontiguousarray(state["hidden.weight"].T)
        return Network(
            mean, scale, state["linear.weight"][0], hidden, state["hidden.bias"], state["out.weight"][0]
        )

    def mean_reciprocal_ranks(self) -> dict[str, float]:
        """Of what was had in recent lists, before they were learned, by what ranked them; empty without lists."""
        lists, by_network, by_blend = self._judged
        return {"network": by_network / lists, "blend": by_blend / lists} if lists else {}

    def _step(self) -> None:
        factor, recent = self.drift.pace()
        features, targets, absent = self._replay.draw(STEP_LISTS, self.config.replayed, recent, self._rng)
        x = self._standardised(features)
        wanted = torch.from_numpy(targets)
        missing = torch.from_numpy(absent)
        self._judge(features[:STEP_LISTS], x[:STEP_LISTS], targets[:STEP_LISTS], missing[:STEP_LISTS])
        loss = listwise_loss(self._net(x).masked_fill(missing, -torch.inf), wanted)
        for group in self._optimizer.param_groups:
            group["lr"] = self.config.rate * factor * min(1.0, (self.step_count + 1) / RAMP_STEPS)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch
        self._optimizer.step()
        self.step_count += 1
        self.loss = loss.item()
        self._average()

    def _standardised(self, features: NDArray[np.float16]) -> Tensor:
        mean, scale = self._moments.values()
        x = (torch.from_numpy(features).float() - torch.from_numpy(mean)) * torch.from_numpy(scale)
        return x.clamp_(-CLIP, CLIP)

    def _average(self) -> None:
        kept = min(1 - 1 / AVERAGED_STEPS, 1 - 1 / self.step_count)
        average(self._served, self._net, kept)

    def _judge(
        self, features: NDArray[np.float16], x: Tensor, targets: NDArray[np.float32], missing: Tensor
    ) -> None:
        """Ranks new lists before they are learned, by what is served and by the blend."""
        with torch.no_grad():
            by_network = self._served(x).masked_fill(missing, -torch.inf).numpy()
        by_blend = np.where(missing.numpy(), -np.inf, features[:, :, BLEND].astype(np.float32))
        ranks = [reciprocal_ranks(scores, targets > 0) for scores in (by_network, by_blend)]
        self._judged *= 1 - len(features) / JUDGED_LISTS
        self._judged += (len(features), *(of_lists.sum() for of_lists in ranks))
        if self.step_count >= RAMP_STEPS:
            losses = list_losses(torch.from_numpy(by_network), torch.from_numpy(targets)).numpy()
            # Replay gives the newest first.
            seen = lists_seen(features, targets, losses, ranks[0], self._new[::-1])
            self.drift.look(seen[::-1])

    def save(self) -> dict[str, np.ndarray]:
        """Weights, the optimizer's state and moments, by name; lists for replay are gathered anew."""
        saved = {f"net/{k}": v.numpy().copy() for k, v in self._net.state_dict().items()}
        saved |= {f"served/{k}": v.numpy().copy() for k, v in self._served.state_dict().items()}
        saved |= saved_optimizer(self._optimizer)
        saved |= as_part("moments/", self._moments.save())
        saved |= {"judged": self._judged.copy(), "step_count": np.array(self.step_count)}
        return saved | {"drift": self.drift.save()}

    def load(self, saved: dict[str, np.ndarray]) -> bool:
        """Goes on from what `save` gave.

        Returns:
            False, with nothing changed, if it is of other features or widths than this version's.
        """
        shapes = {f"net/{k}": tuple(v.shape) for k, v in self._net.state_dict().items()}
        if any(name not in saved or saved[name].shape != shape for name, shape in shapes.items()):
            return False
        for part, net in (("net", self._net), ("served", self._served)):
            net.load_state_dict({k: torch.from_numpy(saved[f"{part}/{k}"].copy()) for k in net.state_dict()})
        load_optimizer(self._optimizer, saved)
        self._moments.load(part_of(saved, "moments/"))
        self._judged, self.step_count = saved["judged"].copy(), int(saved["step_count"])
        if "drift" in saved:  # an earlier version's snapshot has none
            self.drift.load(saved["drift"])
        return True
