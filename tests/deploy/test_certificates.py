import stat
from pathlib import Path

from cryptography import x509

from deploy.certificates import Authority
from deploy.secure_listeners import SecureListeners


def test_a_certificate_is_its_authoritys_and_its_key_nobody_elses(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    issuer = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    certificate, key = authority.issue("broker", ("localhost", "127.0.0.1"))
    issued = x509.load_pem_x509_certificate(certificate.read_bytes())
    issued.verify_directly_issued_by(issuer)
    names = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_secure_broker_lets_nobody_be_the_broker_by_password(tmp_path: Path) -> None:
    listeners = SecureListeners(tmp_path, {"ada": "word"})
    said = listeners.properties(1, 2)
    assert said["allow.everyone.if.no.acl.found"] == "false"
    assert 'user_ada="word"' in said["listener.name.sasl_ssl.plain.sasl.jaas.config"]
    assert "user_broker" not in str(said)
    assert stat.S_IMODE((tmp_path / "broker-store.pem").stat().st_mode) == 0o600
