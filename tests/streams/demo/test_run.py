import json
from pathlib import Path

from streams.demo.run import have_announced
from streams.discovery import folder
from streams.settings import Settings


def _announce(settings: Settings, role: str, pid: int) -> None:
    folder(settings).mkdir(parents=True, exist_ok=True)
    labels = {"tenant": settings.topic_prefix, "role": role, "worker": str(pid)}
    entry = [{"targets": [f"127.0.0.1:{pid}"], "labels": labels}]
    (folder(settings) / f"{role}-{pid}.json").write_text(json.dumps(entry))


def test_the_demo_waits_for_its_own_workers_beside_any_number_of_others(tmp_path: Path) -> None:
    others = Settings(home=tmp_path)
    own = others.model_copy(update={"topic_prefix": "demo-"})
    for pid, role in enumerate(("encode", "learn", "recommend", "recommend"), 1):
        _announce(others, role, pid)
    assert not have_announced(own)
    for pid, role in enumerate(("encode", "learn", "recommend"), 5):
        assert not have_announced(own)
        _announce(own, role, pid)
    assert have_announced(own)
