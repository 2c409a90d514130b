from typing import get_args

from streams.fetching.errors import REASON_LIMIT, Kind, MediumError


def test_a_reason_can_be_written_into_a_document_whatever_it_quotes() -> None:
    error = MediumError("file \udcff" + "x" * 1000, "file")
    assert error.reason.startswith("file ?x")
    assert len(error.reason) == REASON_LIMIT
    assert str(error).encode() == error.reason.encode()


def test_kinds_stay_few_enough_for_a_label() -> None:
    assert len(get_args(Kind)) <= 12
