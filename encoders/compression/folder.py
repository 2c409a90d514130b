"""A compressed encoder on disk: `weights.safetensors`, and `compressed.json` that says what they are of."""

import hashlib
from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from encoders.compression.methods import Method
from encoders.modalities import Modality

ABOUT = "compressed.json"
WEIGHTS = "weights.safetensors"


class CompressionError(ValueError):
    """An encoder cannot be compressed, or what was written cannot be used; the message says why."""


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder holds."""

    modality: Modality
    original: str
    """The name by which `encoders.registry.load` builds it."""
    original_version: str
    """When it was compressed. Preparation and pooling are still the original's, so it must not change."""
    method: Method
    share: float
    """Of the values of each large weight, how many were dropped: 0 unless `pruned`."""
    fingerprint: str
    """Of the weights' file."""


def require_new(folder: Path) -> None:
    """Nothing is written over.

    Raises:
        CompressionError: There is something in the folder, or it is none.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder}: expected a new or an empty folder to write to"
        raise CompressionError(message)


def write_weights(folder: Path, stored: dict[str, Tensor]) -> str:
    """Writes the weights, and returns the fingerprint of their file.

    Raises:
        OSError: They cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file(stored, folder / WEIGHTS)
    return _fingerprint(folder / WEIGHTS)


def write_about(folder: Path, about: About) -> None:
    """Comes last: a folder without it is not complete.

    Raises:
        OSError: It cannot be written.
    """
    (folder / ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")


def read_about(folder: Path) -> About:
    """What a folder holds.

    Raises:
        CompressionError: It is not complete, or damaged.
    """
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
        found = _fingerprint(folder / WEIGHTS)
    except FileNotFoundError as error:
        message = (
            f"{folder} has no {Path(error.filename).name}; expected a folder that freshet compress wrote"
        )
        raise CompressionError(message) from error
    except msgspec.DecodeError as error:
        message = f"{folder / ABOUT} is damaged: {error}; compress anew"
        raise CompressionError(message) from error
    if found != about.fingerprint:
        message = (
            f"{folder / WEIGHTS} is damaged: fingerprint {found}, expected {about.fingerprint}; compress anew"
        )
        raise CompressionError(message)
    return about


def read_weights(folder: Path) -> dict[str, Tensor]:
    """The weights as they are stored.

    Raises:
        CompressionError: They are in no such file.
    """
    try:
        return load_file(folder / WEIGHTS)
    except SafetensorError as error:
        message = f"{folder / WEIGHTS} cannot be read: {error}; compress anew"
        raise CompressionError(message) from error


def stored_bytes(folder: Path) -> int:
    """Bytes of the weights' file."""
    return (folder / WEIGHTS).stat().st_size


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=6)).hexdigest()
