"""TLS on the ports: the certificate and its key, checked before anything listens."""

from __future__ import annotations

import ssl
from pathlib import Path
from time import gmtime, strftime

__all__ = ["CertificateError", "certificate_trouble", "tls_context"]

_DAY_S = 86_400
_SOON_S = 14 * _DAY_S


class CertificateError(Exception):
    """A file that does not serve; ``about_key`` says which of the two."""

    def __init__(self, message: str, *, about_key: bool = False) -> None:
        super().__init__(message)
        self.about_key = about_key


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 and later with the certificate chain and key of these PEM files. Raises ``CertificateError``."""
    _read(certificate, "BEGIN CERTIFICATE", "certificate", about_key=False)
    _read(key, "PRIVATE KEY", "private key", about_key=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # To shake hands again on an open connection costs the server far more than the client.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(_path(certificate), _path(key), password=lambda: _has_password(key))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError(
                f"{key} is not the key of the certificate in {certificate}", about_key=True
            ) from None
        reason = (error.reason or "not valid").lower().replace("_", " ")
        raise CertificateError(f"{certificate} with {key} cannot be used ({reason})") from None
    return context


def certificate_trouble(context: ssl.SSLContext, certificate: str, now_s: float) -> str | None:
    """What clients will say, or soon say, to the dates of this certificate; ``None`` if nothing. ``now_s`` is wall time.

    The standard library tells the dates of a certificate only to a client that has verified it. So one is asked: it shakes
    hands with the server in memory, and trusts this very certificate.
    """
    client = ssl.create_default_context(cafile=_path(certificate))
    client.check_hostname = False
    client.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN  # to trust it although nobody vouches for it
    try:
        end = _end_s(client, context)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message  # such as: certificate has expired
    if end - now_s > _SOON_S:
        return None
    return f"certificate expires on {strftime('%Y-%m-%d', gmtime(end))}"


def _end_s(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> float:
    """The moment at which the server's certificate ends."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client):  # a flight each way, and the client has seen the certificate
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = client.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))


def _read(file: str, marker: str, what: str, *, about_key: bool) -> None:
    try:
        text = Path(_path(file)).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise CertificateError(f"cannot read {file} ({error.strerror})", about_key=about_key) from None
    if marker not in text:
        raise CertificateError(f"there is no {what} in {file}: it must be a PEM file", about_key=about_key)


def _has_password(key: str) -> str:
    raise CertificateError(
        f"{key} has a password, which nobody is there to type: take it off with `openssl pkey -in {key} -out NEW`,"
        " and let nobody but the server read the result",
        about_key=True,
    )


def _path(file: str) -> str:
    return str(Path(file).expanduser())
