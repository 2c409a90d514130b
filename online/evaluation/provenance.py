"""What a report's figures rest on, so that they can be had again."""

import os
import platform
from dataclasses import asdict

import numpy as np

from online.evaluation.evaluate import Task
from online.evaluation.stream import Stream


def provenance(stream: Stream, task: Task, encoder: str) -> dict[str, object]:
    """Settings, seed, data and machine of a run, fit for JSON."""
    return {
        "settings": asdict(task),
        "seed": task.seed,
        "text_encoder": encoder,
        "data": {
            "sha256": stream.digest(),
            "events": stream.event_count,
            "users": len(stream.user_ids),
            "items": len(stream.item_ids),
        },
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
    }
