"""The rules and boards as tests see them, and the tools of Debian's package `prometheus`."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.dashboards import BOARDS
from deploy.dashboards.board import of_everything

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
GROUPS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}


def tool(name: str) -> str:
    """The path of a program of the package, or a skip with the reason."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} here: apt-get install prometheus")
    return found


def expressions(window: str) -> dict[str, str]:
    """Every expression of boards and rules, by where it is."""
    found = {
        f"{board.title} / {row.title} / {panel.title} / {query.legend}": of_everything(query.expr, window)
        for board in BOARDS
        for row in board.rows
        for panel in row.panels
        for query in panel.queries
    }
    for board in BOARDS:
        found |= {
            f"{board.title} / {one.legend}": of_everything(one.expr, window) for one in board.annotations
        }
    return found | {rule.get("alert") or rule["record"]: rule["expr"] for rule in RULES}
