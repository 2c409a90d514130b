from pathlib import Path

import av
import pytest

from encoders import audio_track, video_track
from encoders.container import opened
from tests.clips import clock, encode_clip, even_times

CLIP = encode_clip(clock(0.4), even_times(0.4), "mpegts", "mpeg2video", ticks=25)


@pytest.mark.parametrize("formats", [audio_track.FORMATS, video_track.FORMATS])
@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
    ],
)
def test_an_entry_cannot_name_other_files(playlist: str, formats: str, tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(CLIP)
    with pytest.raises(av.FFmpegError), opened(playlist.format(path=path).encode(), formats):
        pass


def test_a_format_that_is_not_named_is_refused() -> None:
    with opened(CLIP, "mp4 mpegts") as container:
        assert container.streams.video
    with pytest.raises(av.FFmpegError), opened(CLIP, "mp4 wav"):
        pass
