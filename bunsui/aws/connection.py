"""Where AWS is and who asks: the one value from which every client is made."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from bunsui._version import __version__
from bunsui.aws.errors import translated

MAX_ATTEMPTS = 5
"""Tries of one request in standard retry mode, the first included; botocore's own 3 give up on a short throttling."""
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys to use instead of what the profile or the environment offers; only the access key's id is ever printed."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class _Cache:
    """The boto3 session and its clients; threads may share clients but not sessions (boto3 guide, multithreading)."""

    __slots__ = ("clients", "lock", "session")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.session: Any = None
        self.clients: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Aws:
    """A connection; making one costs nothing, the first request imports boto3.

    Attributes:
        profile: of the AWS configuration files; what the environment says when None.
        region: such as `eu-west-1`; the profile's or the environment's when None.
        endpoint_url: an endpoint that stands for every service, such as the embedded AWS.
        credentials: used instead of the profile's.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    credentials: Credentials | None = None
    _cache: _Cache = field(default_factory=_Cache, init=False, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """The boto3 client of a service, made once.

        Raises:
            AwsError: BUN501 for a profile that does not exist.
            UsageError: BUN401 when no region is known or the endpoint is not a URL.
        """
        with self._cache.lock:
            if service not in self._cache.clients:
                self._cache.clients[service] = self._make(service)
            return self._cache.clients[service]

    def region_name(self) -> str:
        """The region that requests go to.

        Raises:
            UsageError: BUN401 when none is known.
        """
        return self.region or str(self.client("sts").meta.region_name)

    def close(self) -> None:
        """Close the connections that clients keep open; the next request opens them again."""
        with self._cache.lock:
            clients = list(self._cache.clients.values())
            self._cache.clients.clear()
        for client in clients:
            client.close()

    def _make(self, service: str) -> Any:
        with translated(service):
            import boto3
            from botocore.config import Config

            if self._cache.session is None:
                self._cache.session = boto3.Session(profile_name=self.profile, region_name=self.region)
            keys = self.credentials
            return self._cache.session.client(
                service,
                endpoint_url=self.endpoint_url,
                aws_access_key_id=keys and keys.access_key,
                aws_secret_access_key=keys and keys.secret_key,
                aws_session_token=keys and keys.session_token,
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
                    user_agent_extra=f"bunsui/{__version__}",
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                ),
            )
