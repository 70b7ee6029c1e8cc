"""What roles may do, and the proof of it."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bunsui import Bucket, Lambda, Pipeline, Table
from bunsui.compile import cutting
from bunsui.compile.assembly import _prove
from bunsui.compile.grants import INLINE_LIMIT, MANAGED_COUNT, MANAGED_LIMIT, grants
from bunsui.compile.prove import Finding, _covers, prove
from bunsui.errors import BunsuiErrors, DeclarationError
from bunsui.model.calls import NO_RESOURCE_TYPE, Call, Condition, Why

from .assemblies import flights, found_templates, many, of_type, root, statements, text
from .pipelines import FILLED_IN, operation, pipeline

WHY = Why("work", "testing")
INGEST, PUBLISH, SESSION = "IngestJobMachineRole", "PublishJobMachineRole", "SessionMachineRole"


def pairs(role: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (action, text(resource))
        for statement in statements(role)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


# Grants


def call(action: str, resource: str, *conditions: Condition, justification: str = "") -> Call:
    return Call(action, resource, WHY, conditions, justification)


def test_calls_on_one_resource_share_a_statement() -> None:
    (grant,) = grants([call("s3:PutObject", "r"), call("s3:GetObject", "r"), call("s3:GetObject", "r")])
    assert (grant.actions, grant.resources) == (("s3:GetObject", "s3:PutObject"), ("r",))


def test_resources_with_the_same_actions_share_a_statement() -> None:
    (grant,) = grants([call("s3:GetObject", "b"), call("s3:GetObject", "a")])
    assert (grant.actions, grant.resources) == (("s3:GetObject",), ("a", "b"))


def test_statements_never_allow_a_pair_that_no_call_needs() -> None:
    made = grants([call("s3:GetObject", "a"), call("s3:PutObject", "b"), call("s3:GetObject", "b")])
    allowed = {(action, resource) for one in made for action in one.actions for resource in one.resources}
    assert allowed == {("s3:GetObject", "a"), ("s3:PutObject", "b"), ("s3:GetObject", "b")}


def test_conditions_keep_statements_apart() -> None:
    one = Condition("StringLike", "s3:prefix", ("raw",))
    two = Condition("StringLike", "s3:prefix", ("clean",))
    made = grants([call("s3:ListBucket", "b", one), call("s3:ListBucket", "b", two), call("s3:ListBucket", "b")])
    assert [grant.conditions for grant in made] == [(), (two,), (one,)]


def test_conditions_of_one_operator_are_all_told() -> None:
    both = (Condition("StringEquals", "a", ("1",)), Condition("StringEquals", "b", ("2",)))
    (grant,) = grants([call("s3:ListBucket", "b", *both)])
    assert grant.statement()["conditions"] == {"StringEquals": {"a": ["1"], "b": ["2"]}}


def test_every_reason_is_kept_once() -> None:
    whys = [Why("a", "reads lake"), Why("b", "reads lake"), Why("a", "reads lake")]
    (grant,) = grants([Call("s3:GetObject", "r", why) for why in whys])
    assert grant.why == (whys[0], whys[1])


# The prover


@pytest.fixture
def proved() -> tuple[dict[str, Any], dict[str, tuple[Call, ...]]]:
    found, _, plan = found_templates(flights())
    calls = {SESSION: plan.machine.calls, INGEST: plan.jobs["ingest"].calls, PUBLISH: plan.jobs["publish"].calls}
    calls |= {f"{name.capitalize()}WorkerRole": needed for name, needed in plan.worker_calls.items()}
    return copy.deepcopy(found["template.json"]), calls


def test_a_generated_template_is_proved(proved: tuple[dict[str, Any], dict[str, tuple[Call, ...]]]) -> None:
    template, calls = proved
    assert set(of_type(template, "AWS::IAM::Role")) == set(calls)
    assert prove([template], calls) == []


def statement(template: dict[str, Any], role: str, action: str) -> dict[str, Any]:
    return next(one for one in statements(template["Resources"][role]) if action in one["Action"])


def without_an_action(template: dict[str, Any]) -> None:
    statement(template, "CleanWorkerRole", "s3:PutObject")["Action"].remove("s3:PutObject")


def with_another_action(template: dict[str, Any]) -> None:
    statement(template, "CleanWorkerRole", "s3:GetObject")["Action"].append("s3:DeleteObject")


def with_every_action(template: dict[str, Any]) -> None:
    statement(template, "CleanWorkerRole", "s3:GetObject")["Action"].append("s3:*")


def with_a_wider_resource(template: dict[str, Any]) -> None:
    one = statement(template, "CleanWorkerRole", "s3:ListBucket")
    one["Resource"] = [{"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}]


def with_any_resource(template: dict[str, Any]) -> None:
    statement(template, "CleanWorkerRole", "s3:PutObject")["Resource"] = ["*"]


def without_a_condition(template: dict[str, Any]) -> None:
    del statement(template, "CleanWorkerRole", "s3:ListBucket")["Condition"]


def with_another_condition(template: dict[str, Any]) -> None:
    statement(template, "CleanWorkerRole", "s3:ListBucket")["Condition"] = {"StringLike": {"s3:prefix": ["*"]}}


def with_a_duplicate(template: dict[str, Any]) -> None:
    found = template["Resources"]["CleanWorkerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    found.append(copy.deepcopy(found[0]))


def with_a_managed_policy(template: dict[str, Any]) -> None:
    properties = template["Resources"]["CleanWorkerRole"]["Properties"]
    properties["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AdministratorAccess"]


def with_a_policy_beside(template: dict[str, Any]) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::b"}]}
    template["Resources"]["Beside"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "x", "Roles": [{"Ref": "CleanWorkerRole"}], "PolicyDocument": document},
    }


def with_a_role_policy_beside(template: dict[str, Any]) -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::b"}}
    template["Resources"]["Beside"] = {
        "Type": "AWS::IAM::RolePolicy",
        "Properties": {"PolicyName": "x", "RoleName": {"Ref": "CleanWorkerRole"}, "PolicyDocument": document},
    }


def with_all_but_one_action(template: dict[str, Any]) -> None:
    one = statement(template, "CleanWorkerRole", "s3:PutObject")
    one["NotAction"] = one.pop("Action")


def without_the_role(template: dict[str, Any]) -> None:
    del template["Resources"]["CleanWorkerRole"]


def with_a_foreign_role(template: dict[str, Any]) -> None:
    template["Resources"]["Foreign"] = copy.deepcopy(template["Resources"]["CleanWorkerRole"])


TAMPERINGS: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (without_an_action, "needed, but not allowed"),
    (with_another_action, "allowed, but not needed"),
    (with_every_action, "an action must not have a wildcard"),
    (with_a_wider_resource, "allowed, but not needed"),
    (with_any_resource, "'*' without a justification"),
    (without_a_condition, "allowed, but not needed"),
    (with_another_condition, "allowed, but not needed"),
    (with_a_duplicate, "allowed twice"),
    (with_a_managed_policy, "a managed policy that is not of this stack"),
    (with_a_policy_beside, "allowed, but not needed"),
    (with_a_role_policy_beside, "allowed, but not needed"),
    (with_all_but_one_action, "only statements that allow actions on resources can be proved"),
    (without_the_role, "needed, but not allowed"),
    (with_a_foreign_role, "allowed, but not needed"),
]


@pytest.mark.parametrize(("tamper", "problem"), TAMPERINGS, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_tampered_with_is_found(
    tamper: Callable[[dict[str, Any]], None], problem: str, proved: tuple[dict[str, Any], dict[str, tuple[Call, ...]]]
) -> None:
    template, calls = proved
    tamper(template)
    findings = prove([template], calls)
    assert problem in {finding.problem for finding in findings}
    assert {finding.role for finding in findings} <= {"CleanWorkerRole", "Foreign"}


def test_synth_refuses_what_is_not_proved() -> None:
    found, _, plan = found_templates(flights())
    template = copy.deepcopy(found["template.json"])
    with_another_action(template)
    with pytest.raises((BunsuiErrors, DeclarationError)) as raised:
        _prove({"template.json": template}, plan)
    assert "BUN305: role CleanWorkerRole: s3:DeleteObject on arn:" in str(raised.value)


def test_a_pattern_may_cover_what_a_call_needs_only_exactly_once() -> None:
    def template(*resources: str) -> dict[str, Any]:
        document = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": list(resources)}]}
        return {
            "Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": document}]}}}
        }

    calls = {"R": [call("s3:GetObject", "b/*"), call("s3:GetObject", "b/raw/*")]}
    assert prove([template("b/*")], calls) == []
    assert prove([template("b/*", "b/raw/*")], calls) == [Finding("R", "allowed twice", "s3:GetObject", "b/raw/*")]


@pytest.mark.parametrize(
    ("pattern", "resource", "covers"),
    [
        ("b/raw", "b/raw", True),
        ("b/raw", "b/raw/x", False),
        ("b/*", "b/raw/*", True),
        ("b/*", "c/raw", False),
        ("*", "b/raw", True),
        ("b/*/x", "b/raw/x", True),
        ("b/*/x", "b/raw/y", False),
        ("b/**", "b/raw", True),
        ("b/?aw/*", "b/raw/x", True),
        ("b/?aw/*", "b/*aw/x", False),
        ("b/r.w/*", "b/raw/x", False),
    ],
)
def test_a_pattern_covers_what_it_stands_for(pattern: str, resource: str, covers: bool) -> None:
    assert _covers(pattern, resource) is covers


# Templates


def test_no_action_has_a_wildcard() -> None:
    for role in of_type(root(flights()), "AWS::IAM::Role").values():
        assert not any(set("*?") & set(action) for action, _ in pairs(role))


@pytest.fixture(scope="session")
def policies() -> dict[str, Any]:
    shared = Path(os.environ.get("BUNSUI_SHARED", Path(__file__).parents[2].parent / "shared"))
    file = shared / "data" / "stepfunctions-integration-policies.json"
    if not file.is_file():
        pytest.skip(f"the reference data is not there: {file.name}; set BUNSUI_SHARED to its folder")
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def test_stars_are_unavoidable(policies: dict[str, Any]) -> None:
    unavoidable = policies["unavoidable_star_actions"]
    seen = set()
    for name, role in of_type(root(flights()), "AWS::IAM::Role").items():
        stars = {action for action, resource in pairs(role) if resource == "*"}
        features = {feature for action in stars for feature in unavoidable[action]}
        assert features == ({"feature:xray"} if name.endswith("WorkerRole") else {"feature:xray", "feature:logging"})
        seen |= stars
    assert seen == {action for action, used in unavoidable.items() if {"feature:xray", "feature:logging"} & set(used)}


def test_every_star_says_why_in_its_sid() -> None:
    for role in of_type(root(flights()), "AWS::IAM::Role").values():
        for one in statements(role):
            assert ("*" in one["Resource"]) == (one.get("Sid") == "NoResourceType")


def integration(policies: dict[str, Any], *names: str, **values: str) -> set[tuple[str, str]]:
    known = {"Partition": "${AWS::Partition}", "Region": "${AWS::Region}", "Account": "${AWS::AccountId}", **values}
    found = set()
    for name in names:
        for one in policies["integrations"][name]["statements"]:
            for resource in one["resources"]:
                filled = re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], resource)
                found |= {(action, filled) for action in one["actions"]}
    return found


def test_machine_of_a_job_may_do_what_its_integrations_document(policies: dict[str, Any]) -> None:
    roles = root(flights())["Resources"]
    features = integration(policies, "feature:logging", "feature:xray")
    invoke = {
        pair
        for function in ("raw", "clean")
        for pair in integration(policies, "lambda:invoke", FunctionName=f"flights-{function}")
    }
    assert pairs(roles[INGEST]) == features | invoke
    assert pairs(roles[PUBLISH]) == features | integration(policies, "lambda:invoke", FunctionName="flights-daily")


def test_machine_of_the_pipeline_may_do_what_its_integrations_document(policies: dict[str, Any]) -> None:
    wanted = integration(policies, "feature:logging", "feature:xray")
    for job in ("ingest", "publish"):
        wanted |= integration(policies, "states:startExecution.sync:2", ChildName=f"flights-{job}")
    for table in ("bunsui-sessions", "bunsui-job-runs"):
        wanted |= integration(policies, "dynamodb:updateItem", Table=table)
    assert pairs(root(flights())["Resources"][SESSION]) == wanted


def test_functions_may_do_what_their_reads_and_writes_say() -> None:
    role = root(flights())["Resources"]["CleanWorkerRole"]
    lake = "arn:${AWS::Partition}:s3:::flights-lake-${AWS::AccountId}-${AWS::Region}"
    spilled = "arn:${AWS::Partition}:s3:::bunsui-${AWS::AccountId}-${AWS::Region}/sessions/flights/*"
    logs = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/bunsui/flights/functions:*"
    written = [f"{lake}/{path}" for path in ("clean", "clean/*", "rejected", "rejected/*")]
    assert pairs(role) == {
        ("s3:GetObject", f"{lake}/raw"),
        ("s3:GetObject", f"{lake}/raw/*"),
        ("s3:ListBucket", lake),
        *(("s3:PutObject", path) for path in written),
        *(("s3:AbortMultipartUpload", path) for path in written),
        ("s3:GetObject", spilled),
        ("s3:PutObject", spilled),
        ("logs:CreateLogStream", logs),
        ("logs:PutLogEvents", logs),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    }
    listing = next(one for one in statements(role) if "s3:ListBucket" in one["Action"])
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["raw", "raw/*"]}}


def test_accesses_within_others_are_not_allowed_twice() -> None:
    lake = Bucket("lake")
    work = operation("work", reads=[lake / "raw" / "x", lake / "raw", lake / "raw"], writes=[lake, lake / "out"])
    role = root(Pipeline("p", operations=[work]))["Resources"]["WorkWorkerRole"]
    arn = "arn:${AWS::Partition}:s3:::p-lake-${AWS::AccountId}-${AWS::Region}"
    objects = {resource for action, resource in pairs(role) if action.startswith("s3:") and resource.startswith(arn)}
    assert objects == {arn, f"{arn}/raw", f"{arn}/raw/*", f"{arn}/*"}


def test_accesses_that_only_begin_alike_are_both_allowed() -> None:
    lake = Bucket("lake")
    role = root(Pipeline("p", operations=[operation("work", reads=[lake / "raw", lake / "raw2"])]))["Resources"]
    objects = {resource for action, resource in pairs(role["WorkWorkerRole"]) if action == "s3:GetObject"}
    assert {resource.rpartition("}/")[2] for resource in objects} == {"raw", "raw/*", "raw2", "raw2/*"}


@pytest.mark.parametrize(
    ("mode", "actions"),
    [
        ("reads", {"BatchGetItem", "GetItem", "Query", "Scan"}),
        ("writes", {"BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem"}),
    ],
)
def test_tables(mode: str, actions: set[str]) -> None:
    work = operation("work", **{mode: [Table("delays", partition_key="day")]})
    role = root(Pipeline("p", operations=[work]))["Resources"]["WorkWorkerRole"]
    arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/p-delays"
    assert {action.partition(":")[2] for action, resource in pairs(role) if resource == arn} == actions


def test_what_exists_is_used_under_its_own_name() -> None:
    lake, delays = Bucket("lake", existing="the-lake"), Table("delays", partition_key="day", existing="Delays")
    template = root(Pipeline("p", operations=[operation("work", reads=[lake], writes=[delays])]))
    assert not of_type(template, "AWS::S3::Bucket")
    assert not of_type(template, "AWS::DynamoDB::Table")
    resources = {resource for _, resource in pairs(template["Resources"]["WorkWorkerRole"])}
    assert "arn:${AWS::Partition}:s3:::the-lake/*" in resources
    assert "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/Delays" in resources


def test_small_results_need_no_bucket() -> None:
    role = root(Pipeline("p", operations=[operation("work", returns=int)]))["Resources"]["WorkWorkerRole"]
    assert {action.partition(":")[0] for action, _ in pairs(role)} == {"logs", "xray"}


# Trust


def trust(role: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
        assert (one["Effect"], one["Action"]) == ("Allow", ["sts:AssumeRole"])
        yield one["Principal"]["Service"], one["Condition"]


def test_only_the_service_of_this_account_assumes_a_role() -> None:
    for name, role in of_type(root(flights()), "AWS::IAM::Role").items():
        ((service, condition),) = trust(role)
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert service == ("lambda.amazonaws.com" if name.endswith("WorkerRole") else "states.amazonaws.com")


def test_only_its_own_machine_assumes_the_role_of_a_machine() -> None:
    roles = root(flights())["Resources"]
    for name, machine in {SESSION: "flights", INGEST: "flights-ingest", PUBLISH: "flights-publish"}.items():
        ((_, condition),) = trust(roles[name])
        arn = f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{machine}"
        assert condition["ArnLike"] == {"aws:SourceArn": {"Fn::Sub": arn}}


# Limits


def length(document: Mapping[str, Any]) -> int:
    """Characters that IAM counts, with the longest values that placeholders can have."""
    longest = FILLED_IN | {"${AWS::Partition}": "aws-us-gov", "${AWS::Region}": "ap-southeast-1"}

    def plain(value: Any) -> Any:
        if isinstance(value, dict) and "Fn::Sub" in value:
            for placeholder, filled in longest.items():
                value = {"Fn::Sub": value["Fn::Sub"].replace(placeholder, filled)}
            return value["Fn::Sub"]
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return len(json.dumps(plain(document), separators=(",", ":")))


@pytest.fixture
def uncut(monkeypatch: pytest.MonkeyPatch) -> None:
    """No machine is cut into segments."""
    monkeypatch.setattr(cutting, "LIMIT", cutting.Limit(10**9, 10**9, 10**9))


@pytest.mark.usefixtures("uncut")
def test_a_role_with_four_hundred_functions_is_split_below_the_limits() -> None:
    names = [f"{'operation_with_a_long_name_' * 2}{number}" for number in range(400)]
    found, _, plan = found_templates(pipeline({name: [] for name in names}))
    template = {"Resources": {name: one for part in found.values() for name, one in part["Resources"].items()}}
    role = template["Resources"]["MainJobMachineRole"]
    managed = {
        name: one
        for name, one in of_type(template, "AWS::IAM::ManagedPolicy").items()
        if one["Properties"]["Roles"] == [{"Ref": "MainJobMachineRole"}]
    }
    assert 1 <= len(managed) <= MANAGED_COUNT
    assert sum(length(policy["PolicyDocument"]) for policy in role["Properties"]["Policies"]) <= INLINE_LIMIT
    assert all(length(one["Properties"]["PolicyDocument"]) <= MANAGED_LIMIT for one in managed.values())
    assert set(managed) <= set(template["Resources"]["MainJobMachine"]["DependsOn"])
    documents = [policy["PolicyDocument"] for policy in role["Properties"]["Policies"]]
    documents += [one["Properties"]["PolicyDocument"] for one in managed.values()]
    invoked = [
        text(resource)
        for document in documents
        for one in document["Statement"]
        if "lambda:InvokeFunction" in one["Action"]
        for resource in one["Resource"]
    ]
    assert len(invoked) == len(set(invoked)) == 400
    assert plan.jobs["main"].calls


@pytest.mark.usefixtures("uncut")
def test_more_than_a_role_can_hold_is_an_error() -> None:
    with pytest.raises(DeclarationError) as raised:
        found_templates(pipeline({f"{'x' * 60}{number}": [] for number in range(900)}))
    assert raised.value.code == "BUN301"
    assert "IAM allows 10" in raised.value.message
    assert "put operations into several jobs" in raised.value.hint


def test_machines_are_cut_before_a_role_can_hold_no_more() -> None:
    found, _, plan = found_templates(pipeline({f"{'x' * 60}{number}": [] for number in range(900)}))
    assert len(plan.segments) > 1
    assert len({one for part in found.values() for one in of_type(part, "AWS::StepFunctions::StateMachine")}) == len(
        plan.machines
    )


def test_a_thousand_operations_of_a_kind_are_one_function() -> None:
    found, _, plan = found_templates(many(1000, distinct=False))
    functions = [name for part in found.values() for name in of_type(part, "AWS::Lambda::Function")]
    assert functions == ["WorkFunction"]
    assert len(plan.workers["work"].why) == 1000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"runs": Lambda()}, {"runs": Lambda(memory=1024)}),
        ({"handler": "code:work"}, {"handler": "code:rest"}),
        ({"reads": [Bucket("a")]}, {"reads": [Bucket("a") / "x"]}),
        ({"reads": [Bucket("a")]}, {"writes": [Bucket("a")]}),
        ({"returns": int}, {"returns": list}),
    ],
    ids=["settings", "code", "part", "mode", "spilling"],
)
def test_what_differs_is_not_shared(one: dict[str, Any], other: dict[str, Any]) -> None:
    def workers(first: dict[str, Any], second: dict[str, Any]) -> int:
        made = [operation(name, **{"handler": "code:work", **s}) for name, s in (("x", first), ("y", second))]
        return len(found_templates(Pipeline("p", operations=made))[2].workers)

    assert workers(one, other) == 2
    assert workers(one, one) == 1


def test_justification_is_the_documented_code() -> None:
    calls = found_templates(flights())[2].machine.calls
    assert {one.justification for one in calls if one.resource == "*"} == {NO_RESOURCE_TYPE}
    assert {one.justification for one in calls if one.resource != "*"} == {""}
