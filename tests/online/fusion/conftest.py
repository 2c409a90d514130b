import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # Steps are too small to gain by a second thread, and lose much where cores are shared.
    torch.set_num_threads(1)
