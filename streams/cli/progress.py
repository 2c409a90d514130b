"""How far a command is: bars on standard error; where that is no terminal, a plain line now and then."""

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TaskID

SAY_EVERY_S = 10.0


class Bars(Progress):
    """Bars that are gone when all is done.

    Args:
        columns: As of rich's Progress, for the bars.
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, *columns: ProgressColumn, now: Callable[[], float] = time.monotonic) -> None:
        console = Console(stderr=True, soft_wrap=True)
        seen = console.is_terminal
        super().__init__(*columns, console=console, transient=True, disable=not seen, auto_refresh=seen)
        self._now = now
        self._said_s = now()

    def update(self, task_id: TaskID, **changes: Any) -> None:  # noqa: ANN401  # as rich's
        """As rich's, and says so where no bar shows it."""
        super().update(task_id, **changes)
        self._say(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """As rich's, and says so where no bar shows it."""
        super().advance(task_id, advance)
        self._say(task_id)

    def _say(self, task_id: TaskID) -> None:
        if not self.disable or self._now() - self._said_s < SAY_EVERY_S:
            return
        self._said_s = self._now()
        task = self._tasks[task_id]
        done = f"{task.percentage:.0f} %" if task.total else ""
        self.console.print(f"{task.description} {done}".strip(), markup=False, highlight=False)
