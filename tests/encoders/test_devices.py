import pytest
import torch

from encoders.devices import fastest_dtype, resolve_device


def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    names = {name: str(resolve_device(name)) for name in ("cpu", "auto", "cuda", "cuda:1")}
    assert names == {"cpu": "cpu", "auto": "cuda:0", "cuda": "cuda:0", "cuda:1": "cuda:1"}
    with pytest.raises(ValueError, match="device 'cuda:2': 2 CUDA devices found here; try auto"):
        resolve_device("cuda:2")


def test_auto_is_the_cpu_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match="0 CUDA devices"):
        resolve_device("cuda")


@pytest.mark.parametrize("name", ["", "tpu", "cuda:", "cuda:-1", "CPU"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected cpu, cuda, cuda:N or auto"):
        resolve_device(name)


def test_half_precision_only_where_it_is_native(monkeypatch: pytest.MonkeyPatch) -> None:
    for native, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda native=native: {"avx512_bf16": native})
        assert fastest_dtype(torch.device("cpu")) == dtype
