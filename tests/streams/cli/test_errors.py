import errno
import subprocess
import sys

import pytest
import typer
from confluent_kafka import KafkaError, KafkaException

from online.saved import CapacityError
from streams.asking import NoAnswerError
from streams.cli.errors import EXIT_CONFIGURATION, EXIT_UNAVAILABLE, one_line_errors
from streams.succession import SucceededError


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device", EXIT_UNAVAILABLE),
        (OSError(errno.EFBIG, "File too large", "/a/b"), "File too large: /a/b", EXIT_UNAVAILABLE),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "denied: /a", EXIT_CONFIGURATION),
        (ConnectionResetError("gone"), "freshet: no answer, or too late: gone\n", EXIT_UNAVAILABLE),
        (NoAnswerError("do they run?"), "freshet: no answer, or too late: do they run?\n", EXIT_UNAVAILABLE),
        (TimeoutError(), "freshet: no answer, or too late: TimeoutError()\n", EXIT_UNAVAILABLE),
        (KafkaException(KafkaError(KafkaError._TIMED_OUT, "slow")), "Kafka refused: slow", EXIT_UNAVAILABLE),
        (
            KafkaException(
                KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED, "Request Request(processor=0")
            ),
            "refused: Broker: Cluster authorization failed; `freshet topics acls` says what to grant\n",
            EXIT_CONFIGURATION,
        ),
        (SucceededError("epoch 3 publishes"), "freshet: epoch 3 publishes\n", EXIT_UNAVAILABLE),
        (CapacityError(40, 16), "set FRESHET_ITEM_CAPACITY to 40 or more", EXIT_CONFIGURATION),
    ],
)
def test_a_supervisor_tries_again_where_that_can_help(
    error: Exception, line: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, one_line_errors():
        raise error
    assert ended.value.exit_code == code
    assert line in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_told_nothing() -> None:
    command = [sys.executable, "-m", "streams.cli", "topics", "acls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as printing:
        assert printing.stdout is not None
        assert printing.stderr is not None
        printing.stdout.close()
        told = printing.stderr.read()
    assert (printing.returncode, told) == (1, b"")
