"""AWS CloudFormation: stacks, change sets and events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from bunsui.aws.connection import Aws
from bunsui.aws.errors import ServiceError, translated

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

SERVICE = "cloudformation"
STACK_TYPE = "AWS::CloudFormation::Stack"
TEMPLATE_BODY_LIMIT = 51_200
"""Bytes of a template given in the request; from S3 it may have 1 MB (AWS, CloudFormation quotas)."""
_NO_STACK = "does not exist"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack.

    Attributes:
        status: such as `UPDATE_COMPLETE`.
        reason: AWS's words on the status, often empty.
        outputs: key -> value.
        parent: id of the stack it is nested in, or empty.
    """

    id: str
    name: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""


@dataclass(frozen=True, slots=True)
class StackResource:
    """A resource of a stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str


@dataclass(frozen=True, slots=True)
class StackEvent:
    """Something that happened to a resource of a stack, or to the stack itself.

    Attributes:
        logical_id: of the resource; the stack's name for the stack itself.
        status: such as `CREATE_FAILED`.
        reason: AWS's words, often empty.
    """

    id: str
    stack_id: str
    stack: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: datetime

    @property
    def of_stack(self) -> bool:
        """Whether it is about the stack as a whole."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id


@dataclass(frozen=True, slots=True)
class Failure:
    """A resource that CloudFormation's validation before a deployment refused."""

    logical_id: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set.

    Attributes:
        status: such as `CREATE_COMPLETE` or `FAILED`.
        executable: whether it can be executed now.
        changes: AWS's `ResourceChange` objects.
    """

    id: str
    name: str
    stack_id: str
    stack: str
    status: str
    reason: str
    executable: bool
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class CloudFormation:
    """CloudFormation by way of a connection; every method raises AwsError."""

    aws: Aws

    @property
    def _client(self) -> CloudFormationClient:
        client: CloudFormationClient = self.aws.client(SERVICE)
        return client

    def describe_stack(self, name_or_id: str) -> Stack | None:
        """The stack, or None. By name a deleted one is not found; by id it is, for 90 days."""
        try:
            with translated(SERVICE):
                found = self._client.describe_stacks(StackName=name_or_id)["Stacks"][0]
        except ServiceError as error:
            if _is_absent(error):
                return None
            raise
        return Stack(
            id=found.get("StackId", ""),
            name=found["StackName"],
            status=found["StackStatus"],
            reason=found.get("StackStatusReason", ""),
            outputs={one["OutputKey"]: one.get("OutputValue", "") for one in found.get("Outputs", [])},
            tags={one["Key"]: one["Value"] for one in found.get("Tags", [])},
            parent=found.get("ParentId", ""),
        )

    def get_template(self, stack: str) -> dict[str, Any]:
        """The deployed template; empty when there is none yet or it is not JSON."""
        try:
            with translated(SERVICE):
                body: Any = self._client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        except ServiceError as error:
            if _is_absent(error):
                return {}
            raise
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                return {}
        return dict(body) if isinstance(body, Mapping) else {}

    def resources(self, stack: str) -> Iterator[StackResource]:
        """The stack's resources, without those of nested stacks; fetched page by page."""
        token: dict[str, Any] = {}
        while True:
            with translated(SERVICE):
                page = self._client.list_stack_resources(StackName=stack, **token)
            for one in page["StackResourceSummaries"]:
                yield StackResource(
                    logical_id=one["LogicalResourceId"],
                    physical_id=one.get("PhysicalResourceId", ""),
                    type=one["ResourceType"],
                    status=one["ResourceStatus"],
                )
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def events(self, stack: str) -> Iterator[StackEvent]:
        """The stack's events, newest first, without those of nested stacks; fetched page by page."""
        token: dict[str, Any] = {}
        while True:
            with translated(SERVICE):
                page = self._client.describe_stack_events(StackName=stack, **token)
            yield from (_event(one) for one in page["StackEvents"])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def validation_failures(self, *, stack: str = "", change_set: str = "") -> tuple[Failure, ...]:
        """What the validation of a change set or of a stack's last operation refused; only DescribeEvents tells it."""
        wanted: dict[str, Any] = {"ChangeSetName": change_set} if change_set else {"StackName": stack}
        failures: list[Failure] = []
        while True:
            with translated(SERVICE):
                page = self._client.describe_events(**wanted)
            for one in page.get("OperationEvents", []):
                if one.get("ValidationStatus") == "FAILED":
                    reason = one.get("ValidationStatusReason", "")
                    failures.append(Failure(one.get("LogicalResourceId", ""), one.get("ResourceType", ""), reason))
            if not page.get("NextToken"):
                return tuple(failures)
            wanted["NextToken"] = page["NextToken"]

    def create_change_set(
        self,
        stack: str,
        name: str,
        kind: Literal["CREATE", "UPDATE"],
        *,
        body: str = "",
        url: str = "",
        tags: Mapping[str, str] | None = None,
        capabilities: tuple[str, ...] = (),
        import_existing: bool = False,
        nested: bool = False,
        description: str = "",
    ) -> str:
        """Begin to create a change set and return its id; `describe_change_set` tells when it is done.

        Args:
            stack: name of the stack.
            name: of the change set, unique for the stack.
            kind: CREATE for a stack that does not exist or is in review.
            body: the template, when no `url`.
            url: of the template in S3.
            tags: of the stack and thereby of its resources.
            capabilities: such as `CAPABILITY_IAM`.
            import_existing: adopt resources of that name which exist and belong to no stack.
            nested: create change sets for nested stacks too.
            description: for people.
        """
        more: dict[str, Any] = {"TemplateURL": url} if url else {"TemplateBody": body}
        if description:
            more["Description"] = description
        with translated(SERVICE):
            done = self._client.create_change_set(
                StackName=stack,
                ChangeSetName=name,
                ChangeSetType=kind,
                Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
                Capabilities=list(capabilities),  # type: ignore[arg-type]
                ImportExistingResources=import_existing,
                IncludeNestedStacks=nested,
                **more,
            )
        return done["Id"]

    def describe_change_set(self, id: str) -> ChangeSet:
        """The change set with all its changes."""
        token: dict[str, Any] = {}
        changes: list[Mapping[str, Any]] = []
        while True:
            with translated(SERVICE):
                page = self._client.describe_change_set(ChangeSetName=id, **token)
            changes += [one["ResourceChange"] for one in page.get("Changes", []) if "ResourceChange" in one]
            if not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
        return ChangeSet(
            id=page["ChangeSetId"],
            name=page["ChangeSetName"],
            stack_id=page["StackId"],
            stack=page["StackName"],
            status=page["Status"],
            reason=page.get("StatusReason", ""),
            executable=page["ExecutionStatus"] == "AVAILABLE",
            changes=tuple(changes),
        )

    def execute_change_set(self, id: str, *, delete_new: bool) -> None:
        """Begin to execute a change set, which rolls back when it fails.

        Args:
            id: of the change set.
            delete_new: whether a rollback deletes what the execution created even if it is to be retained.
        """
        with translated(SERVICE):
            self._client.execute_change_set(ChangeSetName=id, DisableRollback=False, RetainExceptOnCreate=delete_new)

    def delete_change_set(self, id: str) -> None:
        """Delete a change set and those of nested stacks; one that is gone is fine."""
        try:
            with translated(SERVICE):
                self._client.delete_change_set(ChangeSetName=id)
        except ServiceError as error:
            if error.aws_code not in {"ChangeSetNotFound", "ChangeSetNotFoundException"} and not _is_absent(error):
                raise

    def delete_stack(self, stack: str) -> None:
        """Begin to delete a stack; one that is gone is fine."""
        with translated(SERVICE):
            self._client.delete_stack(StackName=stack)


def _is_absent(error: ServiceError) -> bool:
    return error.aws_code == "ValidationError" and _NO_STACK in error.aws_message


def _event(one: Any) -> StackEvent:
    return StackEvent(
        id=one["EventId"],
        stack_id=one["StackId"],
        stack=one["StackName"],
        logical_id=one.get("LogicalResourceId", ""),
        physical_id=one.get("PhysicalResourceId", ""),
        type=one.get("ResourceType", ""),
        status=one.get("ResourceStatus", ""),
        reason=one.get("ResourceStatusReason", ""),
        time=one["Timestamp"].astimezone(UTC),
    )
