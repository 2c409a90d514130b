"""Freshet as a method, whole or without one of its parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal, get_args

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from online.evaluation.replay import Delays
from online.evaluation.serving import Ranks, Serving
from online.evaluation.stream import Stream
from online.evaluation.timeline import Repeats, Timeline
from online.fusion.learner import FusionConfig, FusionLearner
from online.fusion.media import MODALITIES
from online.learning.ranking import RankingConfig, RankingLearner
from online.ranking.blend import SOURCES
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig

FRESHET = "freshet"
_WITHOUT, _ONLY, _FUSED_BY = (f"{FRESHET}_{how}_" for how in ("without", "only", "fused_by"))
Fusion = Literal["fixed", "concatenation", "weighted_mean", "attention"]
"""How an item's modalities become one vector: by fixed projections, or learned, as `online.fusion.fusions.Kind`."""
FIXED: Fusion = "fixed"
DEFAULT_FUSION: Fusion = FusionConfig().kind
WITHOUT_RANKER = f"{_WITHOUT}ranker"
WITHOUT_PARTS = tuple(_WITHOUT + part for part in ("ranker", "replay", "drift", "leisure", *SOURCES))
"""Without the ranker the blend ranks, without drift its alarms are only noted, without leisure every list is made in a
hurry, without a source it counts for nothing."""
WITHOUT_MODALITY = {_WITHOUT + modality: modality for modality in MODALITIES}
ONLY_MODALITY = {_ONLY + modality: modality for modality in MODALITIES}
FUSED_BY = {_FUSED_BY + kind: kind for kind in get_args(Fusion)}
LOSSES: Mapping[str, dict[str, Any]] = {
    f"{_WITHOUT}logq": {"logq": False},
    f"{FRESHET}_with_alignment": {"alignment": 0.05},
}
"""How the fusion learns otherwise."""
_TAUGHT = "_taught_seldom"
TAUGHT_SELDOM, BLEND_TAUGHT_SELDOM = FRESHET + _TAUGHT, WITHOUT_RANKER + _TAUGHT
"""With statistics that hear of a user's having the same item again only after `Setting.taught_days`."""
STANDING = {f"{FRESHET}_standing": inf, f"{FRESHET}_refreshed": 86_400_000.0}
"""With lists made at the user's last event, and not when they are looked at; by the age, in ms, at which they are made
again."""
VARIANTS = (
    *WITHOUT_PARTS,
    *WITHOUT_MODALITY,
    *ONLY_MODALITY,
    *FUSED_BY,
    *LOSSES,
    TAUGHT_SELDOM,
    BLEND_TAUGHT_SELDOM,
    *STANDING,
)

Media = Mapping[str, NDArray[np.float32]]
"""An item's vectors by modality."""


def nothing(media: Media) -> NDArray[np.float32] | None:  # as other combinations
    """No vector."""
    return None


@dataclass(frozen=True)
class ItemContent:
    """What items are made of."""

    media: Mapping[str, Media] = field(default_factory=dict)
    """By item id, [at most 384] each, of unit length."""
    combine: Callable[[Media], NDArray[np.float32] | None] = nothing
    """The fixed fusion: [RecommenderConfig.dim] of unit length."""

    def modalities(self) -> list[str]:
        """Those that any item has."""
        return [name for name in MODALITIES if any(name in media for media in self.media.values())]

    def restricted(self, kept: Callable[[str], bool]) -> "ItemContent":
        """With some of the modalities only."""
        media = {
            item_id: {name: vector for name, vector in media.items() if kept(name)}
            for item_id, media in self.media.items()
        }
        return ItemContent(media, self.combine)


@dataclass(frozen=True)
class Setting:
    """What is the same for all variants."""

    repeats: Repeats
    fusion: Fusion
    seed: int
    delays: Delays
    taught_days: float = 7.0
    """See TAUGHT_SELDOM."""


def variant(
    name: str,
    stream: Stream,
    replayed: Timeline,
    setting: Setting,
    content: ItemContent,
    ranking: Ranks | None = None,
) -> Serving:
    """Freshet itself, or one of VARIANTS; with a ranking of its own, unless another is given."""
    part = name.removeprefix(_WITHOUT).removesuffix(_TAUGHT)
    muted = (part,) if part in SOURCES else ()
    recommender = Recommender(
        RecommenderConfig(
            repeats=setting.repeats,
            muted=muted,
            hurried=part == "leisure",
            teach_again_after_days=setting.taught_days if name.endswith(_TAUGHT) else 0.0,
        )
    )
    if part != "ranker" and ranking is None:
        config = RankingConfig(seed=setting.seed, answers_drift=part != "drift")
        ranking = RankingLearner(structs.replace(config, replayed=0) if part == "replay" else config)
    if name in WITHOUT_MODALITY:
        content = content.restricted(lambda modality: modality != WITHOUT_MODALITY[name])
    if name in ONLY_MODALITY:
        content = content.restricted(lambda modality: modality == ONLY_MODALITY[name])
    kind = FUSED_BY.get(name, setting.fusion)
    fusion = None
    if kind != FIXED and content.media:
        fusion = FusionLearner(FusionConfig(kind=kind, seed=setting.seed, **LOSSES.get(name, {})))

    def vector(item_id: str) -> NDArray[np.float32] | None:
        media = content.media.get(item_id, {})
        return content.combine(media) if fusion is None else fusion.put(item_id, media)

    is_delayed = setting.delays != Delays()
    return Serving(recommender, ranking, fusion, stream, replayed, is_delayed=is_delayed, vector=vector)
