"""Where things are and how to get in, and what a machine bears: from the environment or a `.env` file.

Read by flows and by infra/cluster.py. What a run should do is a flow's parameter, never a setting.
"""

import re
from typing import Annotated, Any
from urllib.parse import unquote, urlparse

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from schemas.errors import InputError

PREFIX = "VITRINE_"
_LAKES = ("", "file", "s3", "gs")
_SERVERS = ("http", "https", "tcp", "unix")


class Settings(BaseSettings):
    """Every place and credential; the environment variable is the name in capitals after VITRINE_.

    lake          folder, file://, s3:// or gs:// of the lake
    milvus_uri    Milvus Lite directory (ends in .db) or a server; beside the data of a local lake by default
    milvus_token  `user:password` or API key of a Milvus server
    ray_address   Ray cluster to join (RAY_ADDRESS counts too); empty starts one in the process
    contact       e-mail or web address for the crawler's User-Agent, so that shops can reach its operator
    gpus          `auto` for all there are, or a number
    cpus          cores to compute with on this machine; all by default

    How a night is run, on the machine that runs it:

    crawls_at_once       shops read side by side, each by a process of some 280 MB
    retry_delays         seconds to wait before a task whose error passes by itself is tried again, once per number:
                         `30,120,600`; `none` tries nothing again
    crawl_stall_minutes  a crawl that gets no further for so long is ended
    stage_stall_minutes  so is a stage; the longest a stage works without a word is over the near-duplicates
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    lake: str = "./lake"
    milvus_uri: str = ""
    milvus_token: str = Field(default="", repr=False)
    ray_address: str = Field(default="", validation_alias=AliasChoices("VITRINE_RAY_ADDRESS", "RAY_ADDRESS"))
    contact: str = ""
    gpus: Annotated[str, NoDecode] = "auto"
    cpus: int | None = Field(default=None, ge=1)
    crawls_at_once: int = Field(default=8, ge=1)
    retry_delays: Annotated[tuple[float, ...], NoDecode] = (30.0, 120.0, 600.0)
    crawl_stall_minutes: float = Field(default=15.0, gt=0)
    stage_stall_minutes: float = Field(default=60.0, gt=0)

    @field_validator("lake")
    @classmethod
    def _lake(cls, value: str) -> str:
        if urlparse(value).scheme not in _LAKES:
            raise ValueError("must be a folder, or start with file://, s3:// or gs://")
        return value

    @field_validator("milvus_uri")
    @classmethod
    def _milvus(cls, value: str) -> str:
        scheme = urlparse(value).scheme
        if value and scheme not in _SERVERS and not (scheme in ("", "file") and value.endswith(".db")):
            raise ValueError("must be a path ending in .db, or a server such as http://host:19530")
        return value

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/]+\S*|[^\s@]+@[^\s@]+\.[^\s@]+", value):
            raise ValueError("must be an e-mail address or start with https://")
        return value

    @field_validator("gpus", mode="before")
    @classmethod
    def _gpus(cls, value: Any) -> str:
        if str(value) != "auto" and not str(value).isdecimal():
            raise ValueError("must be auto or a number")
        return str(value)

    @field_validator("retry_delays", mode="before")
    @classmethod
    def _retry_delays(cls, value: Any) -> tuple[float, ...]:
        words = value.split(",") if isinstance(value, str) else value
        if words == ["none"]:
            return ()
        try:
            delays = tuple(float(word) for word in words)
        except (TypeError, ValueError):
            delays = (-1.0,)
        if not all(0 <= delay < float("inf") for delay in delays):
            raise ValueError("must be seconds by comma, such as 30,120,600, or none")
        return delays

    @model_validator(mode="after")
    def _milvus_beside_lake(self) -> "Settings":
        if not self.milvus_uri:
            place = urlparse(self.lake)
            folder = {"": self.lake, "file": unquote(place.path)}.get(place.scheme, ".")
            self.milvus_uri = f"{folder.rstrip('/')}/milvus.db"
        return self


def load_settings(**given: Any) -> Settings:
    """Settings from the environment and `.env`; what is `given` and not None counts more than both.

    Raises InputError naming the variable at fault; a credential's value is never shown.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0]) if fault["loc"] else "settings"
        variable = name if name.isupper() else f"{PREFIX}{name.upper()}"
        why = fault["msg"].removeprefix("Value error, ")
        shown = "" if "token" in name.lower() else f", not {str(fault['input'])!r:.80}"
        raise InputError(variable, f"{why}{shown}") from None
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        raise InputError(".env", f"cannot be read ({' '.join(str(error).split())})") from error
