import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.broker_error import BrokerError
from deploy.broker_state import (
    CONFIG_NAME,
    BrokerState,
    claimed,
    clear,
    remove_state,
    running_state,
    stop_running,
    write_state,
)


def _state(data_dir: Path, pid: int) -> BrokerState:
    return BrokerState("127.0.0.1:1", pid, pid, "id", "4", str(data_dir), 0)


def test_a_broker_is_believed_only_while_a_process_of_its_folder_lives(tmp_path: Path) -> None:
    assert running_state(tmp_path) is None
    body = "import time; print('up', flush=True); time.sleep(60)"
    stand_in = [sys.executable, "-c", body, str(tmp_path / CONFIG_NAME)]
    with subprocess.Popen(stand_in, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"  # before it is up, it may not have its command line yet
        state = _state(tmp_path, process.pid)
        write_state(tmp_path, state)
        assert running_state(tmp_path) == state
        assert stop_running(tmp_path)
        assert not (tmp_path / "state.json").exists()
        write_state(tmp_path, state)
        assert running_state(tmp_path) is None
    write_state(tmp_path, replace(state, pid=os.getpid()))
    assert running_state(tmp_path) is None, "this process is not that broker: its id was used again"
    assert not stop_running(tmp_path)
    remove_state(tmp_path)
    assert not (tmp_path / "state.json").exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"bootstrap": 1}'])
def test_a_state_file_of_another_kind_is_no_broker(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert running_state(tmp_path) is None


def test_a_folder_has_one_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.broker_state._CLAIM_S", 0.1)
    refused = pytest.raises(BrokerError, match="another process is starting or stopping a broker")
    with claimed(tmp_path), refused, claimed(tmp_path):
        pass
    with claimed(tmp_path):
        pass


def test_a_folder_is_emptied_unless_somebodys_broker_runs_in_it(tmp_path: Path) -> None:
    home = tmp_path / "soak"
    data_dir = home / "broker"
    data_dir.mkdir(parents=True)
    stand_in = [
        sys.executable,
        "-c",
        "import time; print(flush=True); time.sleep(60)",
        str(data_dir / CONFIG_NAME),
    ]
    with subprocess.Popen(stand_in, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        write_state(data_dir, _state(data_dir, process.pid))
        with pytest.raises(BrokerError, match=f"another run is under way in {home}: .* another FRESHET_HOME"):
            clear(home)
        assert running_state(data_dir) is not None
        process.kill()
    clear(home)
    clear(home)
    assert not home.exists()
