"""AWS Security Token Service: who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bunsui.aws.connection import Aws
from bunsui.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

SERVICE = "sts"


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller.

    Attributes:
        account: 12 digits.
        arn: of the user or assumed role.
    """

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """Such as `aws` or `aws-cn`."""
        return self.arn.split(":")[1]


@dataclass(frozen=True, slots=True)
class Sts:
    """STS by way of a connection; every method raises AwsError."""

    aws: Aws

    @property
    def _client(self) -> STSClient:
        client: STSClient = self.aws.client(SERVICE)
        return client

    def identity(self) -> Identity:
        """Who the credentials belong to."""
        with translated(SERVICE):
            found = self._client.get_caller_identity()
        return Identity(found["Account"], found["Arn"])
