"""A DynamoDB table.

Secure by default: encrypted with the AWS managed key, point-in-time recovery, on-demand capacity, deletion protection
where data is retained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from bunsui.errors import DeclarationError
from bunsui.model.calls import Call, Why
from bunsui.model.declaration import Declaration, Name, ResourceId, caller
from bunsui.model.names import ACCOUNT, PARTITION, REGION, Names
from bunsui.model.resource import Access, Mode
from bunsui.runtime import resources as at_run_time

if TYPE_CHECKING:
    from bunsui.model.environment import Environment

KeyType = Literal["string", "number", "binary"]
_ATTRIBUTE_TYPES: dict[KeyType, str] = {"string": "S", "number": "N", "binary": "B"}
_ACTIONS: dict[Mode, tuple[str, ...]] = {
    "reads": ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"),
    "writes": ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
}
_INDEX_ACTIONS = ("dynamodb:Query", "dynamodb:Scan")
"""What reads by an index, which is a resource of its own (AWS, Service Authorization Reference, Amazon DynamoDB)."""


class Table(Declaration):
    """A table: `delays = Table("delays", partition_key="day")`.

    Attributes:
        id: unique in its pipelines; part of the table's name.
        partition_key, sort_key: attribute names.
        partition_type, sort_type: `string`, `number` or `binary`.
        expires: attribute with the epoch second at which an item may be removed.
        existing: name of a table that is there already; it is used and not created.
        of: name of the pipeline that creates it, where others use it too; by default each pipeline has its own.
    """

    id: ResourceId
    partition_key: str = Field(min_length=1, max_length=255)
    partition_type: KeyType = "string"
    sort_key: str | None = Field(default=None, min_length=1, max_length=255)
    sort_type: KeyType = "string"
    expires: str | None = Field(default=None, min_length=1, max_length=255)
    existing: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{3,255}$")
    of: Name | None = None

    def __init__(self, id: str, /, **data: Any) -> None:
        super().__init__(id=id, **data)
        if self.existing is not None and self.of is not None:
            raise DeclarationError(
                "BUN101",
                f"Table {id!r} has existing={self.existing!r} and of={self.of!r}",
                where=self.where,
                hint="say what its name is, or which pipeline creates it",
            )

    def __truediv__(self, path: str) -> Access:
        raise DeclarationError(
            "BUN109",
            f"Table {self.id!r}: a table has no part {path!r}",
            where=caller(),
            hint="list the table itself",
        )

    @property
    def kind(self) -> str:
        """`Table`."""
        return "Table"

    def owned_by(self, pipeline: str) -> bool:
        """Whether that pipeline's stack creates it."""
        return self.existing is None and self.of in (None, pipeline)

    @property
    def name(self) -> str:
        """The table's name in AWS; resolves where the code runs."""
        return at_run_time.resolve_table(self.id)

    def physical_name(self, names: Names) -> str:
        """The table's name."""
        return self.existing or names._replace(pipeline=self.of or names.pipeline).table(self.id)

    def calls(self, mode: Mode, path: str, names: Names, why: Why) -> Sequence[Call]:
        """Items of the table, which has no parts; one that is there already may have indexes to be read by."""
        arn = f"arn:{PARTITION}:dynamodb:{REGION}:{ACCOUNT}:table/{self.physical_name(names)}"
        calls = [Call(action, arn, why) for action in _ACTIONS[mode]]
        if self.existing and mode == "reads":
            calls += [Call(action, f"{arn}/index/*", why) for action in _INDEX_ACTIONS]
        return calls

    def stack(self, names: Names, environment: Environment) -> Sequence[Any]:
        """The table."""
        if not self.owned_by(names.pipeline):
            return ()
        return _stack(self, names, environment)


def _stack(table: Table, names: Names, environment: Environment) -> Sequence[Any]:
    from troposphere import Tags, dynamodb

    from bunsui.model.titles import keep, title

    keys = [(table.partition_key, table.partition_type, "HASH")]
    if table.sort_key is not None:
        keys.append((table.sort_key, table.sort_type, "RANGE"))
    extra: dict[str, Any] = {}
    if table.expires is not None:
        extra["TimeToLiveSpecification"] = dynamodb.TimeToLiveSpecification(AttributeName=table.expires, Enabled=True)
    return (
        dynamodb.Table(
            title(table.id, "Table"),
            TableName=table.physical_name(names),
            AttributeDefinitions=[
                dynamodb.AttributeDefinition(AttributeName=name, AttributeType=_ATTRIBUTE_TYPES[kind])
                for name, kind, _ in keys
            ],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=environment.removal_policy == "retain",
            KeySchema=[dynamodb.KeySchema(AttributeName=name, KeyType=role) for name, _, role in keys],
            PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(PointInTimeRecoveryEnabled=True),
            SSESpecification=dynamodb.SSESpecification(SSEEnabled=True),
            Tags=Tags(environment.tags),
            **extra,
            **keep(environment),
        ),
    )
