from ipaddress import ip_network
from pathlib import Path

import pytest

from streams.fuzz.run import Fuzz
from streams.settings import Settings, SettingsError, load, to_environ
from streams.soak.run import Soak


def test_defaults_need_no_environment() -> None:
    assert load({}).partitions == 12


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match=r"unknown setting FRESHET_KAFKKA: did you mean FRESHET_KAFKA\?"):
        load({"FRESHET_KAFKKA": "x"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FRESHET_PARTITIONS", "many", "FRESHET_PARTITIONS: .* got 'many'"),
        ("FRESHET_LIST_LENGTH", "0", "FRESHET_LIST_LENGTH: .* got '0'"),
        ("FRESHET_REPEATS", "never", "FRESHET_REPEATS: .* got 'never'"),
        ("FRESHET_KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "kafka_sasl_username is empty"),
        ("FRESHET_KAFKA_SSL_CERTFILE", "c.pem", "set both or neither"),
        ("FRESHET_FETCH_ALLOWED_NETWORKS", "10.0.0.0/8,lan", "'lan' does not appear .* with commas between"),
        ("FRESHET_STORE_KEY_REQUIRED", "true", "store_key_required needs keys"),
        ("FRESHET_DP_EPSILON", "0", "FRESHET_DP_EPSILON: Input should be greater than 0, got '0'"),
        ("FRESHET_FETCH_ALLOWED_NETWORKS", "10.0.0.1/8", "has host bits set"),
    ],
)
def test_a_wrong_value_is_one_line_with_name_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said) as raised:
        load()
    assert "\n" not in str(raised.value)


def test_a_fusion_that_is_learned_without_privacy_is_refused_where_privacy_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"dp_epsilon covers no learned fusion: .* got attention"):
        Settings(dp_epsilon=8.0, fusion="attention")


def test_allowed_networks_are_read_and_survive_the_way_to_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().fetch_networks == []
    given = Settings(fetch_allowed_networks=" 10.0.0.0/8, fd00::/8,")
    assert given.fetch_networks == [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    for name, value in to_environ(given).items():
        monkeypatch.setenv(name, value)
    assert load() == given


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHET_KAFKA_SASL_PASSWORD", "hunter2")
    assert "hunter2" not in repr(load())


def test_a_user_without_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="kafka_sasl_password is empty"):
        Settings(kafka_security_protocol="SASL_SSL", kafka_sasl_username="ada")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().partitions = 3


def test_arms_are_json_and_survive_the_way_to_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHET_ARMS", '{"control": {}, "varied": {"diversity": 0.4, "share": 0.5}}')
    loaded = load()
    assert loaded.arms["varied"].diversity == 0.4
    monkeypatch.setenv("FRESHET_ARMS", to_environ(loaded)["FRESHET_ARMS"])
    assert load() == loaded


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("control,varied", "FRESHET_ARMS: .*JSON"),
        ('{"varied": {"diversty": 0.4}}', "FRESHET_ARMS_VARIED_DIVERSTY: Extra inputs are not permitted"),
        ('{"varied": {"share": 0}}', "FRESHET_ARMS_VARIED_SHARE: Input should be greater than 0"),
        ('{"so varied": {}}', "FRESHET_ARMS_SO VARIED"),
    ],
)
def test_wrong_arms_are_named(given: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHET_ARMS", given)
    with pytest.raises(SettingsError, match=said):
        load()


def test_what_runs_on_a_kafka_of_its_own_leaves_the_deployments_store_and_ports_alone(tmp_path: Path) -> None:
    deployed = Settings(
        home=tmp_path / "home", store=str(tmp_path / "snapshots"), topic_prefix="shop-", kafka="far:9093",
        kafka_security_protocol="SSL", kafka_replication=3, metrics_port=9100, pseudonyms="0123abcd",
    )  # fmt: skip
    for name, run in (
        ("soak", Soak(deployed, 1, 1, 10, 1, lambda _: None)),
        ("fuzz", Fuzz(deployed, 1, 10, 1, 1)),
    ):
        own = run._settings
        assert own.store_url == str(tmp_path / "home" / name / "store")
        assert (own.topic_prefix, own.kafka_security_protocol, own.kafka_replication) == ("", "PLAINTEXT", 1)
        assert (own.metrics_port, own.pseudonyms) == (0, "")
