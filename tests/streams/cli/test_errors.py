import errno

import pytest
import typer

from streams.cli.errors import EXIT_CONFIGURATION, EXIT_UNAVAILABLE, one_line_errors


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device", EXIT_UNAVAILABLE),
        (OSError(errno.EFBIG, "File too large", "/a/b"), "File too large: /a/b", EXIT_UNAVAILABLE),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "denied: /a", EXIT_CONFIGURATION),
        (ConnectionResetError("gone"), "no answer, or too late", EXIT_UNAVAILABLE),
    ],
)
def test_a_supervisor_tries_again_where_that_can_help(
    error: OSError, line: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, one_line_errors():
        raise error
    assert ended.value.exit_code == code
    assert line in capsys.readouterr().err
