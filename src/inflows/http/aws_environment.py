"""What the standard AWS environment names say: credentials, region, endpoint, unsigned access."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from inflows.errors import UsageError

_TRUE: Final = ("1", "true", "yes", "on")
_OTHER_CREDENTIALS: Final = (
    "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


def options(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the standard AWS environment names say, as arguments of a file system."""

    def first(*names: str) -> str:
        return next((environment[name] for name in names if environment.get(name)), "")

    found: dict[str, Any] = {}
    endpoint = first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    if endpoint:
        parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                "AWS_ENDPOINT_URL is no address of a server.", "Write it as http://127.0.0.1:9000."
            )
        found |= {"endpoint_override": parts.netloc.rpartition("@")[2], "scheme": parts.scheme}
    region = first("AWS_REGION", "AWS_DEFAULT_REGION")
    if region:
        found["region"] = region
    bundle = first("AWS_CA_BUNDLE")
    if bundle and Path(bundle).is_file():
        found["tls_ca_file_path"] = bundle
    unsigned = first("AWS_SKIP_SIGNATURE", "AWS_NO_SIGN_REQUEST").lower() in _TRUE
    key, secret = first("AWS_ACCESS_KEY_ID"), first("AWS_SECRET_ACCESS_KEY")
    if not unsigned and bool(key) != bool(secret):
        raise UsageError(
            "Only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set.",
            "Set both, or AWS_SKIP_SIGNATURE=true for a public bucket.",
        )
    if key and not unsigned:
        found |= {"access_key": key, "secret_key": secret}
        if first("AWS_SESSION_TOKEN"):
            found["session_token"] = first("AWS_SESSION_TOKEN")
    elif unsigned or not _has_other_credentials(environment):
        found["anonymous"] = True
    return found


def _has_other_credentials(environment: Mapping[str, str]) -> bool:
    home = environment.get("HOME", "")
    return any(environment.get(name) for name in _OTHER_CREDENTIALS) or (
        bool(home) and (Path(home) / ".aws" / "credentials").is_file()
    )
