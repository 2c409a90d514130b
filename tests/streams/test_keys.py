import base64
from pathlib import Path

import pytest

from streams.keys import read_keys
from streams.settings import SettingsError

OLD, NEW = bytes(range(32)), bytes(32)


def _lines(*keys: bytes) -> str:
    return "".join(base64.b64encode(key).decode() + "\n" for key in keys)


def test_keys_come_in_order_from_a_file_or_a_command_and_none_comes_twice(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(_lines(OLD, NEW, OLD))
    assert read_keys(file, "", "FRESHET_X_KEY") == [OLD, NEW]
    assert read_keys(None, f"cat '{file}'", "FRESHET_X_KEY") == [OLD, NEW]
    assert read_keys(None, "", "FRESHET_X_KEY") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "gives no key; make one with `openssl rand -base64 32`"),
        ("c2hvcnQ=", "a line is not 32 bytes in base64"),
        ("secret words", "a line is not 32 bytes in base64"),
    ],
)
def test_a_wrong_file_is_named_and_not_shown(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said) as raised:
        read_keys(file, "", "FRESHET_X_KEY")
    assert str(raised.value).startswith(f"FRESHET_X_KEY_FILE, {file}")
    assert "secret" not in str(raised.value)


def test_a_file_or_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^FRESHET_X_KEY_FILE, {tmp_path}/none: No such file"):
        read_keys(tmp_path / "none", "", "FRESHET_X_KEY")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"bytes: is no text$"):
        read_keys(tmp_path / "bytes", "", "FRESHET_X_KEY")
    with pytest.raises(SettingsError, match=r"^FRESHET_X_KEY_COMMAND cannot be run: FileNotFoundError$"):
        read_keys(None, "nosuchcommand --token=secret", "FRESHET_X_KEY")
    with pytest.raises(SettingsError, match=r"^FRESHET_X_KEY_COMMAND ended with 1$"):
        read_keys(None, "false", "FRESHET_X_KEY")
