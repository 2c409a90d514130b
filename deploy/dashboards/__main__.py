"""Writes every board into `deploy/grafana/boards/`; the test of the folder says when that is due."""

from pathlib import Path

from deploy.dashboards import BOARDS
from deploy.dashboards.grafana import to_json

FOLDER = Path(__file__).parents[1] / "grafana" / "boards"


def main() -> None:
    """Replaces the files of all boards."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        (FOLDER / f"{board.uid}.json").write_text(to_json(board))


if __name__ == "__main__":
    main()
