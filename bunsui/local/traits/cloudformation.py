"""A stack does not take over what exists already, and a function has code.

AWS: creating a table, log group, function, role or state machine whose name is taken fails the stack, so what an
earlier stack retained is safe; a function whose S3 object is missing cannot be created; a change set that imports a
bucket adopts it.

MiniStack: writes a new, empty resource over the old one, so deploying again after a destroy would wipe the retained
table; a function without code is created and answers with a made-up result; a bucket to be imported is refused because
its name is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from bunsui.local.traits.anchor import AnchorError

Create = Callable[[str, dict[str, Any], str], Any]


def apply() -> None:
    """Patch the handlers that create these resources."""
    from ministack.services import cloudwatch_logs, dynamodb, iam, lambda_svc, stepfunctions
    from ministack.services.cloudformation import provisioners

    def machine_exists(name: str) -> bool:
        return any(machine["name"] == name for machine in stepfunctions._state_machines.values())

    taken: dict[str, tuple[str, Callable[[str], bool]]] = {
        "AWS::DynamoDB::Table": ("TableName", lambda name: name in dynamodb._tables),
        "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name in cloudwatch_logs._log_groups),
        "AWS::Lambda::Function": ("FunctionName", lambda name: name in lambda_svc._functions),
        "AWS::IAM::Role": ("RoleName", lambda name: name in iam._roles),
        "AWS::StepFunctions::StateMachine": ("StateMachineName", machine_exists),
    }
    for kind, (name_property, exists) in taken.items():
        handlers = provisioners._RESOURCE_HANDLERS.get(kind, {})
        if "create" not in handlers:
            raise AnchorError(f"MiniStack has no handler for {kind}")
        create = handlers["create"]
        if kind == "AWS::Lambda::Function":
            create = _with_code(create, lambda_svc._fetch_code_from_s3)
        handlers["create"] = _unless_taken(create, kind, name_property, exists)
    _adopt_buckets()


def _adopt_buckets() -> None:
    """Let the check for taken bucket names know what the change set imports."""
    from ministack.services.cloudformation import changesets, provisioners

    if not hasattr(changesets, "_deploy_stack_async") or not hasattr(provisioners, "s3_bucket_name_conflict"):
        raise AnchorError("MiniStack checks bucket names elsewhere")
    adopted: ContextVar[frozenset[str]] = ContextVar("adopted", default=frozenset())
    deploy, conflict = changesets._deploy_stack_async, provisioners.s3_bucket_name_conflict

    async def deploy_stack(*args: Any, imports: dict[str, dict[str, str]] | None = None, **more: Any) -> Any:
        adopted.set(frozenset(name for identifier in (imports or {}).values() for name in identifier.values()))
        return await deploy(*args, imports=imports, **more)

    changesets._deploy_stack_async = deploy_stack
    provisioners.s3_bucket_name_conflict = lambda name: None if name in adopted.get() else conflict(name)


def _unless_taken(create: Create, kind: str, name_property: str, exists: Callable[[str], bool]) -> Create:
    def create_resource(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name = properties.get(name_property)
        if name and exists(name):
            raise ValueError(f"Resource of type '{kind}' with identifier '{name}' already exists.")
        return create(logical_id, properties, stack_name)

    return create_resource


def _with_code(create: Create, fetch: Callable[..., bytes | None]) -> Create:
    def create_function(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        code = properties.get("Code", {})
        bucket, key = code.get("S3Bucket"), code.get("S3Key")
        if bucket and key and fetch(bucket, key, code.get("S3ObjectVersion")) is None:
            raise ValueError(f"Error occurred while GetObject. S3 Error Code: NoSuchKey, object s3://{bucket}/{key}.")
        return create(logical_id, properties, stack_name)

    return create_function
