"""Keys from a file or from what a command prints, one a line: 32 bytes in base64, the newest last."""

import base64
import binascii
import shlex
import subprocess
from pathlib import Path

from streams.settings import SettingsError

KEY_BYTES = 32
_COMMAND_S = 30.0
_TRY = "make one with `openssl rand -base64 32`"


def read_keys(file: Path | None, command: str, name: str) -> list[bytes]:
    """The keys in order, none twice; no key at all where neither a file nor a command is given.

    Args:
        file: Their file, if that is where they are.
        command: Or what prints them, run without a shell.
        name: Of the two settings, without `_FILE` and `_COMMAND`.

    Raises:
        SettingsError: There is no key, or something that is none; nothing that was read is in the message.
    """
    if file is not None:
        source = f"{name}_FILE, {file}"
        try:
            text = file.read_text()
        except (OSError, UnicodeDecodeError) as exc:
            msg = f"{source}: {exc.strerror if isinstance(exc, OSError) else 'is no text'}"
            raise SettingsError(msg) from None
    elif command:
        source = f"{name}_COMMAND"
        text = _said_by(command, source)
    else:
        return []
    keys = [_parsed(line, source) for line in text.split()]
    if not keys:
        msg = f"{source} gives no key; {_TRY}"
        raise SettingsError(msg)
    return list(dict.fromkeys(keys))


def _parsed(line: str, source: str) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        msg = f"{source}: a line is not {KEY_BYTES} bytes in base64; {_TRY}"
        raise SettingsError(msg)
    return key


def _said_by(command: str, source: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as exc:
        msg = f"{source} cannot be run: {type(exc).__name__}"
        raise SettingsError(msg) from None
    if done.returncode:
        msg = f"{source} ended with {done.returncode}"
        raise SettingsError(msg)
    return done.stdout
