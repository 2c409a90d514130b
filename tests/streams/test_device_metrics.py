from types import SimpleNamespace
from unittest.mock import Mock

import pynvml  # type: ignore[import-untyped]  # has no stubs
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

    def handle(index: int) -> int:
        if index == 1:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return index

    # What torch asks, in the place of the driver's library.
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(torch.cuda, "_get_nvml_device_index", lambda device: device)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", handle)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUtilizationRates", lambda _: SimpleNamespace(gpu=25))
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    measure_devices()
    assert samples() == {
        ("freshet_device_used_bytes", "0", 50),
        ("freshet_device_used_bytes", "1", 60),
        ("freshet_device_bytes", "0", 80),
        ("freshet_device_bytes", "1", 80),
        ("freshet_device_busy_ratio", "0", 0.25),
    }
    metrics.DEVICE_BUSY.clear()
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (30, 80))
    missing = pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
    driver = Mock(side_effect=missing)
    monkeypatch.setattr(pynvml, "nvmlInit", driver)
    measure_devices()
    driver.assert_called()
    assert not {name for name, _, _ in samples() if "busy" in name}
    for gauge in (metrics.DEVICE_USED_BYTES, metrics.DEVICE_BYTES, metrics.DEVICE_BUSY):
        gauge.clear()
