"""Every setting, in one frozen tree: flags over environment (FOOTAGE_...) over footage.toml.

Inner packages take arguments, never this tree. docs/reference/settings.md lists it; a test
compares.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, model_validator
from pydantic_core import to_json
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_FILE = "footage.toml"


class SettingsError(Exception):
    """A setting is wrong; the text names it and says what it must be."""


class Settings(BaseSettings):
    """What an operator can choose. Unknown names are refused."""

    model_config = SettingsConfigDict(
        env_prefix="FOOTAGE_", frozen=True, extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Field(
        Path("footage-data"), description="Folder of the index, the signing keys and the footage"
    )
    index_url: SecretStr | None = Field(
        None, description="Database of the index, as an SQLAlchemy URL; left out: SQLite in data_dir"
    )
    storage_dir: Path | None = Field(
        None, description="Folder of the blocks; left out: footage/ in data_dir"
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8080, description="Port to listen on")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        min(os.cpu_count() or 1, 4), description="HTTP worker processes"
    )
    public_url: AnyHttpUrl | None = Field(
        None, description="URL under which clients reach this server; left out: taken from the request"
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Addresses whose X-Forwarded-Proto, -Host and -Prefix are believed"
    )
    accel_location: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]*$")] | None = Field(
        None,
        description="Internal location under which a trusted proxy has the storage's folder; whole segments"
        " are then sent by it (X-Accel-Redirect). Left out: by this server",
    )
    tls_certificate: Path | None = Field(
        None, description="Certificate chain in PEM; with tls_key the server speaks https"
    )
    tls_key: Path | None = Field(None, description="Private key of tls_certificate, in PEM (PKCS #8)")
    segment_ms: Annotated[int, Field(ge=1000, le=60_000)] = Field(
        6000, description="Length that segments come near to, in ms; always whole GOPs"
    )
    recorders: Annotated[int, Field(ge=1, le=64)] = Field(
        min(os.cpu_count() or 1, 8),
        description="Recorder processes, which share the cameras; one does well up to about fifty",
    )
    local_sources: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Addresses of this host itself, link-local included, where cameras may be"
    )
    stall_s: Annotated[float, Field(ge=1, le=600)] = Field(
        10, description="How long a camera may send nothing before it is connected anew, in seconds"
    )
    sync_every_s: Annotated[float, Field(ge=0, le=3600)] | Literal["never"] = Field(
        0,
        description="How often footage is brought to the disk, in seconds; 0: each segment before its row;"
        " never: when the system likes. A power cut loses no more than that",
    )
    queue_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 36)] = Field(
        256 << 20,
        description="Memory for segments that wait for a slow or full storage, a recorder, in bytes",
    )
    storage_reserve_bytes: Annotated[int, Field(ge=0, le=1 << 44)] = Field(
        128 << 20, description="Room that recording leaves free on the storage's disk, in bytes"
    )
    storage_max_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 60)] | None = Field(
        None, description="What the footage of all cameras may take, in bytes; left out: no limit"
    )
    storage_free_bytes: Annotated[int, Field(ge=0, le=1 << 50)] | None = Field(
        None,
        description="Free space that retention keeps on the storage's disk, the reserve in it, in bytes;"
        " left out: four times the reserve, or the reserve and what five minutes bring where that is more",
    )
    token_ttl_s: Annotated[int, Field(ge=60, le=366 * 86_400)] = Field(
        86_400, description="How long the tokens of the Integration API are valid, in seconds"
    )
    session_ttl_s: Annotated[int, Field(ge=60, le=366 * 86_400)] = Field(
        43_200, description="How long one stays signed in to the page, in seconds"
    )
    playlist_max_segments: Annotated[int, Field(ge=1000, le=10_000_000)] = Field(
        500_000, description="Longest playlist; a span with more segments is refused"
    )
    preview_threads: Annotated[int, Field(ge=1, le=64)] = Field(
        min(os.cpu_count() or 1, 4), description="Pictures decoded at the same time, a worker"
    )
    preview_queue: Annotated[int, Field(ge=0, le=1000)] = Field(
        16, description="Pictures that may wait for a decoder, a worker; beyond it the answer is 503"
    )
    preview_cache_bytes: Annotated[int, Field(ge=0, le=1 << 34)] = Field(
        64 << 20, description="Memory for pictures drawn before, a worker, in bytes"
    )
    export_streams: Annotated[int, Field(ge=1, le=256)] = Field(
        4, description="Exports streamed at the same time, a worker; beyond it the answer is 503"
    )
    export_queue: Annotated[int, Field(ge=1, le=10_000)] = Field(
        16, description="Exports in the background that may wait or run; beyond it the answer is 503"
    )
    export_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 50)] = Field(
        32 << 30,
        description="Bytes that the files of all exports may take; beyond it the answer is 503",
    )
    export_ttl_s: Annotated[int, Field(ge=1, le=366 * 86_400)] = Field(
        86_400, description="How long an export is kept after it has ended, in seconds"
    )
    rate_per_address: Annotated[float, Field(ge=0.1, le=1_000_000)] = Field(
        300, description="Requests a second of one client's address, a worker; beyond it the answer is 429"
    )
    rate_per_token: Annotated[float, Field(ge=0.1, le=1_000_000)] = Field(
        200, description="Requests a second with one link, a worker; beyond it the answer is 429"
    )
    requests_per_token: Annotated[int, Field(ge=1, le=100_000)] = Field(
        64, description="Requests with one link at the same time, a worker; beyond it the answer is 429"
    )
    previews_per_token: Annotated[int, Field(ge=1, le=1000)] = Field(
        16, description="Pictures drawn for one link at the same time, a worker"
    )
    exports_per_token: Annotated[int, Field(ge=1, le=1000)] = Field(
        2, description="Exports streamed for one link at the same time, a worker"
    )
    open_requests: Annotated[int, Field(ge=10, le=100_000)] = Field(
        1000, description="Requests being answered at the same time, a worker; beyond it the answer is 503"
    )
    url_max_bytes: Annotated[int, Field(ge=1024, le=65_536)] = Field(
        16_384, description="Longest path and query, in bytes; beyond it the answer is 414"
    )
    header_max_bytes: Annotated[int, Field(ge=1024, le=262_144)] = Field(
        32_768, description="All headers of a request together, in bytes; beyond it the answer is 431"
    )
    client_head_s: Annotated[int, Field(ge=1, le=600)] = Field(
        10, description="How long a client may take to send a request's head, in seconds"
    )
    client_body_s: Annotated[float, Field(ge=0.1, le=600)] = Field(
        30, description="How long a client may take to send a request's body, in seconds"
    )
    client_stall_s: Annotated[float, Field(ge=0.1, le=3600)] = Field(
        60, description="How long a client may take nothing of its answer, in seconds"
    )
    audit_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        365, description="How long the audit log keeps an entry, in days"
    )
    audit_entries: Annotated[int, Field(ge=100, le=100_000_000)] = Field(
        1_000_000, description="How many entries the audit log keeps; older ones go first"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least grave events that are logged"
    )
    log_format: Literal["text", "json"] = Field("text", description="Form of a log line")

    @model_validator(mode="after")
    def _check_tls(self) -> Settings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key come together")
        return self

    @property
    def origin(self) -> str:
        """URL of the address that it listens on."""
        scheme = "http" if self.tls_certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def index(self) -> str:
        """URL of the index's database."""
        if self.index_url is not None:
            return self.index_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'index.db'}"

    @property
    def storage(self) -> Path:
        """Folder of the blocks."""
        return self.storage_dir or self.data_dir / "footage"

    @property
    def signing_keys(self) -> Path:
        """File of the keys that tokens are signed with."""
        return self.data_dir / "signing-keys"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the base class's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file in the data folder."""
        flags: dict[str, Any] = init_settings()
        folder = flags.get("data_dir") or os.environ.get("FOOTAGE_DATA_DIR") or "footage-data"
        file = TomlConfigSettingsSource(settings_cls, Path(folder) / _FILE)
        return init_settings, env_settings, file


def load(**flags: Any) -> Settings:
    """The settings in force; flags that are None were not given. Raises SettingsError."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise SettingsError(faults) from error
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{_FILE}: {error}") from error
    except ValueError as error:
        raise SettingsError(str(error)) from error


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for a process that is to have the same."""
    variables = {}
    for name, value in settings:
        if value is not None:
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            as_it_is = isinstance(plain, (str, Path, AnyHttpUrl))
            variables[f"FOOTAGE_{name.upper()}"] = str(plain) if as_it_is else to_json(plain).decode()
    return variables
