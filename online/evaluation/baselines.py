"""The baselines by name."""

import importlib.util
from collections.abc import Callable, Mapping

from online.evaluation.implicit_als import ImplicitAls
from online.evaluation.item_knn import ItemKnn
from online.evaluation.methods import Method
from online.evaluation.mf_isgd import MfIsgd
from online.evaluation.personal import Personal
from online.evaluation.popularity import Popularity
from online.evaluation.river_mf import RiverMf
from online.evaluation.symmetric_graph import SymmetricGraph
from online.evaluation.tables import InputError
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
    "river_mf": RiverMf,
    "implicit_als": ImplicitAls,
}
"""Made from the number of items."""
PACKAGES: Mapping[str, str] = {"implicit_als": "implicit"}
"""What some baselines need beyond Freshet's own dependencies. They run only when they are named."""


def check_installed(name: str) -> None:
    """Finds out before hours of other methods whether this one can run.

    Raises:
        InputError: The baseline's package is not installed.
    """
    package = PACKAGES.get(name)
    if package is not None and importlib.util.find_spec(package) is None:
        msg = f"--methods: {name} needs the package {package}; try: pip install {package}"
        raise InputError(msg)
