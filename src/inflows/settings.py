"""What can be set, and where: the environment's INFLOWS_*, and `inflows.toml` in the working directory."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

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
        env_prefix="INFLOWS_", toml_file="inflows.toml", extra="forbid", frozen=True
    )

    data: Path = Path("data")
    staleness_hours: Annotated[float, Field(gt=0, le=24 * 366)] = 48
    """A quote older than this prices nothing."""
    price_sources: list[str] = []
    """The order in which sources are believed that quote one asset at one instant."""
    keep_databases: Annotated[int, Field(ge=1)] = 3
    """How many published databases are kept; every vintage keeps its totals and manifest."""
    sources: list[FileSource] = []
    """What `inflows run` ingests."""

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

    @property
    def staleness(self) -> dt.timedelta:
        """The age up to which a quote counts."""
        return dt.timedelta(hours=self.staleness_hours)


def load_settings(data: Path | None = None) -> Settings:
    """The settings in force; a data folder given as an option wins over all others."""
    try:
        return Settings() if data is None else Settings(data=data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"The setting {where} is wrong: {first['msg']}.",
            "See INFLOWS_* in the environment and inflows.toml.",
        ) from None
    except ValueError as error:  # a file that is no TOML
        raise UsageError(
            f"inflows.toml cannot be read: {error}.", "Correct the line that it names."
        ) from None
