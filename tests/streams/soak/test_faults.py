import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streams.settings import Settings
from streams.soak.faults import Faults
from streams.supervisor import Slot

NOT_ASKED: Any = None


class FakeSupervisor:
    """Workers that are only noted."""

    def __init__(self, *roles: str) -> None:
        self.slots = [Slot(role, n, f"{role}-{n}", {}) for n, role in enumerate(roles)]

    def remove(self, slot: Slot) -> None:
        self.slots.remove(slot)

    def add(self, role: str, environ: Mapping[str, str]) -> Slot:
        self.slots.append(Slot(role, number := len(self.slots) + 10, f"{role}-{number}", environ))
        return self.slots[-1]


def faults(supervisor: FakeSupervisor, beside: Path | None) -> Faults:
    settings = Settings(kafka="nowhere:1")
    return Faults(settings, supervisor, NOT_ASKED, NOT_ASKED, random.Random(1), beside)  # type: ignore[arg-type]


def test_a_worker_changes_its_version_and_back(tmp_path: Path) -> None:
    supervisor = FakeSupervisor("learn")
    changing = faults(supervisor, tmp_path)
    environs = []
    for _ in range(3):
        changing.change_version()
        environs.append(dict(supervisor.slots[0].environ))
    assert environs == [{"PYTHONPATH": str(tmp_path)}, {}, {"PYTHONPATH": str(tmp_path)}]
    assert [slot.role for slot in supervisor.slots] == ["learn"]


def test_versions_change_only_where_there_is_another(tmp_path: Path) -> None:
    for beside, expected in ((None, 0), (tmp_path, 4)):
        script = faults(FakeSupervisor("learn"), beside).script()
        assert [fault.__name__ for fault in script].count("change_version") == expected
