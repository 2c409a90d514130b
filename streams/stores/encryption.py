"""Files at rest, encrypted: AES-256-GCM, in chunks, by keys from a file or a command.

A file is a magic word, the id of its key, 32 random bytes, and chunks of 64 MiB with their tags. Each file has a key of
its own, derived from the named one and the random bytes (HKDF, RFC 5869), so nonces can count the chunks; the last one
is marked, so that a file cut short is found out (the construction STREAM of Hoang, Reyhanitabar, Rogaway and Vizár,
2015). The header and the file's place are authenticated with every chunk: none can be put in another's place.
"""

import hashlib
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from streams.keys import KEY_BYTES, read_keys
from streams.settings import Settings, SettingsError
from streams.stores import StoreError

MAGIC = b"FRESHET\x01"
_ID_BYTES, _SALT_BYTES, _TAG_BYTES = 8, 32, 16
_HEADER_BYTES = len(MAGIC) + _ID_BYTES + _SALT_BYTES
_CHUNK_BYTES = 64 * 2**20


class StoreKeys:
    """The keys of a deployment; without any, everything stays as it is."""

    def __init__(self, keys: Mapping[bytes, bytes], required: bool = False) -> None:
        """Takes the keys by their ids, the newest last; `required` refuses what is not encrypted."""
        self._keys = dict(keys)
        self.required = required

    def seal(self, data: bytes, place: str) -> bytes:
        """Encrypts a file with the newest key; without keys it stays as it is.

        Args:
            data: Its content.
            place: What it is; `open` has to be given the same.
        """
        if not self._keys:
            return data
        key_id, key = next(reversed(self._keys.items()))
        header = MAGIC + key_id + os.urandom(_SALT_BYTES)
        cipher = _cipher(key, header)
        starts = range(0, max(1, len(data)), _CHUNK_BYTES)
        sealed = [
            cipher.encrypt(
                _nonce(number, number == len(starts) - 1), data[start : start + _CHUNK_BYTES], header + place.encode()
            )
            for number, start in enumerate(starts)
        ]  # fmt: skip
        return header + b"".join(sealed)

    def open(self, data: bytes, place: str) -> bytes:
        """Decrypts a file by whichever key it was written with; one that never was encrypted stays as it is.

        Raises:
            StoreError: The key isn't there, the file was changed or is another's, or it isn't encrypted and has to be.
        """
        if not data.startswith(MAGIC):
            if self.required:
                msg = (
                    f"{place} is not encrypted, which FRESHET_STORE_KEY_REQUIRED asks for: who put it there?"
                )
                raise StoreError(msg)
            return data
        header, sealed = data[:_HEADER_BYTES], memoryview(data)[_HEADER_BYTES:]
        key_id = header[len(MAGIC) : len(MAGIC) + _ID_BYTES]
        if key_id not in self._keys:
            known = (
                ", ".join(known.hex() for known in self._keys)
                or "none; set FRESHET_STORE_KEY_FILE or _COMMAND"
            )
            msg = f"{place} is encrypted with the key {key_id.hex()}, and known are: {known}"
            raise StoreError(msg)
        cipher = _cipher(self._keys[key_id], header)
        size = _CHUNK_BYTES + _TAG_BYTES
        starts = range(0, max(1, len(sealed)), size)
        try:
            return b"".join(
                cipher.decrypt(
                    _nonce(number, number == len(starts) - 1), sealed[start : start + size], header + place.encode()
                )
                for number, start in enumerate(starts)
            )  # fmt: skip
        except InvalidTag:
            msg = f"{place} was tampered with, or is a file from elsewhere: it does not fit the key {key_id.hex()}"
            raise StoreError(msg) from None


def _cipher(key: bytes, header: bytes) -> AESGCM:
    salt = header[-_SALT_BYTES:]
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"freshet store").derive(key))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def load_keys(settings: Settings) -> StoreKeys:
    """The keys of the settings.

    Raises:
        StoreError: The file or the command does not give any; no key is ever in the message.
    """
    try:
        keys = read_keys(settings.store_key_file, settings.store_key_command, "FRESHET_STORE_KEY")
    except SettingsError as exc:
        raise StoreError(str(exc)) from None
    return StoreKeys({key_id(key): key for key in keys}, settings.store_key_required)


def key_id(key: bytes) -> bytes:
    """What a key is called in the files that it encrypts; says nothing of the key."""
    return hashlib.sha256(b"freshet key id" + key).digest()[:_ID_BYTES]
