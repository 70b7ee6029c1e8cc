"""Results as the workspace gives them."""

from datetime import UTC, datetime, timedelta

from bunsui.deploy.models import Change, Deployment, Destruction, Plan, Widening
from bunsui.session.model import (
    Answer,
    Cancellation,
    Failure,
    JobRun,
    LogLine,
    OperationRun,
    Question,
    Questions,
    Session,
    SessionPage,
    SessionReport,
    Snapshot,
    Status,
)
from bunsui.session.model import Change as Happened

START = datetime(2026, 1, 31, 10, 0, 0, tzinfo=UTC)
ID = "20260131-100000-abcd"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:sums:20260131-100000-abcd-1"

LINE = LogLine(
    time=START + timedelta(seconds=2),
    event="operation.failed",
    level="ERROR",
    message="no such key",
    pipeline="sums",
    session=ID,
    job="add",
    operation="total",
    retry=1,
    request_id="r-1",
    error="ValueError",
    traceback=("Traceback (most recent call last):", '  File "/var/task/etl.py", line 7, in total'),
)
SESSION = Session(
    status=Status.SUCCEEDED,
    started=START,
    finished=START + timedelta(seconds=83.2),
    id=ID,
    pipeline="sums",
    parameters={"count": 3},
    outputs={"add": {"total": {"value": 3}, "table": {"pointer": "sessions/sums/x.json"}}},
    execution=EXECUTION,
)
RUNNING = SESSION.model_copy(update={"status": Status.RUNNING, "finished": None, "outputs": None})
FAILED = SESSION.model_copy(
    update={"status": Status.FAILED, "kind": "error", "error": "ValueError", "cause": "no such key", "outputs": None}
)
RUNS = (
    JobRun(
        job="make",
        status=Status.SUCCEEDED,
        started=START,
        finished=START + timedelta(seconds=1),
        operations=(
            OperationRun(
                operation="numbers",
                status=Status.SUCCEEDED,
                tries=3,
                memory_mb=71.6,
                started=START,
                finished=START + timedelta(seconds=1),
            ),
        ),
    ),
    JobRun(
        job="add",
        status=Status.NOT_STARTED,
        operations=(OperationRun(operation="total", status=Status.NOT_STARTED),),
    ),
)
REPORT = SessionReport(session=SESSION, jobs=RUNS)
FAILURE = Failure(
    kind="error",
    error="ValueError",
    message="no such key\nnor any other",
    job="add",
    operation="total",
    traceback=LINE.traceback,
    log=LINE,
)
FAILED_REPORT = SessionReport(session=FAILED, jobs=RUNS, failure=FAILURE)
RUNNING_REPORT = SessionReport(session=RUNNING, jobs=RUNS)
PAGE = SessionPage(sessions=(SESSION, FAILED), next="page-2")
QUESTION = Question(
    session=ID,
    pipeline="sums",
    job="add",
    operation="pay",
    attempt=1,
    message="Pay 42?",
    answers=("approve", "reject"),
    approvers=("arn:aws:iam::123456789012:user/ada",),
    requested=START,
    until=START + timedelta(days=7),
)
QUESTIONS = Questions(questions=(QUESTION,))
ANSWER = Answer(question=QUESTION, answer="approve", by="arn:aws:iam::123456789012:user/ada", comment="fine", at=START)
CANCELLATION = Cancellation(session=SESSION, stopped=True, executions=(EXECUTION,), message="it is cancelled")


def snapshots(last: SessionReport = REPORT) -> list[Snapshot]:
    """A session that starts and comes to an end."""
    began = Happened(what="session", status=Status.RUNNING, time=START)
    again = Happened(
        what="operation",
        status=Status.FAILED,
        before=Status.RUNNING,
        time=START,
        job="add",
        operation="total",
        tries=2,
        error="ValueError",
        message="no such key\nnor any other",
    )
    return [Snapshot(report=RUNNING_REPORT, changes=(began,)), Snapshot(report=last, changes=(again,))]


CHANGES = (
    Change(action="added", logical_id="LakeBucket", type="AWS::S3::Bucket"),
    Change(action="changed", logical_id="TotalFunction", type="AWS::Lambda::Function", what=("Code", "MemorySize")),
    Change(
        action="replaced",
        logical_id="DaysTable",
        type="AWS::DynamoDB::Table",
        physical_id="sums-days",
        replacement="yes",
        what=("KeySchema",),
        path="Nested",
    ),
    Change(action="removed", logical_id="OldRole", type="AWS::IAM::Role", physical_id="old"),
    Change(action="retained", logical_id="OldBucket", type="AWS::S3::Bucket", physical_id="sums-old"),
)
WIDENINGS = (
    Widening(kind="grant", subject="TotalRole", action="s3:GetObject", resource="arn:aws:s3:::lake/raw/*"),
    Widening(kind="grant", subject="TotalRole", action="s3:PutObject", resource="arn:aws:s3:::lake/raw/*"),
    Widening(kind="grant", subject="TotalRole", action="s3:GetObject", resource="arn:aws:s3:::other/*"),
    Widening(kind="grant", subject="TotalRole", action="s3:PutObject", resource="arn:aws:s3:::other/*"),
    Widening(kind="trust", subject="TotalRole", action="sts:AssumeRole", resource="", principal="Service:lambda"),
)
PLAN = Plan(
    stack="sums",
    operation="update",
    changes=CHANGES,
    outputs_change=True,
    permission_widenings=WIDENINGS,
    stack_id="arn",
)
EMPTY = Plan(stack="sums", operation="update")
DELETION = Plan(stack="sums", operation="delete", changes=CHANGES[3:])
DEPLOYMENT = Deployment(
    stack="sums",
    stack_id="arn:aws:cloudformation:eu-west-1:123456789012:stack/sums/1",
    status="UPDATE_COMPLETE",
    changed=True,
    outputs={"Machine": "arn:aws:states:1", "Bucket": "sums-lake"},
    changes=CHANGES,
    permission_widenings=WIDENINGS,
    uploaded=("assets/1.zip",),
    duration_s=12.34,
)
DESTRUCTION = Destruction(
    stack="sums", status="DELETE_COMPLETE", deleted=CHANGES[3:4], retained=CHANGES[4:], duration_s=3.0
)
