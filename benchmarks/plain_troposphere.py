"""The reference of benchmarks.synth: the same resources, written by hand with troposphere and awacs.

python benchmarks/plain_troposphere.py OPERATIONS OPERATIONS_PER_JOB FOLDER
"""

import json
import sys
from pathlib import Path

from awacs import aws, states, sts, xray
from awacs import awslambda as lambda_actions
from awacs import logs as log_actions
from awacs import s3 as s3_actions
from awacs.aws import Allow, Condition, Deny, PolicyDocument, Principal, Statement, StringEquals, StringLike
from troposphere import (
    GetAtt,
    Output,
    Ref,
    Sub,
    Tags,
    Template,
    awslambda,
    cloudformation,
    iam,
    logs,
    s3,
    stepfunctions,
)

TAGS = {"pipeline": "bench"}
NESTED_PAST = 400
FUNCTIONS = "/plain/functions"
MACHINES = "/aws/vendedlogs/states/plain"


def trust(service: str) -> PolicyDocument:
    return PolicyDocument(
        Version="2012-10-17",
        Statement=[
            Statement(
                Effect=Allow,
                Principal=Principal("Service", service),
                Action=[sts.AssumeRole],
                Condition=Condition(StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})),
            )
        ],
    )


def allow(actions: list, resources: list, **extra: object) -> Statement:
    return Statement(Effect=Allow, Action=actions, Resource=resources, **extra)


def role(title: str, service: str, statements: list) -> iam.Role:
    policy = iam.Policy(PolicyName="calls", PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=statements))
    return iam.Role(title, AssumeRolePolicyDocument=trust(service), Policies=[policy], Tags=Tags(TAGS))


def function(number: int) -> list:
    lake = "arn:${AWS::Partition}:s3:::plain-lake-${AWS::AccountId}"
    statements = [
        allow(
            [log_actions.CreateLogStream, log_actions.PutLogEvents],
            [Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{FUNCTIONS}:*")],
        ),
        allow([s3_actions.AbortMultipartUpload, s3_actions.PutObject], [Sub(f"{lake}/out{number:03}/*")]),
        allow([s3_actions.GetObject], [Sub(f"{lake}/in{number:03}/*")]),
        allow(
            [s3_actions.ListBucket],
            [Sub(lake)],
            Condition=Condition(StringLike({"s3:prefix": [f"in{number:03}", f"in{number:03}/*"]})),
        ),
        allow([xray.PutTelemetryRecords, xray.PutTraceSegments], ["*"]),
    ]
    made = awslambda.Function(
        f"Op{number:03}Function",
        FunctionName=f"plain-op{number:03}",
        Architectures=["x86_64"],
        Code=awslambda.Code(S3Bucket=Sub("artefacts-${AWS::AccountId}"), S3Key="code.zip"),
        Environment=awslambda.Environment(
            Variables={"HANDLER": f"bench:op{number:03}", "RESOURCES": Sub(json.dumps({"lake": lake}))}
        ),
        EphemeralStorage=awslambda.EphemeralStorage(Size=512),
        Handler="shim.handle",
        LoggingConfig=awslambda.LoggingConfig(LogGroup=FUNCTIONS),
        MemorySize=512,
        Role=GetAtt(f"Op{number:03}Role", "Arn"),
        Runtime="python3.14",
        Tags=Tags(TAGS),
        Timeout=60,
        TracingConfig=awslambda.TracingConfig(Mode="Active"),
    )
    return [role(f"Op{number:03}Role", "lambda.amazonaws.com", statements), made]


def machine(title: str, name: str, statements: list, definition: dict) -> list:
    log_group = Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{MACHINES}:*")
    made = stepfunctions.StateMachine(
        title,
        StateMachineName=name,
        DefinitionString=Sub(json.dumps(definition)),
        LoggingConfiguration=stepfunctions.LoggingConfiguration(
            Destinations=[
                stepfunctions.LogDestination(
                    CloudWatchLogsLogGroup=stepfunctions.CloudWatchLogsLogGroup(LogGroupArn=log_group)
                )
            ],
            Level="ALL",
        ),
        RoleArn=GetAtt(f"{title}Role", "Arn"),
        Tags=stepfunctions.Tags(TAGS),
        TracingConfiguration=stepfunctions.TracingConfiguration(Enabled=True),
    )
    return [role(f"{title}Role", "states.amazonaws.com", statements), made]


def stars() -> Statement:
    return allow([log_actions.CreateLogDelivery, log_actions.GetLogDelivery, xray.PutTraceSegments], ["*"])


def task(number: int) -> dict:
    return {
        "Type": "Task",
        "Resource": "arn:${AWS::Partition}:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"plain-op{number:03}", "Payload": {"operation": f"op{number:03}", "inputs": {}}},
        "TimeoutSeconds": 90,
        "Assign": {f"op{number:03}": "{% $states.result.Payload %}"},
        "Retry": [
            {"ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2.0}
        ],
    }


def job(number: int, first: int, last: int) -> list:
    branches = []
    for start in range(first, last, 5):
        chain = list(range(start, min(start + 5, last)))
        states_of = {
            f"op{n:03}": {**task(n), **({"End": True} if n == chain[-1] else {"Next": f"op{n + 1:03}"})} for n in chain
        }
        branches.append({"StartAt": f"op{start:03}", "States": states_of})
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "All",
        "States": {"All": {"Type": "Parallel", "Branches": branches, "End": True}},
    }
    arns = [
        Sub(f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:plain-op{n:03}")
        for n in range(first, last)
    ]
    return machine(
        f"Job{number}Machine", f"plain-job{number}", [allow([lambda_actions.InvokeFunction], arns), stars()], definition
    )


def bucket() -> list:
    deny = Statement(
        Effect=Deny,
        Principal=Principal("*"),
        Action=[aws.Action("*")],
        Resource=[GetAtt("LakeBucket", "Arn")],
        Condition=Condition(aws.Bool({"aws:SecureTransport": "false"})),
    )
    return [
        s3.Bucket(
            "LakeBucket",
            BucketName=Sub("plain-lake-${AWS::AccountId}"),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        ),
        s3.BucketPolicy(
            "LakeBucketPolicy",
            Bucket=Ref("LakeBucket"),
            PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=[deny]),
        ),
    ]


def main() -> None:
    size, per_job, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    starts = range(0, size, per_job)
    root = [
        logs.LogGroup("FunctionLogs", LogGroupName=FUNCTIONS, RetentionInDays=30),
        logs.LogGroup("MachineLogs", LogGroupName=MACHINES, RetentionInDays=30),
        *bucket(),
    ]
    arns = [
        Sub(f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:plain-job{n}")
        for n in range(len(starts))
    ]
    run = {
        f"job{n}": {
            "Type": "Task",
            "Resource": "arn:${AWS::Partition}:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": f"plain-job{n}"},
            "End": True,
        }
        for n in range(len(starts))
    }
    branches = [{"StartAt": name, "States": {name: state}} for name, state in run.items()]
    root += machine(
        "Machine",
        "plain",
        [allow([states.StartExecution], arns), stars()],
        {
            "QueryLanguage": "JSONata",
            "StartAt": "Jobs",
            "States": {"Jobs": {"Type": "Parallel", "Branches": branches, "End": True}},
        },
    )
    rest = [made for n, first in enumerate(starts) for made in job(n, first, min(first + per_job, size))]
    rest += [made for n in range(size) for made in function(n)]
    folder.mkdir(parents=True, exist_ok=True)
    room = NESTED_PAST - len(root) - 4 if len(root) + len(rest) > NESTED_PAST else len(rest)
    template = Template(Description="plain")
    for made in root + rest[:room]:
        template.add_resource(made)
    for n, start in enumerate(range(room, len(rest), NESTED_PAST), start=1):
        child = Template(Description=f"plain {n}")
        for made in rest[start : start + NESTED_PAST]:
            child.add_resource(made)
        (folder / f"template-{n}.json").write_text(child.to_json(indent=1))
        template.add_resource(
            cloudformation.Stack(f"Nested{n}", TemplateURL=f"https://s3.amazonaws.com/artefacts/{n}.json")
        )
    template.add_output(Output("Arn", Value=Ref("Machine")))
    (folder / "template.json").write_text(template.to_json(indent=1))


main()
