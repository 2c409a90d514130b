import pytest
import torch

from streams import metrics
from streams.device_metrics import measure_devices


def samples() -> set[tuple[str, str, float]]:
    gauges = (metrics.DEVICE_USED_BYTES, metrics.DEVICE_BYTES, metrics.DEVICE_BUSY)
    return {
        (one.name, one.labels["device"], one.value)
        for gauge in gauges
        for family in gauge.collect()
        for one in family.samples
    }


def test_devices_are_seen_where_the_process_uses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (30 - 10 * index, 80))
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    measure_devices()
    assert samples() == set()

    def utilization(index: int) -> int:
        if index == 1:
            raise ModuleNotFoundError
        return 25

    monkeypatch.setattr(torch.cuda, "utilization", utilization)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    measure_devices()
    assert samples() == {
        ("freshet_device_used_bytes", "0", 50),
        ("freshet_device_used_bytes", "1", 60),
        ("freshet_device_bytes", "0", 80),
        ("freshet_device_bytes", "1", 80),
        ("freshet_device_busy_ratio", "0", 0.25),
    }
    for gauge in (metrics.DEVICE_USED_BYTES, metrics.DEVICE_BYTES, metrics.DEVICE_BUSY):
        gauge.clear()
