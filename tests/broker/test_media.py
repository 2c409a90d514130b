"""Raw media on real Kafka: files of every modality become vectors, failures are named, and nothing waits for them."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from confluent_kafka import Message

from encoders.modalities import modality_mask
from streams.embeddings import Embedding, decode_embedding
from streams.publications import ITEM_PREFIX
from tests.broker.client import Client, value_of
from tests.broker.river import River
from tests.clips import encode_clip, encode_sound, even_times, moving_disc, sine
from tests.pictures import jpeg, picture

SLOW_S = 8.0
PICTURE = jpeg(picture(1))
SOUND = encode_sound(sine(2.0))
CLIP = encode_clip(moving_disc((250, 60, 40), (30, 60, 120)), even_times(2.0), tone=sine(2.0))
FILES = {
    "/picture": PICTURE,
    "/broken": b"\xff\xd8\xff\xe0 no picture at all",
    "/page": b"<html>Sign in</html>",
}


class Shelf(BaseHTTPRequestHandler):
    """A web server with a few files, some of them trouble."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(SLOW_S)
        data = FILES.get(self.path.replace("/slow", "/picture"))
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def client(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    prefix = f"media-{time.time_ns()}-"
    folder = tmp_path_factory.mktemp("files")
    (folder / "clip.mp4").write_bytes(CLIP)
    river = River(
        kafka, prefix, tmp_path_factory.mktemp("media"), image_encoder="efficientnet", audio_encoder="speech",
        video_encoder="frames", media_folder=folder, fetch_allowed_networks="127.0.0.0/8", fetch_attempts=1,
    )  # fmt: skip
    client = Client(kafka, prefix)
    with river.workers(encode=1, learn=1):
        client.send("media", {"item_id": "clip", "video": {"url": (folder / "clip.mp4").as_uri()}}, "clip")
        yield client
    client.close()


def document(client: Client, item_id: str, is_wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The first document of the item that is as wanted."""

    def fits(message: Message) -> bool:
        return message.key() == item_id.encode() and bool(is_wanted(value_of(message)))

    return value_of(client.wait("items", fits))


def complete(*modalities: Any) -> Callable[[dict[str, Any]], bool]:  # noqa: ANN401  # Modality
    return lambda found: found.get("modalities") == modality_mask(modalities)


def newest_embedding(client: Client, item_id: str) -> Embedding:
    found = [m.value() for m in client.read_to_end("embeddings") if m.key() == item_id.encode()]
    return decode_embedding(found[-1] or b"")


def test_a_picture_is_fetched_while_the_title_is_listed_at_once(client: Client, shelf: str) -> None:
    client.send("media", {"item_id": "photo", "title": "Teapot", "image": {"url": f"{shelf}/slow"}}, "photo")
    document(client, "photo", complete("text"))
    # Whatever one file takes, others do not wait for it.
    client.send("media", {"item_id": "quick", "image": {"url": f"{shelf}/picture"}}, "quick")
    document(client, "quick", complete("image"))
    document(client, "photo", complete("text", "image"))
    slow, quick = (newest_embedding(client, item_id).modalities["image"] for item_id in ("photo", "quick"))
    assert slow.vector == quick.vector
    vector = np.frombuffer(quick.vector, np.float16).astype(np.float32)
    assert vector.shape == (384,)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-2


def test_a_clip_gives_pictures_and_sound(client: Client) -> None:
    document(client, "clip", complete("video", "audio"))
    assert set(newest_embedding(client, "clip").modalities) == {"video", "audio"}


def test_inline_sound_and_a_place(client: Client) -> None:
    data = base64.b64encode(SOUND).decode()
    client.send(
        "media",
        {"item_id": "song", "audio": {"data": data, "format": "m4a"}, "location": {"lat": 48.1, "lon": 11.6}},
        "song",
    )
    document(client, "song", complete("location"))
    document(client, "song", complete("audio", "location"))


@pytest.mark.parametrize(
    ("item_id", "medium", "reason"),
    [
        ("gone", {"url": "{shelf}/nothing"}, "404"),
        ("broken", {"url": "{shelf}/broken"}, "image"),
        ("page", {"url": "{shelf}/page"}, "HTML"),
        ("private", {"url": "http://169.254.169.254/meta"}, "169.254.169.254"),
        ("outside", {"url": "file:///etc/hostname"}, "FRESHET_MEDIA_FOLDER"),
        ("not base64", {"data": "no base64!"}, "base64"),
    ],
)
def test_a_file_that_cannot_be_had_leaves_the_item_with_the_reason(
    client: Client, shelf: str, item_id: str, medium: dict[str, str], reason: str
) -> None:
    image = {name: value.replace("{shelf}", shelf) for name, value in medium.items()}
    client.send("media", {"item_id": item_id, "title": "Teapot", "image": image}, item_id)
    found = document(client, item_id, lambda one: one.get("encode_errors"))
    assert reason in found["encode_errors"]["image"]
    assert found["modalities"] == modality_mask(["text"])


def test_the_learner_publishes_a_vector_of_all_that_there_is(client: Client) -> None:
    client.wait("model", lambda message: message.key() == ITEM_PREFIX + b"clip")


def test_nothing_of_this_is_a_dead_letter(client: Client) -> None:
    assert client.read_to_end("dead-letters") == []
