"""Memory and use of the GPUs that a worker's encoders run on."""

import asyncio
import sys

from streams import metrics

INTERVAL_S = 5.0


async def watch_devices() -> None:
    """Sets the gauges, for ever; without a GPU in use there are none."""
    while True:
        await asyncio.sleep(INTERVAL_S)
        # Importing torch takes seconds, and a worker without it has no device.
        if "torch" in sys.modules:
            measure_devices()


def measure_devices() -> None:
    """Sets the gauges once."""
    from encoders.devices import device_use  # noqa: PLC0415  # imports torch

    for device in device_use():
        label = str(device.number)
        metrics.DEVICE_USED_BYTES.labels(device=label).set(device.used_bytes)
        metrics.DEVICE_BYTES.labels(device=label).set(device.total_bytes)
        if device.busy_ratio is not None:
            metrics.DEVICE_BUSY.labels(device=label).set(device.busy_ratio)
