"""From a name on the hub, or a folder, to a model of `transformers`: files, family, weights, version."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from huggingface_hub import snapshot_download
from transformers import AutoConfig, AutoModel, PreTrainedConfig
from transformers.utils.logging import (
    disable_progress_bar,
    get_verbosity,
    set_verbosity,
    set_verbosity_error,
)

from encoders.registry import HUB_PREFIX, UnknownEncoderError

RECIPE = "hub1"
CONFIGS = ("*.json", "*.txt", "*.model")
"""Files beside the weights that decide a vector: configuration, preparation, vocabulary."""
_ELSEWHERE = ["*/*.safetensors", "*/*.bin", "onnx/*", "openvino/*"]
"""Of no use here: the same weights for other runtimes."""


class Source(NamedTuple):
    """Where a model's files are, and what it is called."""

    name: str
    """`hf:` and the name on the hub; of a folder its last part, which stays when the folder is mounted elsewhere."""
    folder: Path

    def digest(self) -> str:
        """Of all bytes that decide a vector: weights, configuration, preparation and vocabulary."""
        files = weight_files(self.folder) + [path for kind in CONFIGS for path in self.folder.glob(kind)]
        files += self.folder.glob("1_Pooling/*.json")
        digest = hashlib.blake2b(digest_size=16)
        for path in sorted(files):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, hashlib.blake2b).digest())
        return digest.hexdigest()


def find(name_or_folder: str) -> Source:
    """The files of a model: those of a folder, or of the hub's newest snapshot, fetched unless they are here.

    Args:
        name_or_folder: A folder; else a name on the hub, as `organisation/model` or `organisation/model@revision`.

    Raises:
        UnknownEncoderError: There is no such folder, or no such model, or the hub cannot be reached.
        ValueError: It is not the folder of a model of `transformers`.
    """
    path = Path(name_or_folder).expanduser()
    if path.is_dir():
        # Not resolve(), which would follow a link away from its name.
        source = Source(HUB_PREFIX + Path(os.path.abspath(path)).name, path)
    elif name_or_folder.startswith(("/", ".", "~")) or name_or_folder.count("/") > 1:
        message = f"{HUB_PREFIX}{name_or_folder}: there is no such folder"
        raise UnknownEncoderError(message)
    else:
        source = Source(HUB_PREFIX + name_or_folder, _fetch(name_or_folder))
    if not (source.folder / "config.json").is_file():
        message = (
            f"{source.name}: {source.folder} has no config.json; expected a model saved by save_pretrained"
        )
        raise ValueError(message)
    return source


def _fetch(name: str) -> Path:
    repository, _, revision = name.partition("@")
    wanted = [*CONFIGS, "1_Pooling/*.json"]
    try:
        for weights in ("*.safetensors", "pytorch_model*.bin"):
            folder = Path(
                snapshot_download(
                    repository,
                    revision=revision or None,
                    allow_patterns=[*wanted, weights],
                    ignore_patterns=_ELSEWHERE,
                )
            )
            if weight_files(folder):
                break
    except (
        Exception
    ) as error:  # the hub's client lets its own, its transport's and the system's errors through
        message = (
            f"{HUB_PREFIX}{name} cannot be had from the hub: {first_line(error)}; "
            f"check the name, log in if it is gated, or give a folder: {HUB_PREFIX}/path/to/model"
        )
        raise UnknownEncoderError(message) from error
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The files that hold a model's weights, in order; safetensors before all others, as `transformers` does."""
    return sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def read_config(source: Source) -> PreTrainedConfig:
    """The configuration, from the folder's files alone and never by code in it.

    Raises:
        ValueError: It is none, or of a family that this version of `transformers` does not know.
    """
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(
            source.folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # validated by each family in its own way
        message = f"{source.name}: its config.json cannot be used: {first_line(error)}"
        raise ValueError(message) from error
    return config


def read_model(
    source: Source, config: PreTrainedConfig, dtype: torch.dtype
) -> tuple[torch.nn.Module, Sequence[str]]:
    """The model, on the CPU, and the names of those of its weights that the files lack.

    Those are drawn at random, anew at each start: whoever uses them has to refuse.

    Raises:
        ValueError: There are no weights, or they do not fit the configuration.
    """
    if not weight_files(source.folder):
        message = f"{source.name}: {source.folder} has neither model.safetensors nor pytorch_model.bin"
        raise ValueError(message)
    try:
        with _quiet():
            model, told = AutoModel.from_pretrained(
                source.folder,
                config=config,
                dtype=dtype,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:  # damaged files fail in as many ways as there are formats
        message = f"{source.name}: its weights cannot be loaded: {first_line(error)}"
        raise ValueError(message) from error
    return model.eval(), sorted(told["missing_keys"])


@contextmanager
def _quiet() -> Iterator[None]:
    """No bar that takes half a second, and no report of missing weights, which are judged elsewhere."""
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    before = get_verbosity()
    set_verbosity_error()  # type: ignore[no-untyped-call]  # as above
    try:
        yield
    finally:
        set_verbosity(before)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its class where it has none: some hold a page of advice."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
