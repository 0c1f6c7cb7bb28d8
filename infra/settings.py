"""Where things are and how to get in, and what a machine bears: from the environment or a `.env` file.

Read by flows and by infra/ray_runtime/cluster.py. What a run should do is a flow's parameter, never a setting.
"""

import os
import re
from typing import Annotated, Any
from urllib.parse import unquote, urlparse

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from infra.milvus.kinds import KINDS
from schemas.errors import InputError

PREFIX = "VITRINE_"
_LAKES = ("", "file", "s3", "gs")
_SERVERS = ("http", "https", "tcp", "unix")


class Settings(BaseSettings):
    """Every place and credential; the environment variable is the name in capitals after VITRINE_.

    lake          folder, file://, s3:// or gs:// of the lake
    milvus_uri    Milvus Lite directory (ends in .db) or a server; beside the data of a local lake by default
    milvus_token  `user:password` or API key of a Milvus server
    milvus_index  kind of index that is built there: FLAT compares with every vector; see infra/milvus/kinds.py
    milvus_half   whether a Milvus server keeps vectors as float16
    ray_address   Ray cluster to join (RAY_ADDRESS counts too); empty starts one in the process
    contact       e-mail or web address for the crawler's User-Agent, so that shops can reach its operator
    gpus          `auto` for all there are, or a number
    cpus          cores to compute with on this machine; all by default

    pixel_cache      folder on each machine that trains, where decoded photos are kept for the next training
    pixel_cache_gib  what they may take there; those not used for longest go first

    How a night is run, on the machine that runs it:

    crawls_at_once       shops read side by side, each by a process of some 280 MB
    retry_delays         seconds to wait before a task whose error passes by itself is tried again, once per number:
                         `30,120,600`; `none` tries nothing again
    crawl_stall_minutes  a crawl that gets no further for so long is ended
    stage_stall_minutes  so is a stage; the longest a stage works without a word is over the near-duplicates

    metrics_folder       where flows write what Prometheus is told, for node_exporter's textfile collector
    pushgateway          host:port of a Pushgateway that they push the same to

    serve_token          what a search page that others can reach asks for; without it only this machine is served
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    lake: str = "./lake"
    milvus_uri: str = ""
    milvus_token: str = Field(default="", repr=False)
    milvus_index: str = "FLAT"
    milvus_half: bool = False
    ray_address: str = Field(default="", validation_alias=AliasChoices("VITRINE_RAY_ADDRESS", "RAY_ADDRESS"))
    contact: str = ""
    gpus: Annotated[str, NoDecode] = "auto"
    cpus: int | None = Field(default=None, ge=1)
    pixel_cache: str = Field(
        default_factory=lambda: f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/vitrine/pixels"
    )
    pixel_cache_gib: float = Field(default=10.0, ge=0)
    crawls_at_once: int = Field(default=8, ge=1)
    retry_delays: Annotated[tuple[float, ...], NoDecode] = (30.0, 120.0, 600.0)
    crawl_stall_minutes: float = Field(default=15.0, gt=0)
    stage_stall_minutes: float = Field(default=60.0, gt=0)
    metrics_folder: str = ""
    pushgateway: str = ""
    serve_token: str = Field(default="", repr=False)

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

    @field_validator("milvus_index")
    @classmethod
    def _index(cls, value: str) -> str:
        if value not in KINDS:
            raise ValueError(f"must be one of {', '.join(KINDS)}")
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
