import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pseudonyms import PseudonymError, Pseudonyms, key_id, key_id_in, load_pseudonyms, pseudonym
from streams.settings import Settings, SettingsError
from tests.documents import ROOT, blocks

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEYS = st.binary(min_size=32, max_size=32)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)


@pytest.mark.parametrize(
    ("key", "data", "digest"),
    [
        (b"\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b"),
        (b"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
        (b"\xaa" * 131, "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f"),
    ],
)  # fmt: skip
def test_it_is_the_hmac_of_rfc_4231_to_its_first_128_bits(key: bytes, data: str, digest: str) -> None:
    assert pseudonym(data, key) == f"{key_id(key)}-{digest}"


@given(IDS, KEYS)
def test_the_same_user_under_the_same_key_has_one_form_and_one_pseudonym(user_id: str, key: bytes) -> None:
    made = pseudonym(user_id, key)
    assert made == pseudonym(user_id, bytes(bytearray(key)))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{32}", made)
    assert key_id_in(made) == key_id(key)


@given(IDS, IDS, KEYS, KEYS)
def test_pseudonyms_differ_by_user_and_by_key(user: str, other: str, key: bytes, another: bytes) -> None:
    assert (pseudonym(user, key) == pseudonym(other, key)) == (user == other)
    digests = {pseudonym(user, k).partition("-")[2] for k in (key, another)}
    assert len(digests) == len({key, another})


@given(IDS, st.lists(KEYS, min_size=1, max_size=4, unique=True))
def test_a_user_is_found_under_all_keys_and_written_under_the_last(user_id: str, keys: list[bytes]) -> None:
    names = Pseudonyms(keys)
    assert names.all_of(user_id) == [pseudonym(user_id, key) for key in reversed(keys)]
    assert names.of(user_id) == pseudonym(user_id, keys[-1])
    assert [names.all_of(name) for name in names.all_of(user_id)] == [[n] for n in names.all_of(user_id)]
    assert names.traces_of(user_id) == [*names.all_of(user_id), user_id]


@given(IDS)
def test_without_keys_everybody_is_called_as_they_are(user_id: str) -> None:
    names = Pseudonyms()
    assert names.all_of(user_id) == names.traces_of(user_id) == [names.of_row(user_id)] == [user_id]


def test_an_id_that_was_chosen_to_look_like_anothers_pseudonym_is_not_taken_for_it() -> None:
    chosen = pseudonym("ann", OLD)
    with pytest.raises(PseudonymError, match="is a pseudonym already") as raised:
        Pseudonyms([OLD]).of_row(chosen)
    assert chosen not in str(raised.value)
    # Of a key that is not known here it is an id like any other.
    assert Pseudonyms([NEW]).of_row(chosen) == pseudonym(chosen, NEW)
    assert Pseudonyms([], [key_id(OLD)]).of_row(chosen) == chosen


def test_where_pseudonyms_are_demanded_nobody_is_named_without_a_key() -> None:
    names = Pseudonyms([], [key_id(OLD)])
    with pytest.raises(PseudonymError, match=r"set FRESHET_PSEUDONYM_KEY_FILE or _COMMAND") as raised:
        names.of("somebody")
    assert "somebody" not in str(raised.value)
    # To be searched for everywhere is to be sent nowhere.
    assert names.traces_of("somebody") == ["somebody"]
    assert names.traces_of(pseudonym("ann", OLD)) == [pseudonym("ann", OLD)]


def test_keys_are_read_and_the_newest_has_to_be_taken_by_the_workers(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("".join(base64.b64encode(key).decode() + "\n" for key in (OLD, NEW)))
    both = f"{key_id(OLD)}, {key_id(NEW)}"
    for settings in (
        Settings(pseudonym_key_file=file),
        Settings(pseudonym_key_command=f"cat '{file}'", pseudonyms=both),
    ):
        assert load_pseudonyms(settings).all_of("ann") == [pseudonym("ann", NEW), pseudonym("ann", OLD)]
    with pytest.raises(
        SettingsError,
        match=f"^the newest pseudonym key is {key_id(NEW)}, and FRESHET_PSEUDONYMS takes {key_id(OLD)}",
    ):
        load_pseudonyms(Settings(pseudonym_key_file=file, pseudonyms=key_id(OLD)))
    assert load_pseudonyms(Settings()).of("ann") == "ann"


def test_clients_of_other_languages_make_the_same() -> None:
    (recipe,) = [
        block.text for block in blocks(ROOT / "docs" / "clients.md") if "def pseudonym" in block.text
    ]
    done = subprocess.run([sys.executable, "-c", recipe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == pseudonym("pam", OLD)
