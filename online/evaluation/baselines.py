"""The baselines by name."""

from collections.abc import Callable, Mapping

from online.evaluation.item_knn import ItemKnn
from online.evaluation.methods import Method
from online.evaluation.mf_isgd import MfIsgd
from online.evaluation.personal import Personal
from online.evaluation.popularity import Popularity
from online.evaluation.symmetric_graph import SymmetricGraph
from online.evaluation.tifu_knn import TifuKnn
from online.evaluation.transitions import Transitions

DAY_MS = 86_400_000.0
RECENT_HALF_LIFE_MS = 7 * DAY_MS
FIRST_TIME_HALF_LIFE_MS = 3 * DAY_MS

BASELINES: Mapping[str, Callable[[int], Method]] = {
    "popularity": Popularity,
    "popularity_recent": lambda items: Popularity(items, RECENT_HALF_LIFE_MS),
    "popularity_first_time": lambda items: Popularity(items, FIRST_TIME_HALF_LIFE_MS, first_time_only=True),
    "personal": lambda items: Personal(items, RECENT_HALF_LIFE_MS),
    "transitions": Transitions,
    "symmetric_graph": SymmetricGraph,
    "item_knn": ItemKnn,
    "mf_isgd": MfIsgd,
    "tifu_knn": lambda items: TifuKnn(items, RECENT_HALF_LIFE_MS),
}
"""Made from the number of items."""
