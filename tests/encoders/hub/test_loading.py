import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig

from encoders.hub import loading
from encoders.hub.loading import find, first_line, read_config, read_model, weight_files
from encoders.registry import UnknownEncoderError
from tests.encoders.hub.conftest import Tiny


def test_a_folder_is_called_by_its_last_part(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").symlink_to(tiny("bert"))
    assert find(str(tiny("bert"))).name == "hf:bert"
    assert find(f"{tmp_path}/mine/").name == "hf:mine"
    monkeypatch.chdir(tiny("bert"))
    assert find(".").name == "hf:bert"


@pytest.mark.parametrize("name", ["/no/such/folder", "./folder", "~/folder", "a/b/c"])
def test_a_missing_folder_is_not_looked_for_on_the_hub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "snapshot_download", lambda *_, **__: pytest.fail("asked the hub"))
    with pytest.raises(UnknownEncoderError, match=f"hf:{name}: there is no such folder"):
        find(name)


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no config\.json; expected a model saved by save_pretrained"):
        find(str(tmp_path))


def test_a_name_is_fetched_weights_in_safetensors_first(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None, list[str]]] = []

    def download(name: str, revision: str | None, allow_patterns: list[str], **_: object) -> str:
        asked.append((name, revision, allow_patterns))
        return str(tiny("bert"))

    monkeypatch.setattr(loading, "snapshot_download", download)
    assert find("org/model@v1") == ("hf:org/model@v1", tiny("bert"))
    assert asked == [("org/model", "v1", ["*.json", "*.txt", "*.model", "1_Pooling/*.json", "*.safetensors"])]


def test_other_weights_are_fetched_where_there_are_no_safetensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(_: str, allow_patterns: list[str], **__: object) -> str:
        (tmp_path / "config.json").touch()
        if "pytorch_model*.bin" in allow_patterns:
            (tmp_path / "pytorch_model.bin").touch()
        return str(tmp_path)

    monkeypatch.setattr(loading, "snapshot_download", download)
    assert weight_files(find("org/model").folder) == [tmp_path / "pytorch_model.bin"]


@pytest.mark.parametrize(
    "error", [ConnectionError("no route to host\nand a page of advice"), OSError("no route to host")]
)
def test_what_the_hub_does_not_give_out_is_unknown(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(loading, "snapshot_download", download)
    with pytest.raises(UnknownEncoderError) as caught:
        find("org/model")
    assert str(caught.value) == (
        "hf:org/model cannot be had from the hub: no route to host; "
        "check the name, log in if it is gated, or give a folder: hf:/path/to/model"
    )


def test_a_name_that_cannot_be_one_is_unknown() -> None:
    # The hub's client refuses it before it asks anybody.
    with pytest.raises(UnknownEncoderError, match="cannot be had from the hub"):
        find("--what--")


def changed(tiny: Tiny, folder: Path, file: str, content: str | None) -> str:
    shutil.copytree(tiny("bert"), folder)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    return str(folder)


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"model_type": "never-heard-of"}'])
def test_a_configuration_that_cannot_be_used_is_one_line(tiny: Tiny, tmp_path: Path, content: str) -> None:
    source = find(changed(tiny, tmp_path / "odd", "config.json", content))
    with pytest.raises(ValueError, match=r"hf:odd: its config\.json cannot be used: ") as caught:
        read_config(source)
    assert "\n" not in str(caught.value)


def test_missing_weights_are_named(tiny: Tiny, tmp_path: Path) -> None:
    source = find(changed(tiny, tmp_path / "empty", "model.safetensors", None))
    with pytest.raises(ValueError, match=r"has neither model\.safetensors nor pytorch_model\.bin"):
        read_model(source, BertConfig(), torch.float32)


def test_damaged_weights_are_named(tiny: Tiny, tmp_path: Path) -> None:
    source = find(changed(tiny, tmp_path / "damaged", "model.safetensors", "no tensors"))
    with pytest.raises(ValueError, match="hf:damaged: its weights cannot be loaded: "):
        read_model(source, read_config(source), torch.float32)


def test_code_in_a_folder_is_never_run(tiny: Tiny, tmp_path: Path) -> None:
    said = '{"model_type": "own", "auto_map": {"AutoConfig": "code.Config"}}'
    source = find(changed(tiny, tmp_path / "own", "config.json", said))
    (source.folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ValueError, match="hf:own: its config"):
        read_config(source)
    assert not (tmp_path / "ran").exists()


def test_the_digest_covers_what_decides_a_vector_and_nothing_else(tiny: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny("bert"), folder)
    source, before = find(str(folder)), find(str(tiny("bert"))).digest()
    (folder / "README.md").write_text("how it was trained")
    assert source.digest() == before
    digests = {before}
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        with (folder / name).open("r+b") as file:
            file.seek(-1, 2)
            last = file.read(1)
            file.seek(-1, 2)
            file.write(bytes([last[0] ^ 1]))
        digests.add(source.digest())
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    digests.add(source.digest())
    assert len(digests) == 5


def test_first_line_of_an_error_without_text() -> None:
    assert first_line(KeyError()) == "KeyError"
    errors: list[Any] = [ValueError("one\ntwo"), RuntimeError("\n one \n")]
    assert [first_line(error) for error in errors] == ["one", "one"]
