"""Every setting is documented, and addresses and keys of services are settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from inflows.settings import Settings, load_settings

DOCS = Path(__file__).parents[1] / "docs" / "commands.md"
SRC = Path(__file__).parents[1] / "src" / "inflows"


def test_every_setting_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    names = [str(field.validation_alias or name) for name, field in Settings.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_addresses_and_keys_of_services_are_settings_and_keys_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INFLOWS_BINANCE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("COINGECKO_API_KEY", "canary")
    monkeypatch.delenv("TRONGRID_API_KEY", raising=False)
    settings = load_settings()
    assert settings.url_of("binance") == "http://127.0.0.1:9"
    assert settings.url_of("defillama") == ""
    assert settings.key_of("coingecko") == "canary"
    assert (settings.key_of("trongrid"), settings.key_of("binance")) == (None, None)
    assert "canary" not in repr(settings) + str(settings)


def test_no_module_asks_the_environment_for_addresses_and_keys() -> None:
    # AWS names are the file system's; a header's variable is named on the command line.
    allowed = {"http/objects.py", "cli/ingest_sqd.py", "cli/__init__.py"}
    asking = {
        p.relative_to(SRC).as_posix() for p in SRC.rglob("*.py") if "os.environ" in p.read_text("utf-8")
    }
    assert asking == allowed
