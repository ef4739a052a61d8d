"""Whom an address stands for."""

from __future__ import annotations

import pytest

from bigboard.gateway.address import client_address, counted_as


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("/run/bigboard.sock", "unknown"),
    ],
)
def test_an_address_is_counted_by_its_customer(address: str, counted: str) -> None:
    assert counted_as(address) == counted


def test_a_request_without_an_address_is_counted_too() -> None:
    assert client_address({"type": "http", "client": None}) == "unknown"
    assert client_address({"type": "http", "client": ("192.0.2.1", 5)}) == "192.0.2.1"
