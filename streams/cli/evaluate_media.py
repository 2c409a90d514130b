"""Item media to vectors for `freshet evaluate`, as the encode role makes them; what was encoded is kept on disk."""

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from deploy.kafka_jars import cache_dir
from encoders import registry
from encoders.base import Encoder
from encoders.modalities import MODALITY_BITS, Modality
from encoders.probes.vectors import encode_all, kept
from online.evaluation.stream import ItemText, Raw
from online.evaluation.tables import InputError
from streams.cli.chosen_encoder import load_encoder
from streams.cli.media_files import MediaError
from streams.settings import Settings

Embeddings = dict[str, dict[str, NDArray[np.float32]]]
"""By item id and modality, [at most 384] of unit length."""


def embeddings(catalogue: Mapping[str, ItemText], encoders: Mapping[Modality, str]) -> Embeddings:
    """Every item's vectors of the modalities that an encoder is named for; equal media are encoded once.

    Where, and whether freed of noise, the settings say.

    Raises:
        InputError: There is no such encoder or device, or what is named is none for the modality.
        SettingsError: A setting is wrong.
        OSError: What was encoded cannot be kept.
    """
    found: Embeddings = {}
    for modality, name in encoders.items():
        raw = {
            item_id: medium for item_id, known in catalogue.items() if (medium := _medium(known, modality))
        }
        if raw and name != registry.NO_ENCODER:
            vectors = _vectors(modality, name, sorted(set(raw.values()), key=_as_bytes))
            for item_id, medium in raw.items():
                if (vector := vectors[medium]).any():
                    found.setdefault(item_id, {})[modality] = vector
    return found


def default_encoders(text: str, settings: Settings) -> dict[Modality, str]:
    """The encoder of each modality that the settings name, with another one for text."""
    named: dict[Modality, str] = {
        modality: getattr(settings, f"{modality}_encoder") for modality in MODALITY_BITS
    }
    return named | {"text": text}


def _medium(known: ItemText, modality: Modality) -> Raw | None:
    return known.text if modality == "text" else known.media.get(modality)


def _vectors(modality: Modality, name: str, entries: list[Raw]) -> dict[Raw, NDArray[np.float32]]:
    try:
        encoder = load_encoder(modality, name, device=None)
    except MediaError as exc:
        raise InputError(str(exc)) from exc
    path = cache_dir() / "embeddings" / f"{_digest(encoder, entries)}.npy"
    if path.exists():
        rows = np.load(path)
    else:
        rows = kept(encode_all(encoder, entries).vectors)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.stem}.{os.getpid()}.npy")
        np.save(part, rows)
        part.replace(path)
    if failed := np.count_nonzero(~rows.any(axis=1)):
        of = f"{failed:,} of {len(rows):,} different {modality} media"
        typer.echo(f"{of} cannot be encoded, and count for nothing", err=True)
    return dict(zip(entries, rows, strict=True))


def _digest(encoder: Encoder[Any], entries: Iterable[Raw]) -> str:
    digest = blake2b(f"{encoder.name}/{encoder.version}".encode(), digest_size=16)
    for entry in entries:
        data = _as_bytes(entry)
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _as_bytes(entry: Raw) -> bytes:
    return entry if isinstance(entry, bytes) else repr(entry).encode()
