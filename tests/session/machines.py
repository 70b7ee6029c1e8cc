"""A small pipeline in the formats of docs/architecture.md, written by hand: two jobs, three operations.

    ingest:  load -> clean        publish:  report

The parameter `mode` says what `clean` does; `report` runs when `ingest` is done.
"""

import io
import json
import zipfile

PIPELINE = "flights"
JOBS = {"ingest": ("load", "clean"), "publish": ("report",)}
TYPES = {"mode": str, "seconds": float}
DEFAULTS = {"seconds": 0.0}
CLEAN_TIMEOUT_S = 1

FUNCTION = """
import json, os, time, traceback
from datetime import datetime, timezone

def line(call, event, request, **more):
    told = {key: call[key] for key in ("pipeline", "session", "attempt", "job", "operation", "try")}
    now = datetime.now(timezone.utc).isoformat()
    print(json.dumps({"time": now, "level": "ERROR" if "error" in more else "INFO", "event": event,
                      "request_id": request, **told, **more}), flush=True)

def work(operation, mode, seconds):
    if operation == "load":
        time.sleep(seconds)
        return 3
    if operation == "clean":
        if mode == "fail":
            raise ValueError("row 7 has no day")
        if mode == "missing":
            import boto3
            boto3.client("s3").get_object(Bucket="lake", Key="raw/nothing.csv")
        if mode == "gone":
            open("/tmp/no-such-dir/x.csv")
        if mode == "hang":
            time.sleep(4)
    return {"rows": 3}

def handler(event, context):
    call, request = event["bunsui"], context.aws_request_id
    values = {name: envelope["value"] for name, envelope in event["inputs"].items()}
    line(call, "operation.started", request)
    line(call, "log", request, message=f"hello from {call['operation']}")
    try:
        value = work(call["operation"], values.get("mode", "ok"), values.get("seconds", 0))
    except Exception as error:
        line(call, "operation.failed", request, error=type(error).__name__, message=str(error),
             traceback=traceback.format_tb(error.__traceback__), duration_ms=1.5)
        raise
    line(call, "operation.finished", request, duration_ms=2.5, memory_mb=41.0)
    return {"value": value}
"""


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("index.py", FUNCTION)
    return data.getvalue()


def update(table: str, key: dict[str, str], fields: dict[str, str], next: str) -> dict[str, object]:
    """A state that sets fields of an item; keys and fields are JSONata or plain text."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Arguments": {
            "TableName": table,
            "Key": {name: {"S": value} for name, value in key.items()},
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in fields),
            "ExpressionAttributeNames": {f"#{name}": name for name in fields},
            "ExpressionAttributeValues": {
                f":{name}": {"N" if name == "attempt" else "S": value} for name, value in fields.items()
            },
        },
        "Output": "{% $states.input %}",
        "Next": next,
    }


SESSION = {"session": "{% $session %}"}
NOW = "{% $now() %}"


def parent(account: str, region: str, name: str) -> str:
    """The pipeline's state machine."""
    prefix = name.removesuffix(PIPELINE)
    states: dict[str, object] = {
        "Begin": {
            "Type": "Pass",
            "Assign": {
                "session": "{% $states.input.session %}",
                "attempt": "{% $states.input.attempt %}",
                "parameters": "{% $states.input.parameters %}",
            },
            "Next": "Record start",
        },
        "Record start": update(
            "bunsui-sessions",
            SESSION,
            {
                "kind": "session",
                "pipeline": PIPELINE,
                "status": "RUNNING",
                "attempt": "{% $string($attempt) %}",
                "started": "{% $states.context.Execution.StartTime %}",
                "parameters": "{% $string($parameters) %}",
                "execution": "{% $states.context.Execution.Id %}",
            },
            "Start ingest",
        ),
        **_job(account, region, f"{prefix}{PIPELINE}", "ingest", "Start publish"),
        **_job(account, region, f"{prefix}{PIPELINE}", "publish", "Record success"),
        "Record success": update(
            "bunsui-sessions",
            SESSION,
            {"status": "SUCCEEDED", "finished": NOW, "outputs": "{% $string({'publish': $publish}) %}"},
            "Done",
        ),
        "Done": {"Type": "Succeed"},
        "Record failure": update(
            "bunsui-sessions",
            SESSION,
            {"status": "FAILED", "finished": NOW, "error": "{% $error %}", "cause": "{% $cause %}"},
            "Failed",
        ),
        "Failed": {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $cause %}"},
    }
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Begin", "States": states})


def _job(account: str, region: str, stack: str, job: str, next: str) -> dict[str, object]:
    key = {**SESSION, "run": f"{{% $string($attempt) & '#{job}' %}}"}
    inputs = {"clean": "{% $ingest.clean %}"} if job == "publish" else {}
    execution = f"arn:aws:states:{region}:{account}:execution:{stack}-{job}:"
    return {
        f"Start {job}": update(
            "bunsui-job-runs",
            key,
            {
                "job": job,
                "attempt": "{% $string($attempt) %}",
                "status": "RUNNING",
                "started": NOW,
                "execution": f"{{% '{execution}' & $session & '-' & $string($attempt) & '-{job}' %}}",
            },
            f"Run {job}",
        ),
        f"Run {job}": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {
                "StateMachineArn": f"arn:aws:states:{region}:{account}:stateMachine:{stack}-{job}",
                "Name": f"{{% $session & '-' & $string($attempt) & '-{job}' %}}",
                "Input": {
                    "session": "{% $session %}",
                    "attempt": "{% $attempt %}",
                    "parameters": "{% $parameters %}",
                    "inputs": inputs,
                },
            },
            "Assign": {job: "{% $states.result.Output %}"},
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {
                        "error": "{% $states.errorOutput.Error %}",
                        "cause": "{% $states.errorOutput.Cause %}",
                    },
                    "Next": f"Record {job} failed",
                }
            ],
            "Next": f"Record {job}",
        },
        f"Record {job}": update(
            "bunsui-job-runs",
            key,
            {"status": "SUCCEEDED", "finished": NOW, "outputs": f"{{% $string(${job}) %}}"},
            next,
        ),
        f"Record {job} failed": update(
            "bunsui-job-runs",
            key,
            {"status": "FAILED", "finished": NOW, "error": "{% $error %}", "cause": "{% $cause %}"},
            "Record failure",
        ),
    }


def job(name: str, stack: str, account: str, region: str) -> str:
    """The state machine of a job: its operations one after the other."""
    operations = JOBS[name]
    states: dict[str, object] = {}
    for at, operation in enumerate(operations):
        last = at == len(operations) - 1
        inputs = {"mode": {"value": "{% $parameters.mode %}"}, "seconds": {"value": "{% $parameters.seconds %}"}}
        states[operation] = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {
                "FunctionName": f"arn:aws:lambda:{region}:{account}:function:{stack}-{operation}",
                "Payload": {
                    "bunsui": {
                        "pipeline": PIPELINE,
                        "session": "{% $session %}",
                        "attempt": "{% $attempt %}",
                        "job": name,
                        "operation": operation,
                        "try": "{% $states.context.State.RetryCount %}",
                        "inline": 32768,
                    },
                    "inputs": inputs,
                },
            },
            "TimeoutSeconds": 30,
            "Output": f"{{% {{'{operation}': $states.result.Payload}} %}}" if last else "{% $states.input %}",
            **({"End": True} if last else {"Next": operations[at + 1]}),
        }
    begin = {
        "Type": "Pass",
        "Assign": {
            "session": "{% $states.input.session %}",
            "attempt": "{% $states.input.attempt %}",
            "parameters": "{% $states.input.parameters %}",
        },
        "Next": operations[0],
    }
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Begin", "States": {"Begin": begin, **states}})


def deploy(aws, account: str, region: str, prefix: str = "") -> None:
    """The control stack's tables, if they are not there, and the pipeline."""
    _tables(aws.client("dynamodb"))
    stack, role = f"{prefix}{PIPELINE}", f"arn:aws:iam::{account}:role/any"
    group = f"/bunsui/{stack}/functions"
    aws.client("logs").create_log_group(logGroupName=group)
    code = archive()
    for operations in JOBS.values():
        for operation in operations:
            aws.client("lambda").create_function(
                FunctionName=f"{stack}-{operation}",
                Runtime="python3.13",
                Role=role,
                Handler="index.handler",
                Code={"ZipFile": code},
                Timeout=CLEAN_TIMEOUT_S if operation == "clean" else 30,
                LoggingConfig={"LogFormat": "JSON", "LogGroup": group},
            )
    machines = {stack: parent(account, region, stack)}
    machines |= {f"{stack}-{name}": job(name, stack, account, region) for name in JOBS}
    for name, definition in machines.items():
        aws.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)


def _tables(dynamodb) -> None:
    if "bunsui-sessions" in dynamodb.list_tables()["TableNames"]:
        return
    hash_only = [{"AttributeName": "session", "KeyType": "HASH"}]
    dynamodb.create_table(
        TableName="bunsui-sessions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=hash_only,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("session", "pipeline", "kind", "started")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": key, "KeyType": "HASH"},
                    {"AttributeName": "started", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, key in (("by-pipeline", "pipeline"), ("by-time", "kind"))
        ],
    )
    dynamodb.create_table(
        TableName="bunsui-job-runs",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[*hash_only, {"AttributeName": "run", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("session", "run")],
    )
