"""Executions recorded on AWS, run here, and compared."""

import json
import linecache
import re
from collections import Counter
from dataclasses import dataclass, field

from bunsui.interpreter import (
    S3,
    SNS,
    SQS,
    Activities,
    DynamoDB,
    EventBridge,
    Lambda,
    StateMachines,
    Took,
    start,
)
from bunsui.interpreter.faults import TaskFailed

GROUPS = ("pure", "lambda", "s3", "services")
ROLE = "snf_role_arn"
PLACEHOLDER = re.compile(r"<[^<>]+>")


@dataclass
class Verdict:
    """How one case went."""

    name: str
    group: str
    language: str
    result: bool = False
    cause: bool = False
    types: bool | None = None
    history: bool | None = None
    note: str = ""
    details: dict = field(default_factory=dict)

    @property
    def agrees(self):
        return self.result and self.cause and self.types is not False


def load(folder, group):
    """The cases of a group."""
    with (folder / "asl-cases" / f"{group}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def matches(expected, actual, wild=(), key=None):
    """Whether a recorded value fits ours: placeholders fit anything, JSON text fits what it says."""
    if isinstance(expected, str):
        if expected in wild or expected == key:
            return True
        if isinstance(actual, dict | list):
            return parsed(expected) is not None and matches(parsed(expected), actual, wild)
        if not isinstance(actual, str):
            return bool(PLACEHOLDER.fullmatch(expected))
        if expected == actual:
            return True
        if PLACEHOLDER.search(expected):
            pattern = ".*?".join(map(re.escape, PLACEHOLDER.split(expected)))
            if re.fullmatch(pattern, actual, re.S):
                return True
        left, right = parsed(expected), parsed(actual)
        return left is not None and right is not None and matches(left, right, wild)
    if isinstance(actual, str) and isinstance(expected, dict | list):
        return parsed(actual) is not None and matches(expected, parsed(actual), wild)
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and expected.keys() == actual.keys()
            and all(matches(expected[name], actual[name], wild, name) for name in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(matches(e, a, wild, key) for e, a in zip(expected, actual, strict=True))
        )
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return expected == actual


def parsed(text):
    """The JSON in a text that starts like an object or array."""
    if not text or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def function(spec):
    """A Lambda function that behaves as the recorded one."""
    behaviour = spec["behaviour"]
    if "raises" in behaviour:
        return raising(behaviour)
    returns = behaviour.get("returns")
    if returns == "the event":
        seconds = behaviour.get("sleeps_seconds")
        return (lambda event: Took(seconds, event)) if seconds else (lambda event: event)
    if isinstance(returns, str) and returns.startswith("a string of"):
        return lambda event: "a" * int(returns.split()[3])
    if isinstance(returns, str) and returns.startswith("the bytes"):
        return lambda event: json.loads(b'"HelloWorld!"')
    return lambda event: returns


def raising(behaviour):
    """A handler whose stack trace reads like the recorded one."""
    name = behaviour["raises"]
    if name == "Exception":
        source = f'def handler(event):\n    raise Exception("{behaviour["message"]}")\n'
    else:
        head = f"class {name}(Exception):\n    message: str\n\n    def __init__(self):\n        self.message = ''\n\n"
        source = head + f"\ndef handler(event):\n    raise {name}()\n"
    path = f"/var/task/{len(source)}/handler.py"
    linecache.cache[path] = (len(source), None, source.splitlines(True), path)
    scope = {}
    exec(compile(source, path, "exec"), scope)
    return scope["handler"]


def services_for(case, consumer):
    """What the account had when the case was recorded, as far as the case tells."""
    found = {"lambda": Lambda({spec["name"]: function(spec) for spec in case["lambda_functions"]})}
    buckets, tables = {}, {}
    for call in case["setup_calls"]:
        given = call["kwargs"]
        if call["service"] == "s3" and call["method"] == "create_bucket":
            buckets[given["Bucket"]] = {}
        elif call["service"] == "s3" and call["method"] == "put_object":
            body = given["Body"]
            if body.startswith("bytearray(b'"):
                body = body[12:-2]
            buckets[given["Bucket"]][given["Key"]] = body
        elif call["service"] == "dynamodb" and call["method"] == "create_table":
            tables[given["table_name"]] = given["partition_key"]
    found["sqs"], found["events"] = SQS(consumer), EventBridge()
    deleted = any(call["method"] == "delete_topic" for call in case["setup_calls"])
    found["sns"] = SNS(set() if deleted else None, consumer)
    found["aws-sdk:secretsmanager:listSecrets"] = lambda given: {"SecretList": []}
    found["s3"] = S3(buckets)
    found["dynamodb"] = DynamoDB(tables or {"table-name": "id"})
    for name in named_tables(case):
        found["dynamodb"].create_table(name, "id")
    found["states"] = StateMachines(nested_machines(case))
    found["activity"] = Activities(activity_workers(case), "BASE_ID_ACTIVITY_CONSUMER")
    return found


class Consumer:
    """The machine that answered the tokens of a queue or topic when the case was recorded."""

    def __init__(self, case):
        text = json.dumps(case["setup_calls"])
        fails = "sqs_send_task_failure_state_machine" in text or "failure" in case["name"]
        succeeds = "sqs_send_task_success_state_machine" in text or "sns_publish_wait" in case["name"]
        self.answer = "failure" if fails else "success" if succeeds or "mocking" in case["name"] else None
        self.named = "no_error_field" not in case["name"]
        self.bodies = []

    def __call__(self, body):
        if parsed(body) is not None:
            self.bodies.append(parsed(body))

    def settle(self, handle):
        """Answer every token that waits."""
        while self.answer and self.bodies:
            body = self.bodies.pop(0)
            token = body.get("TaskToken")
            if token not in handle.tokens:
                continue
            if self.answer == "success":
                handle.send_task_success(token, body.get("Message", {}))
            else:
                error = ("Failure error", "Failure cause") if self.named else (None, None)
                handle.send_task_failure(token, *error)


def named_tables(case):
    """Tables that a case names but does not create."""
    text = json.dumps([case["definition"], case["input"]])
    return set(re.findall(r'"TableName": "([^"$]+)"', text))


def nested_machines(case):
    """The machines that callback cases start; what they are is only told by their names and outputs."""
    if not {"states", "aws-sdk:sfn"} & set(case["services_needed"]):
        return {}
    arn = case["input"].get("StateMachineArn") if isinstance(case["input"], dict) else None
    if arn is None or "no_such" in case["name"]:
        return {}
    failing = {"Type": "Fail", "Error": "SomeFailure", "Cause": "This state machines raises a 'SomeFailure' failure."}
    passing = {"Type": "Pass", "Result": {"Arg1": "argument1"}, "End": True}
    state = failing if "failure" in case["name"] else passing
    return {arn: {"StartAt": "S", "States": {"S": state}}}


def activity_workers(case):
    """What the consumer of an activity does, read from the machine that played it."""
    for call in case["setup_calls"]:
        if call["method"] == "sfn_activity_consumer":
            text = json.dumps(call["kwargs"]["template"])
            return {call["kwargs"]["activity_arn"]: worker(text)}
    return {}


def worker(text):
    """A worker that succeeds, fails, or takes the task and forgets it."""
    if "sendTaskSuccess" in text:
        return lambda given: given
    if "sendTaskFailure" in text:

        def fail(given):
            raise TaskFailed("Programmatic Error", json.dumps(given))

        return fail
    return lambda given: Took(1e9, None)


def role_of(case):
    """The role of the recorded execution, as far as the history tells."""
    history = case.get("expected_history") or [{}]
    return history[0].get("executionStartedEventDetails", {}).get("roleArn", ROLE)


def run(case):
    """Execute a case here."""
    consumer = Consumer(case)
    handle = start(
        case["definition"],
        case["input"],
        services=services_for(case, consumer),
        workflow_type=case["type"],
        role_arn=role_of(case),
        state_machine_arn="arn:aws:states:us-east-1:111111111111:stateMachine:machine",
    )
    consumer.settle(handle)
    return handle.wait()


def judge(case, group):
    """Run a case and compare every part of it."""
    verdict = Verdict(case["name"], group, case["query_language"])
    try:
        ours = run(case)
    except Exception as error:
        verdict.note = f"{type(error).__name__}: {error}"
        return verdict
    wild = {*case["wildcards"], *case["unresolved_placeholders"]}
    wild |= {f"<{word}>" for word in case["wildcards"]}
    output = not case["has_output"] or matches(case["expected_output"], ours.output, wild)
    verdict.result = ours.status == case["expected_status"] and output and ours.error == case["expected_error"]
    verdict.cause = matches(case["expected_cause"], ours.cause, wild)
    if case.get("expected_history"):
        verdict.types = same_types(case, ours.event_types)
        verdict.history = same_history(case["expected_history"], ours.history, wild)
    verdict.details = {"ours": ours, "output": output}
    if not verdict.agrees:
        verdict.note = difference(case, ours, verdict)
    return verdict


def same_types(case, ours):
    """Event types in order; as a multiset where AWS gives no order.

    The recorder dropped events at the end of a Parallel. The ids of the others tell how many there were.
    """
    expected = case["expected_history_event_types"]
    there_were = case["expected_history"][-1]["id"]
    if there_were > len(expected):
        return len(ours) == there_were and not Counter(expected) - Counter(ours)
    return sorted(expected) == sorted(ours) if case["order_nondeterministic"] else expected == ours


def same_history(expected, ours, wild):
    """Every event with its id, predecessor and details, where the recording has an order."""
    if any(not isinstance(event["id"], int) for event in expected) or len(expected) != len(ours):
        return None
    wild = {*wild, "timestamp", "date", "start-date", "stop-date"}
    return all(
        event["id"] == mine["id"]
        and event["previousEventId"] == mine["previousEventId"]
        and matches({k: v for k, v in event.items() if k != "timestamp"}, without_time(mine), wild)
        for event, mine in zip(expected, ours, strict=True)
    )


def without_time(event):
    return {key: value for key, value in event.items() if key != "timestamp"}


def difference(case, ours, verdict):
    """One line on what differs."""
    if not verdict.result:
        return (
            f"AWS: {case['expected_status']} {case['expected_error']} {short(case['expected_output'])}; "
            f"here: {ours.status} {ours.error} {short(ours.output)} {short(ours.cause)}"
        )
    if not verdict.cause:
        return f"cause on AWS: {short(case['expected_cause'])}; here: {short(ours.cause)}"
    return f"events on AWS: {case['expected_history_event_types']}; here: {ours.event_types}"


def short(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) < 300 else text[:300] + "..."
