"""`freshet probe`: how good an encoder is, on media and labels of your own, beside the raw signal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.chosen_encoder import Device, EncoderName, ModalityName, load_encoder, one_line_media_errors
from streams.cli.media_files import MediaError, media_below, parse_modality, read_medium
from streams.cli.output import JsonFile
from streams.cli.probe_search import search
from streams.cli.probing import class_of, encode_with_bar, parse_pattern, report

if TYPE_CHECKING:
    from encoders.base import Encoder
    from encoders.modalities import Modality
    from encoders.probes.spaces import Spaces

app = typer.Typer(no_args_is_help=True, help="Judge an encoder on media of your own, beside the raw signal.")

app.command()(search)

CHANCE = "by lot"
Folder = Annotated[Path, typer.Argument(help="Media files, at any depth.")]
Neighbours = Annotated[int, typer.Option("--k", min=1, help="Nearest neighbours that vote.")]
Label = Annotated[
    str | None,
    typer.Option(metavar="REGEX", help="Finds the class in a file's name. Default: the folder's name."),
]


@app.command()
def knn(
    folder: Folder,
    test: Annotated[
        Path | None,
        typer.Argument(help="What is asked, if FOLDER is what is searched. Default: leave one out."),
    ] = None,
    modality: ModalityName = None,
    k: Neighbours = 5,
    label: Label = None,
    encoder: EncoderName = None,
    device: Device = None,
    json_file: JsonFile = None,
) -> None:
    """The class of a file by the vote of its nearest neighbours, by cosine."""
    with one_line_media_errors():
        from encoders.probes.knn import knn_accuracy  # noqa: PLC0415  # keeps `freshet --help` fast

        its, searched = _files(folder, modality)
        paths = searched + (_files(test, its)[1] if test is not None else [])
        pattern = None if label is None else parse_pattern(label)
        all_classes = [class_of(path, pattern) for path in paths]
        judged, spaces = _encode(its, encoder, device, paths)
        classes = [all_classes[place] for place in spaces.places]
        split = sum(place < len(searched) for place in spaces.places)
        if test is not None and split == len(classes):
            message = f"{test}: none of its {len(paths) - split} files can be encoded"
            raise MediaError(message)
        measured = {}
        for name, vectors in spaces.vectors.items():
            asked = (vectors[split:], classes[split:]) if test is not None else (None, ())
            measured[name] = {"accuracy": knn_accuracy(vectors[:split], classes[:split], k, *asked)}
        measured["the most frequent class"] = {"accuracy": _most_frequent(classes[split:] or classes)}
        setup = {"task": "knn", "k": k, "leave_one_out": test is None, "classes": len(set(classes))}
        report(measured, setup | _about(judged, paths, spaces), json_file)


@app.command()
def folds(
    folder: Folder,
    fold: Annotated[str, typer.Option(metavar="REGEX", help=r"Finds the fold in a file's name: '^(\d)'.")],
    label: Label = None,
    modality: ModalityName = None,
    encoder: EncoderName = None,
    device: Device = None,
    json_file: JsonFile = None,
) -> None:
    """The class of a file by logistic regression over official folds: each fold is judged by what the others taught."""
    with one_line_media_errors():
        from encoders.probes.folds import C, fold_accuracies  # noqa: PLC0415  # keeps `freshet --help` fast

        its, paths = _files(folder, modality)
        pattern = None if label is None else parse_pattern(label)
        fold_pattern = parse_pattern(fold)
        named = [(class_of(path, pattern), class_of(path, fold_pattern)) for path in paths]
        judged, spaces = _encode(its, encoder, device, paths)
        classes, belongs = zip(*(named[place] for place in spaces.places), strict=True)
        measured = {}
        for name, vectors in spaces.vectors.items():
            by_fold = fold_accuracies(vectors, classes, belongs)
            mean = sum(by_fold.values()) / len(by_fold)
            measured[name] = {"accuracy": mean} | {f"fold {known}": value for known, value in by_fold.items()}
        setup = {"task": "folds", "c": C, "classes": len(set(classes))}
        report(measured, setup | _about(judged, paths, spaces), json_file)


@app.command()
def halves(
    folder: Folder, encoder: EncoderName = None, device: Device = None, json_file: JsonFile = None
) -> None:
    """The first half of each clip searches for its second half, among the second halves of all clips."""
    with one_line_media_errors():
        from encoders.probes.baselines import baseline  # noqa: PLC0415  # keeps `freshet --help` fast
        from encoders.probes.halves import halves_found  # noqa: PLC0415
        from encoders.probes.spans import FIRST_HALF, SECOND_HALF, Span, SpanEncoder  # noqa: PLC0415

        _, paths = media_below(folder, "video")
        judged = SpanEncoder(load_encoder("video", encoder, device))
        raw = SpanEncoder(baseline("video"))
        names = [f"{path}, {half} half" for path in paths for half in ("first", "second")]
        spaces = encode_with_bar(
            judged,
            raw,
            names,
            lambda: (Span(path.read_bytes(), *half) for path in paths for half in (FIRST_HALF, SECOND_HALF)),
        )
        row = {place: row for row, place in enumerate(spaces.places)}
        pairs = [(row[2 * n], row[2 * n + 1]) for n in range(len(paths)) if {2 * n, 2 * n + 1} <= row.keys()]
        first, second = (list(rows) for rows in zip(*pairs, strict=True)) if pairs else ([], [])
        measured = {
            name: halves_found(vectors[first], vectors[second])._asdict()
            for name, vectors in spaces.vectors.items()
        }
        report(
            measured, {"task": "halves"} | _about(judged, names, spaces) | {"entries": len(pairs)}, json_file
        )


@app.command()
def labels(
    items: Annotated[Path, typer.Argument(metavar="ITEMS", help="CSV or Parquet, a row an item.")],
    text: Annotated[str, typer.Option(metavar="COLUMN,…", help="Columns of the text, each a line of it.")],
    labels: Annotated[str, typer.Option(metavar="COLUMN", help="Column of labels, separated by |.")],
    k: Neighbours = 10,
    encoder: EncoderName = None,
    device: Device = None,
    json_file: JsonFile = None,
) -> None:
    """How well the labels of an item's nearest neighbours fit it, where items have several."""
    with one_line_media_errors():
        from encoders.probes.baselines import baseline  # noqa: PLC0415  # keeps `freshet --help` fast
        from encoders.probes.labels import chance_fit, label_fit  # noqa: PLC0415

        rows = _labelled_texts(items, text.split(","), labels)
        judged = load_encoder("text", encoder, device)
        names = [known.partition("\n")[0] for known, _ in rows]
        spaces = encode_with_bar(judged, baseline("text"), names, lambda: (known for known, _ in rows))
        given = [rows[place][1] for place in spaces.places]
        measured = {name: asdict(label_fit(vectors, given, k)) for name, vectors in spaces.vectors.items()}
        measured[CHANCE] = asdict(chance_fit(given, k))
        setup = {"task": "labels", "k": k, "labels": len({name for each in given for name in each})}
        report(measured, setup | _about(judged, names, spaces), json_file)


def _files(folder: Path, modality: str | None) -> "tuple[Modality, list[Path]]":
    return media_below(folder, None if modality is None else parse_modality(modality))


def _encode(
    modality: "Modality", encoder: str | None, device: str | None, paths: Sequence[Path]
) -> "tuple[Encoder[Any], Spaces]":
    from encoders.probes.baselines import baseline  # noqa: PLC0415  # keeps `freshet --help` fast

    judged = load_encoder(modality, encoder, device)
    spaces = encode_with_bar(
        judged,
        baseline(modality),
        [str(path) for path in paths],
        lambda: (read_medium(path, modality) for path in paths),
    )
    return judged, spaces


def _labelled_texts(items: Path, columns: Sequence[str], labels: str) -> list[tuple[str, list[str]]]:
    """Text and labels of each row that has both."""
    from online.evaluation.tables import InputError, read_table, texts_of  # noqa: PLC0415  # as above

    table = read_table(items)
    texts = zip(*(texts_of(items, table, column) for column in columns), strict=True)
    given = texts_of(items, table, labels)
    rows = [
        ("\n".join(filter(None, parts)), [label.strip() for label in own.split("|") if label.strip()])
        for parts, own in zip(texts, given, strict=True)
    ]
    found = [(text, own) for text, own in rows if text and own]
    if not found:
        message = (
            f"{items}: none of its {len(rows)} rows has text in {','.join(columns)} and labels in {labels}"
        )
        raise InputError(message)
    return found


def _about(judged: "Encoder[Any]", names: Sequence[object], spaces: "Spaces") -> dict[str, object]:
    """What was measured: the encoder, how many entries, and which were left out."""
    return {
        "modality": judged.modality,
        "encoder": judged.name,
        "encoder_version": judged.version,
        "dim": judged.dim,
        "entries": len(spaces.places),
        "left_out": {str(names[place]): reason for place, reason in sorted(spaces.errors.items())},
    }


def _most_frequent(classes: Sequence[str]) -> float:
    return Counter(classes).most_common(1)[0][1] / len(classes)
