"""Where a pipeline is deployed to and how: an environment of bunsui.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LOCAL = "local"
"""The environment that stands for the embedded AWS."""

LOG_RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""What CloudWatch Logs accepts (AWS API reference, PutRetentionPolicy)."""


class Environment(BaseModel):
    """One environment.

    Attributes:
        name: as written in bunsui.toml.
        account: 12 digits; deploying to another account is refused when it is given.
        region: such as `eu-west-1`; the profile's when not given.
        profile: of the AWS configuration files.
        endpoint_url: for an endpoint other than AWS.
        prefix: put before every name, so that several environments share an account.
        tags: on every resource.
        log_retention_days: how long log groups keep events.
        removal_policy: what happens to buckets and tables that leave a stack.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = LOCAL
    account: str | None = Field(default=None, pattern=r"^\d{12}$")
    region: str | None = Field(default=None, pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$")
    profile: str | None = None
    endpoint_url: str | None = None
    prefix: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9-]{0,15})?$")
    tags: dict[str, str] = {}
    log_retention_days: Literal[LOG_RETENTION_DAYS] = 30  # type: ignore[valid-type]
    removal_policy: Literal["retain", "destroy"] = "retain"

    @property
    def is_local(self) -> bool:
        """Whether this is the embedded AWS."""
        return self.name == LOCAL and self.endpoint_url is None
