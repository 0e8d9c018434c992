from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from forger import OURS, STRANGER, Signer, license_token
from licensing.client import verify_license
from licensing.pinned_keys import read_pinned_keys
from licensing.question import DEFAULT_ISSUER
from vendor import UUID, check, question


@pytest.mark.parametrize(("series", "version"), [("17.0", "17"), ("18.0", "18"), ("saas~18.2", "18"), ("19.0", "19")])
def test_the_series_counts_by_its_leading_number(series: str, version: str) -> None:
    assert question(series).installation.version == version


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://ERP.acme.test:8069", "ERP.acme.test:8069"),
        ("http://localhost:8069/", "localhost:8069"),
        ("https://erp.acme.test:443/odoo?x=1", "erp.acme.test:443"),
        ("https://erp.acme.test", "erp.acme.test"),
        ("erp.acme.test", ""),
        ("https://[", ""),
        (None, ""),
    ],
)
def test_the_domain_is_the_netloc_of_the_address_with_its_port_and_case(url: str | None, domain: str) -> None:
    assert question(web__base__url=url).installation.domain == domain


def test_the_fingerprint_is_that_of_the_deployed_add_on() -> None:
    expected = "sha256:" + hashlib.sha256(f"{UUID}:ERP.acme.test:8069".encode()).hexdigest()
    assert question().installation.fingerprint == expected
    assert question(database__uuid=None).installation.fingerprint is None
    bound = license_token(instance_fingerprint=expected)
    assert check(bound)["state"] == "valid"
    assert check(bound, web__base__url="https://erp.acme.test:8069")["code"] == "INSTANCE_MISMATCH"
    assert check(bound, web__base__url=None)["code"] == "INSTANCE_REQUIRED"


def test_issuer_and_server() -> None:
    asked = question(aegis__issuer=None)
    assert (asked.issuers, asked.server) == ((DEFAULT_ISSUER,), "https://license.biz4a.com")
    asked = question(aegis__issuer=" https://a.test,\n https://b.test ", aegis__server="https://c.test/")
    assert (asked.issuers, asked.server) == (("https://a.test", "https://b.test"), "https://c.test")
    # Without TLS, or not an address: seats need a server, verification does not.
    assert question(aegis__server="http://c.test").server is None
    assert question(aegis__issuer="acme").server is None


def test_each_file_is_a_key_named_by_its_kid(tmp_path: Path) -> None:
    other = Signer("k2", 4)
    (tmp_path / "k1.public.pem").write_text(OURS.pem)
    (tmp_path / "k2.pem").write_text(other.pem)
    (tmp_path / "README").write_text("not a key")
    keys = read_pinned_keys(tmp_path)
    options = {"issuer": "https://license.acme.test", "module": "payroll", "version": "17", "now": 1_800_000_000}
    codes = [
        verify_license(license_token(signer), keys=keys, **options).code
        for signer in (OURS, other, STRANGER, Signer("k3", 1))
    ]
    assert codes == ["VALID", "VALID", "SIGNATURE_INVALID", "UNKNOWN_KEY"]


def test_a_file_that_is_not_a_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "k1.public.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    with pytest.raises(ValueError, match=r"^k1\.public\.pem: "):
        read_pinned_keys(tmp_path)
