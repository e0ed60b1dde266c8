"""What can be set, and where: the environment's INFLOWS_*, and `inflows.toml` in the working directory."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from inflows.chains import canonical_chain
from inflows.errors import UsageError
from inflows.layout import Layout


class FileSource(BaseModel):
    """Files that `inflows run` ingests: the arguments of `inflows ingest files`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paths: list[str]
    input_format: str
    chain: str | None = None
    blocks: str | None = None


class Settings(BaseSettings):
    """Settings of a data folder; the environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix="INFLOWS_", env_ignore_empty=True, toml_file="inflows.toml", extra="forbid", frozen=True
    )

    data: Path = Path("data")
    staleness_hours: Annotated[float, Field(gt=0, le=24 * 366)] = 48
    """A quote older than this prices nothing."""
    price_sources: list[str] = []
    """The order in which sources are believed that quote one asset at one instant."""
    chains: list[str] = []
    """The chains whose days a total must hold to be whole; none: all of which anything was delivered."""
    keep_databases: Annotated[int, Field(ge=1)] = 3
    """How many published databases are kept; every vintage keeps its totals and manifest."""
    sources: list[FileSource] = []
    """What `inflows run` ingests."""
    binance_url: str = ""
    """The address of a price service in place of its public one, as the three below."""
    coingecko_url: str = ""
    coinmetrics_url: str = ""
    defillama_url: str = ""
    coingecko_api_key: Annotated[SecretStr, Field(validation_alias="COINGECKO_API_KEY")] = SecretStr("")
    """Keys have the names that their services give them, and no prefix."""
    trongrid_api_key: Annotated[SecretStr, Field(validation_alias="TRONGRID_API_KEY")] = SecretStr("")

    @field_validator("chains")
    @classmethod
    def _by_our_names(cls, chains: list[str]) -> list[str]:
        """Chains by the project's names, whatever each is called here."""
        return [canonical_chain(chain) for chain in chains]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def layout(self) -> Layout:
        """The paths below the data folder."""
        return Layout(self.data)

    def url_of(self, service: str) -> str:
        """The address that is set for a price service; empty: its public one."""
        return str(getattr(self, f"{service}_url", ""))

    def key_of(self, service: str) -> str | None:
        """The key that is set for a service; None: it has none, or takes none."""
        key = getattr(self, f"{service}_api_key", None)
        return key.get_secret_value() or None if isinstance(key, SecretStr) else None

    @property
    def staleness(self) -> dt.timedelta:
        """The age up to which a quote counts."""
        return dt.timedelta(hours=self.staleness_hours)


def load_settings(data: Path | None = None) -> Settings:
    """The settings in force; a data folder given as an option wins over all others."""
    settings = _read(data)
    if settings.data.exists() and not settings.data.is_dir():
        raise UsageError(
            f"The data folder {settings.data} is a file.", "Give a folder, with --data or INFLOWS_DATA."
        )
    return settings


def _read(data: Path | None) -> Settings:
    try:
        return Settings() if data is None else Settings(data=data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        raise UsageError(
            f"The setting {where} is wrong: {what}.", "See INFLOWS_* in the environment and inflows.toml."
        ) from None
    except SettingsError as error:  # a variable that should hold JSON
        raise UsageError(f"A setting cannot be read: {error}.", "See INFLOWS_* in the environment.") from None
    except (ValueError, OSError) as error:  # a file that is no TOML, or that may not be read
        raise UsageError(
            f"inflows.toml cannot be read: {error}.", "Correct what it names, or move the file away."
        ) from None
