"""Every setting, typed, validated once at the start and documented beneath itself."""

import difflib
import json
import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import inf
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as NotJsonError

from encoders.modalities import MODALITY_BITS

PREFIX = "FRESHET_"
TEXT_ONLY = {"image_encoder": "none", "audio_encoder": "none", "video_encoder": "none"}
"""Settings that load no encoder of files, where there are none."""
APART = {
    "pseudonyms": "", "pseudonym_key_file": None, "pseudonym_key_command": "",
    "store": "", "metrics_port": 0,
}  # fmt: skip
"""Settings of what runs beside a deployment with made-up or public users, as benches, the demo, the soak and `freshet
fuzz` do: no pseudonyms, and neither the deployment's snapshots nor its workers' port."""
ON_OWN_KAFKA = {**APART, "topic_prefix": "", "kafka_security_protocol": "PLAINTEXT", "kafka_replication": 1}
"""And of what runs on a Kafka of its own, one broker that asks nobody who they are."""


class SettingsError(ValueError):
    """A setting is missing, unknown or wrong; the message is one line that says which, and what to try."""


class Arm(BaseModel, frozen=True, extra="forbid"):
    """What an arm of a comparison does otherwise than the deployment; what is not given stays as it is."""

    share: float = Field(default=1.0, gt=0)
    """Of the users, in any unit."""
    diversity: float | None = Field(default=None, ge=0, lt=1)
    diversifier: Literal["dpp", "mmr", "calibrated"] | None = None
    explore: int | None = Field(default=None, ge=0, le=50)
    ranking: Literal["learned", "blend"] = "learned"
    """What ranks: the network once it is learned, or the fixed blend."""


class Settings(BaseSettings):
    """What an operator can change, as environment variables with the prefix FRESHET_ (`FRESHET_KAFKA=…`)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    kafka: str = ""
    """`host:port[,host:port…]` of a Kafka cluster; empty: the embedded broker that runs in `home`."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to talk to the cluster; certificates are always verified."""
    kafka_ssl_cafile: Path | None = None
    """PEM file of the authorities to trust; without it, the system's."""
    kafka_ssl_certfile: Path | None = None
    """PEM file of the client's certificate, for mutual TLS."""
    kafka_ssl_keyfile: Path | None = None
    """PEM file of the client's private key, for mutual TLS."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How to log in where the protocol is SASL_…"""
    kafka_sasl_username: str = ""
    """User name for SASL."""
    kafka_sasl_password: SecretStr = SecretStr("")
    """Password for SASL; never logged."""
    kafka_replication: int = Field(default=1, ge=1, le=10)
    """Copies of each partition that `freshet topics create` asks for."""

    topic_prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]*$", max_length=64)
    """Set before every topic's and group's name; separates tenants on one cluster."""
    partitions: int = Field(default=12, ge=1, le=1000)
    """Partitions of the user topics; fixed once the topics exist, since an id's home depends on it."""

    home: Path = Path(".freshet")
    """Where the embedded broker, each worker's metrics address and scratch files and, unless `store` is set, snapshots
    live."""
    store: str = ""
    """Folder or fsspec URL (`s3://…`) for snapshots; empty: `home`/store."""
    store_key_file: Path | None = None
    """File of keys that snapshots are encrypted with (AES-256-GCM): each a line of 32 bytes in base64, as `openssl rand
    -base64 32` makes them. The last one writes, all read: to change keys, add a line."""
    store_key_command: str = ""
    """Command that prints what would be in `store_key_file`, run at a worker's start, without a shell. Its arguments
    are in the process list while it runs: no secret belongs there."""
    store_key_required: bool = False
    """Whether a snapshot that is not encrypted is refused, instead of read as one from before there were keys."""

    pseudonym_key_file: Path | None = None
    """File of keys that users' ids become pseudonyms by, as in `store_key_file`: the last one makes them, users are
    found under all. For whoever names users, with `freshet produce`, `lists` and the like; no worker needs it."""
    pseudonym_key_command: str = ""
    """Command that prints what would be in `pseudonym_key_file`, run as `store_key_command`."""
    pseudonyms: str = ""
    """The ids of the keys whose pseudonyms are taken, the eight digits that these begin with, with commas between. Then
    workers refuse events and requests of anybody else and keep nothing of them, and no tool sends a user's own id."""
    dead_letters: Literal["whole", "reasons"] | None = None
    """What is kept of refused events: all of it, or where they lie, their sizes, and reasons that quote nothing. Unless
    set: all of it, and reasons where `pseudonyms` is set, since what cannot be read may have anybody's id in it."""

    text_encoder: str = "minilm"
    """Text encoder: minilm, wordllama (fast), hashing (for tests); hf:NAME or hf:/FOLDER; compressed:/FOLDER; none."""
    image_encoder: str = "efficientnet"
    """Image encoder: efficientnet; hf:NAME or hf:/FOLDER for any of `transformers`; compressed:/FOLDER; none."""
    audio_encoder: str = "speech"
    """Audio encoder: speech; hf:NAME or hf:/FOLDER; compressed:/FOLDER; none."""
    video_encoder: str = "frames"
    """Video encoder: frames (the pictures by efficientnet, and their change); hf:NAME or hf:/FOLDER;
    compressed:/FOLDER; none."""
    location_encoder: str = "sphere"
    """Place encoder: sphere, or none."""
    image_denoise: bool = False
    """Whether pictures are freed of single wrong pixels before they are encoded. Changing it is a change of encoder."""
    audio_denoise: bool = False
    """Whether sounds, those of videos too, are freed of steady noise. Changing it is a change of encoder."""
    device: str = "auto"
    """Where encoders run: auto, cpu, cuda or cuda:N."""
    encode_batch_items: int = Field(default=32, ge=1, le=4096)
    """Entries encoded in one go at most; files' batches are smaller where they would take too long."""
    files_at_once: int = Field(default=32, ge=1, le=1024)
    """Items whose files are in work at a time, a quarter of them in the network: 1024 or so for a GPU. No more than
    a quarter wait for one host. With `fetch_bytes` it bounds an encode worker's memory."""
    files_waiting: int = Field(default=10_000, ge=1)
    """Items that may wait for their files before no more media events are read; those that wait for a slow host do not
    count."""
    fetch_again_s: float = Field(default=300.0, ge=1)
    """After how long a file is tried again that could not be had for a passing reason."""
    fetch_bytes: int = Field(default=64 * 2**20, ge=1, le=2**31)
    """The largest file, packed or unpacked."""
    fetch_concurrency: int = Field(default=16, ge=1, le=256)
    """Files fetched at once, a quarter of them from one host; times `fetch_bytes`, the memory it takes at worst."""
    fetch_timeout_s: float = Field(default=20.0, gt=0, le=3600)
    """How long fetching a file may take: redirects, attempts and pauses together, waiting for its turn not."""
    fetch_attempts: int = Field(default=3, ge=1, le=10)
    """How often a file is asked for while the reason may pass."""
    fetch_allowed_networks: str = ""
    """Networks that may be fetched from although they are not public: `10.0.0.0/8,fd00::/8`. Whoever sends media
    events can make the workers ask whatever is in them."""
    media_folder: Path | None = None
    """Folder below which `file:` URLs are read; without it, none are."""

    list_length: int = Field(default=10, ge=1, le=100)
    """K: the items in a user's list."""
    repeats: Literal["allow", "hide"] = "allow"
    """Whether items a user already had may be in the list: allow for groceries, hide for films."""
    again_after_days: float = Field(default=inf, gt=0)
    """With `repeats` hide: so many days after a user had an item it may be in the list again, counted up to the user's
    newest event; unless given, never."""
    diversity: float = Field(default=0.0, ge=0, lt=1)
    """How much the variety of a list counts beside the chances of its items: 0 not at all. What a value costs in
    accuracy and gains in variety on your own data, `freshet evaluate … --diversity-curve` prints."""
    diversifier: Literal["dpp", "mmr", "calibrated"] = "dpp"
    """How a varied list is chosen: as a determinantal point process, by maximal marginal relevance, or so that
    categories and tags have the shares that they have of what the user had."""
    refresh_after_hours: float = Field(default=24.0, ge=0)
    """Age at which the list of a user who does nothing is made again, with what trends and what was learned since. It
    takes a tenth of a recommend worker's time at most. 0: never."""
    explore: int = Field(default=0, ge=0, le=50)
    """Last places of a list that go to new items which few were shown yet, at most half of it."""
    arms: dict[Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,32}$")], Arm] = Field(
        default={}, max_length=16
    )
    """Variants to compare, as JSON: `{"control": {}, "varied": {"diversity": 0.4, "share": 0.5}}`. An arm can
    have its own `diversity`, `diversifier`, `explore` and `ranking` (`learned` or `blend`). Users are split among them
    by a hash of their ids; all of them learn from everybody."""
    fusion: Literal["fixed", "concatenation", "weighted_mean", "attention"] | None = None
    """How an item's modalities become the vector that lists compare by: by a tower that is learned from what is had
    after what, with a tenth of the learner's time, or by fixed projections. Unset: `weighted_mean`, and `fixed` with
    `FRESHET_DP_EPSILON`, which covers no learned fusion. `freshet evaluate --fusion` says what it is worth on your own
    data."""
    item_capacity: int = Field(default=262_144, ge=1024)
    """Items whose statistics are kept; what nobody had yet makes room first, but for a
    quarter of all, then what was had longest ago."""
    teach_again_after_days: float = Field(default=0.0, ge=0, le=3650)
    """How long after a user had an item statistics hear of it from the same user again: against bots that push an item
    over and over. 0: always. 7 costs nothing where people rarely have a thing again, and some accuracy in groceries;
    what it keeps out and costs, `freshet bench poison` prints."""
    events_per_minute: int = Field(default=0, ge=0)
    """How many interactions of one user are taken in a minute of Kafka's clock; more are refused as `too_many`. 0: any
    number. Against scripts and clients that run wild; load history before you set it."""
    rules: Path | None = None
    """TOML file of business rules; the topic `rules` (`freshet rules put`) has precedence over it."""
    search_modalities: str = "text,image,audio"
    """What items can be searched by, and compared by alone: of text, image, audio, video and location, with commas
    between. In each recommend worker every 100,000 vectors take 39 MB. Empty: search is off."""
    live_users: int = Field(default=10_000, ge=1)
    """Users whose state a recommend worker keeps unpacked; the others' lies packed, some 2 kB each."""

    snapshot_interval_s: float = Field(default=30.0, gt=0)
    """How often the learner saves the statistics from which every worker starts."""
    publish_interval_s: float = Field(default=2.0, gt=0)
    """How often the learner publishes its progress."""
    learn_lists_per_s: float = Field(default=100.0, ge=0)
    """Lists a second whose candidates each recommend worker hands to the learner, which learns to rank from them: 10 kB
    each in `examples`. 0: nothing is learned, and lists are ranked by the fixed blend."""
    dp_epsilon: float | None = Field(default=None, gt=0, le=100)
    """Has the ranking learned with differential privacy: how much of any one user its weights may give away, over the
    user's whole life, 8 for instance; a larger one later lets users be learned from again. Not set: learned without.
    What is covered and what is not is in [security](security.md#differential-privacy); `freshet evaluate --dp` says
    what it costs on your own data."""
    dp_delta: float = Field(default=1e-6, gt=0, lt=1)
    """With `dp_epsilon`: the probability that more is given away; well below one in the number of users."""
    instance: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]*$")
    """A worker's name within its role, unique and the same after a restart (the supervisor gives one): it
    then takes its partitions up again at once, instead of when its former session has run out."""
    session_timeout_s: float = Field(default=10.0, ge=6, le=300)
    """How long a worker may be silent before another takes over its partitions."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of a worker's Prometheus metrics; 0 picks a free one."""
    metrics_host: str = "127.0.0.1"
    """Address that the metrics are served on; they hold no ids, but who may read them is for you to say. `/audit`
    there tells whether the worker holds anything of a user or an item that is named."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """What workers say on standard error."""
    log_content: bool = False
    """Whether workers' logs may hold what users did and who they are: ids, the words of errors, what libraries print
    with DEBUG. Without it there are places in topics, kinds of errors, and where in the code they arose."""

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        given = {
            "username": self.kafka_sasl_username,
            "password": self.kafka_sasl_password.get_secret_value(),
        }
        if self.kafka_security_protocol.startswith("SASL") and (
            empty := [k for k, v in given.items() if not v]
        ):
            msg = f"kafka_security_protocol is SASL_…, but kafka_sasl_{empty[0]} is empty"
            raise ValueError(msg)
        if (self.kafka_ssl_certfile is None) != (self.kafka_ssl_keyfile is None):
            msg = "kafka_ssl_certfile and kafka_ssl_keyfile go together: set both or neither"
            raise ValueError(msg)
        if self.store_key_file is not None and self.store_key_command:
            msg = "store_key_file and store_key_command are two sources of the same keys: set one"
            raise ValueError(msg)
        if self.store_key_required and self.store_key_file is None and not self.store_key_command:
            msg = "store_key_required needs keys: set store_key_file or store_key_command"
            raise ValueError(msg)
        if self.dp_epsilon is not None and self.fusion not in (None, "fixed"):
            msg = f"dp_epsilon covers no learned fusion: leave fusion fixed, or dp_epsilon out; got {self.fusion}"
            raise ValueError(msg)
        if self.pseudonym_key_file is not None and self.pseudonym_key_command:
            msg = "pseudonym_key_file and pseudonym_key_command are two sources of the same keys: set one"
            raise ValueError(msg)
        if wrong := [given for given in self.pseudonym_keys if not re.fullmatch("[0-9a-f]{8}", given)]:
            msg = f"pseudonyms: {wrong[0]!r} is no key's id, the eight digits that `freshet pseudonym x` begins with"
            raise ValueError(msg)
        if unknown := [name for name in self.searched if name not in MODALITY_BITS]:
            msg = f"search_modalities: {unknown[0]!r} is none of {', '.join(MODALITY_BITS)}"
            raise ValueError(msg)
        try:
            _ = self.fetch_networks
        except ValueError as error:
            msg = f"fetch_allowed_networks: {error}; it takes networks like 10.0.0.0/8, with commas between"
            raise ValueError(msg) from None
        return self

    @property
    def fetch_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks of `fetch_allowed_networks`."""
        return [ip_network(part) for part in _parts(self.fetch_allowed_networks)]

    @property
    def pseudonym_keys(self) -> tuple[str, ...]:
        """The ids of `pseudonyms`; empty where users have their own ids."""
        return tuple(_parts(self.pseudonyms))

    @property
    def keeps_refused(self) -> bool:
        """Whether dead letters hold what was refused."""
        return self.dead_letters == "whole" or (self.dead_letters is None and not self.pseudonyms)

    @property
    def arm_shares(self) -> dict[str, float]:
        """The share of the users that each arm has, in any unit; empty where nothing is compared."""
        return {name: arm.share for name, arm in self.arms.items()}

    @property
    def searched(self) -> tuple[str, ...]:
        """The modalities of `search_modalities`."""
        return tuple(_parts(self.search_modalities))

    def denoise(self, modality: str) -> bool:
        """Whether that is to be freed of noise; False for what never is."""
        return {"image": self.image_denoise, "audio": self.audio_denoise}.get(modality, False)

    @property
    def store_url(self) -> str:
        """The store's folder or URL."""
        return self.store or str(self.home / "store")


def _parts(given: str) -> list[str]:
    """What stands between commas, where there is anything."""
    return [part.strip() for part in given.split(",") if part.strip()]


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the environment.

    Raises:
        SettingsError: An unknown FRESHET_ variable (with the nearest known name), or a wrong value.
    """
    names = {PREFIX + name.upper() for name in Settings.model_fields}
    for given in os.environ if environ is None else environ:
        if given.startswith(PREFIX) and given not in names:
            near = difflib.get_close_matches(given, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(names))}"
            msg = f"unknown setting {given}: {hint}"
            raise SettingsError(msg)
    try:
        return Settings()
    except NotJsonError as exc:
        msg = f'{PREFIX}ARMS: {exc.__cause__}; it is JSON, as {{"control": {{}}, "varied": {{"diversity": 0.4}}}}'
        raise SettingsError(msg) from None
    except ValidationError as exc:
        first = exc.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "settings"
        got = "" if "password" in name.lower() or not first["loc"] else f", got {first['input']!r}"
        msg = f"{name}: {first['msg'].removeprefix('Value error, ')}{got}"
        raise SettingsError(msg) from None


def child_environ(settings: Settings) -> dict[str, str]:
    """The whole environment of a child process: this one's, with these settings in the place of those given here."""
    return {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)} | to_environ(settings)


def to_environ(settings: Settings) -> dict[str, str]:
    """The settings as variables of an environment."""
    values = settings.model_dump(mode="json", exclude_defaults=True)
    password = settings.kafka_sasl_password.get_secret_value()
    if password:
        values["kafka_sasl_password"] = password
    return {
        PREFIX + name.upper(): json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in values.items()
    }
