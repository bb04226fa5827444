"""A certificate of a fake's own is good for its name, its address and its time."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509

from tocsin.testing.certificate import self_made

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_names_the_host_and_its_address() -> None:
    made = x509.load_pem_x509_certificate(self_made("localhost", "127.0.0.1", now=NOW).pem)

    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]
    assert made.not_valid_before_utc == NOW - timedelta(days=1)
    assert made.not_valid_after_utc == NOW + timedelta(days=30)


def test_a_server_can_be_given_it() -> None:
    context = self_made("localhost", "127.0.0.1", now=NOW).context()

    assert context.protocol is ssl.PROTOCOL_TLS_SERVER
