"""Grafana's dashboards, as code: `python -m deploy.dashboards` writes `deploy/grafana/`.

A board is plain data (`board.py`), one file each; `grafana.py` alone knows Grafana.
"""

from deploy.dashboards import encoders, freshness, kafka, operations, quality, river
from deploy.dashboards.board import Board

BOARDS: tuple[Board, ...] = (
    river.BOARD,
    freshness.BOARD,
    quality.BOARD,
    encoders.BOARD,
    kafka.BOARD,
    operations.BOARD,
)
