"""The encoder that a command works with: as named, or else the one that workers use."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.errors import EXIT_CONFIGURATION
from streams.cli.media_files import MediaError

if TYPE_CHECKING:
    from encoders.base import Encoder
    from encoders.modalities import Modality

ModalityName = Annotated[
    str | None, typer.Option("--modality", help="text, image, audio or video, if file names do not tell.")
]
EncoderName = Annotated[
    str | None, typer.Option("--encoder", metavar="NAME", help="Default: that of FRESHET_<MODALITY>_ENCODER.")
]
Device = Annotated[
    str | None, typer.Option(help="auto, cpu, cuda or cuda:N. Default: that of FRESHET_DEVICE.")
]


def load_encoder(
    modality: "Modality", name: str | None, device: str | None, as_set: bool = True
) -> "Encoder[Any]":
    """Loads an encoder; what is not given comes from the settings.

    Args:
        modality: What it reads.
        name: As `encoders.registry.load`.
        device: As there.
        as_set: Whether entries are freed of noise where the settings say so; else they never are.

    Raises:
        MediaError: There is no such encoder or device, or the settings want none.
        SettingsError: A setting is wrong.
    """
    from encoders import registry  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams import settings  # noqa: PLC0415

    known = settings.load()
    chosen: str = getattr(known, f"{modality}_encoder") if name is None else name
    if chosen == registry.NO_ENCODER:
        message = f"the {modality} encoder is set to {registry.NO_ENCODER}; name one with --encoder"
        raise MediaError(message)
    try:
        return registry.load(
            modality,
            chosen,
            known.device if device is None else device,
            as_set and known.denoise(modality),
        )
    except (ValueError, OSError) as exc:
        raise MediaError(str(exc)) from exc


@contextmanager
def one_line_media_errors() -> Iterator[None]:
    """Turns what a user can mend into one line on standard error and an exit code."""
    from encoders.probes.errors import ProbeError  # noqa: PLC0415  # keeps `freshet --help` fast
    from online.evaluation.tables import InputError  # noqa: PLC0415
    from streams.settings import SettingsError  # noqa: PLC0415

    try:
        yield
    except (InputError, MediaError, ProbeError, SettingsError, OSError) as exc:
        typer.echo(f"freshet: {exc}", err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
