"""The control stack's template: session tables, artefact bucket and bucket of access logs of an account and region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bunsui.model import names

if TYPE_CHECKING:
    from troposphere import Template
    from troposphere.dynamodb import GlobalSecondaryIndex, Table
    from troposphere.s3 import Bucket, BucketPolicy

SPILL_DAYS = 30
"""How long values between operations are kept: as long as a session may be rerun from them."""
NONCURRENT_DAYS = 30
ABORT_UPLOAD_DAYS = 7
ACCESS_LOG_DAYS = 365
ARTEFACTS, LOGS = "ArtefactBucket", "AccessLogBucket"
SESSIONS, JOB_RUNS, JOINS, APPROVALS = "SessionsTable", "JobRunsTable", "JoinsTable", "ApprovalsTable"


def template() -> str:
    """The template as JSON; the same for every account and region."""
    from troposphere import Output, Ref, Template

    made = Template(Description="bunsui: sessions, artefacts and access logs of this account and region")
    made.set_version("2010-09-09")
    for resource in (*_log_bucket(), *_artefact_bucket(), *_tables()):
        made.add_resource(resource)
    for logical_id in (ARTEFACTS, LOGS, SESSIONS, JOB_RUNS, JOINS, APPROVALS):
        made.add_output(Output(logical_id, Value=Ref(logical_id)))
    return _json(made)


def _json(made: Template) -> str:
    return str(made.to_json(indent=1, sort_keys=True))


def _artefact_bucket() -> tuple[Bucket, BucketPolicy]:
    from troposphere import Ref, Sub
    from troposphere.s3 import (
        AbortIncompleteMultipartUpload,
        BucketEncryption,
        LifecycleConfiguration,
        LifecycleRule,
        LoggingConfiguration,
        NoncurrentVersionExpiration,
        ServerSideEncryptionByDefault,
        ServerSideEncryptionRule,
    )

    encryption = BucketEncryption(
        ServerSideEncryptionConfiguration=[
            ServerSideEncryptionRule(
                BucketKeyEnabled=True,
                ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms"),
            )
        ]
    )
    lifecycle = LifecycleConfiguration(
        Rules=[
            LifecycleRule(Id="spilled-values", Status="Enabled", Prefix="sessions/", ExpirationInDays=SPILL_DAYS),
            LifecycleRule(
                Id="old-versions",
                Status="Enabled",
                NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=NONCURRENT_DAYS),
                AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=ABORT_UPLOAD_DAYS),
            ),
        ]
    )
    logging = LoggingConfiguration(DestinationBucketName=Ref(LOGS), LogFilePrefix="bunsui/")
    bucket = _bucket(
        ARTEFACTS,
        Sub(names.artefact_bucket()),
        BucketEncryption=encryption,
        LifecycleConfiguration=lifecycle,
        LoggingConfiguration=logging,
    )
    bucket.DependsOn = f"{LOGS}Policy"
    return bucket, _policy(ARTEFACTS, [])


def _log_bucket() -> tuple[Bucket, BucketPolicy]:
    from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
    from awacs.s3 import PutObject
    from troposphere import Ref, Sub
    from troposphere.s3 import (
        AbortIncompleteMultipartUpload,
        BucketEncryption,
        LifecycleConfiguration,
        LifecycleRule,
        NoncurrentVersionExpiration,
        ServerSideEncryptionByDefault,
        ServerSideEncryptionRule,
    )

    encryption = BucketEncryption(
        ServerSideEncryptionConfiguration=[
            ServerSideEncryptionRule(ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256"))
        ]
    )
    lifecycle = LifecycleConfiguration(
        Rules=[
            LifecycleRule(
                Id="old-logs",
                Status="Enabled",
                ExpirationInDays=ACCESS_LOG_DAYS,
                NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=NONCURRENT_DAYS),
                AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=ABORT_UPLOAD_DAYS),
            )
        ]
    )
    delivery = Statement(
        Sid="AccessLogs",
        Effect=Allow,
        Principal=Principal("Service", "logging.s3.amazonaws.com"),
        Action=[PutObject],
        Resource=[Sub("${%s.Arn}/*" % LOGS)],  # noqa: UP031 - the braces are CloudFormation's
        Condition=Condition(StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})),
    )
    bucket = _bucket(
        LOGS, Sub(names.access_log_bucket()), BucketEncryption=encryption, LifecycleConfiguration=lifecycle
    )
    return bucket, _policy(LOGS, [delivery])


def _bucket(logical_id: str, name: Any, **properties: Any) -> Bucket:
    from troposphere.s3 import (
        Bucket,
        OwnershipControls,
        OwnershipControlsRule,
        PublicAccessBlockConfiguration,
        VersioningConfiguration,
    )

    return Bucket(
        logical_id,
        BucketName=name,
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        **properties,
    )


def _policy(bucket: str, statements: list[Any]) -> BucketPolicy:
    from awacs.aws import Bool, Condition, Deny, PolicyDocument, Principal, Statement
    from awacs.s3 import Action
    from troposphere import GetAtt, Ref, Sub
    from troposphere.s3 import BucketPolicy

    tls_only = Statement(
        Sid="TlsOnly",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action("*")],
        Resource=[GetAtt(bucket, "Arn"), Sub("${%s.Arn}/*" % bucket)],  # noqa: UP031 - the braces are CloudFormation's
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )
    document = PolicyDocument(Version="2012-10-17", Statement=[*statements, tls_only])
    return BucketPolicy(f"{bucket}Policy", Bucket=Ref(bucket), PolicyDocument=document)


def _tables() -> tuple[Table, ...]:
    sessions = _table(
        SESSIONS,
        names.SESSIONS_TABLE,
        ("session",),
        indexes=[_index("by-pipeline", "pipeline", "started"), _index("by-time", "kind", "started")],
        attributes=("kind", "pipeline", "session", "started"),
    )
    approvals = _table(
        APPROVALS,
        names.APPROVALS_TABLE,
        ("session", "approval"),
        indexes=[_index("by-pending", "pending", "requested")],
        attributes=("approval", "pending", "requested", "session"),
        expires=True,
    )
    job_runs = _table(JOB_RUNS, names.JOB_RUNS_TABLE, ("session", "run"), indexes=[], attributes=("run", "session"))
    joins = _table(
        JOINS, names.JOINS_TABLE, ("session", "join"), indexes=[], attributes=("join", "session"), expires=True
    )
    return sessions, job_runs, joins, approvals


def _table(
    logical_id: str,
    name: str,
    key: tuple[str, ...],
    *,
    indexes: list[GlobalSecondaryIndex],
    attributes: tuple[str, ...],
    expires: bool = False,
) -> Table:
    from troposphere.dynamodb import (
        AttributeDefinition,
        PointInTimeRecoverySpecification,
        SSESpecification,
        Table,
        TimeToLiveSpecification,
    )

    more: dict[str, Any] = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    if expires:
        more["TimeToLiveSpecification"] = TimeToLiveSpecification(AttributeName="expires", Enabled=True)
    return Table(
        logical_id,
        TableName=name,
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[AttributeDefinition(AttributeName=one, AttributeType="S") for one in attributes],
        KeySchema=_key(*key),
        PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(PointInTimeRecoveryEnabled=True),
        SSESpecification=SSESpecification(SSEEnabled=True),
        DeletionProtectionEnabled=True,
        **more,
    )


def _index(name: str, *key: str) -> GlobalSecondaryIndex:
    from troposphere.dynamodb import GlobalSecondaryIndex, Projection

    return GlobalSecondaryIndex(IndexName=name, KeySchema=_key(*key), Projection=Projection(ProjectionType="ALL"))


def _key(*attributes: str) -> list[Any]:
    from troposphere.dynamodb import KeySchema

    return [
        KeySchema(AttributeName=name, KeyType=kind) for name, kind in zip(attributes, ("HASH", "RANGE"), strict=False)
    ]
