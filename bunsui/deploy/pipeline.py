"""A pipeline's stack: deployed, or only looked at."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bunsui.aws.cloudformation import TEMPLATE_BODY_LIMIT, CloudFormation
from bunsui.aws.connection import Aws
from bunsui.aws.s3 import S3
from bunsui.deploy import apply, changeset, plan, standing, upload
from bunsui.deploy.approvals import able, ask
from bunsui.deploy.bootstrap import PACE, ensure, require, where
from bunsui.deploy.changeset import Request
from bunsui.deploy.events import Note, Notify, ignore
from bunsui.deploy.models import Deployment, Plan
from bunsui.deploy.protocols import Approve, Assembly, Build, Needed, Pace
from bunsui.deploy.render import Place, Rendered, render
from bunsui.errors import AwsError, DeploymentError
from bunsui.model import names


def deploy(
    aws: Aws,
    assembly: Assembly,
    *,
    build: Build,
    approve: Approve | None,
    notify: Notify = ignore,
    platform: str = "",
    account: str | None = None,
    pace: Pace = PACE,
    first: Sequence[Assembly] = (),
    needs: Iterable[Needed] = (),
) -> Deployment:
    """Bring the pipeline's stack to what the assembly says; does nothing when it is.

    Args:
        aws: where.
        assembly: what synth made.
        build: makes the zip of an asset that is not in the artefact bucket yet.
        approve: is shown each plan (the control stack's where there is none yet, then the pipeline's) and agrees or
            not; None when there is nobody to ask.
        notify: is told what happens.
        platform: that assets are built for; one that was built for another is built and sent again.
        account: the account it has to be, 12 digits.
        pace: of looking.
        first: assemblies of pipelines that are deployed together with it, and before it.
        needs: pipelines that have to be there.

    Raises:
        ApprovalError: BUN603 nobody to ask, BUN604 declined; nothing was changed.
        DeploymentError: BUN601 the change set failed, BUN602 the stack failed, BUN605 a pipeline is not there.
        AwsError: AWS refused or could not be reached; BUN505 it is another account.
        KeyboardInterrupt: as it came; before the execution nothing is left behind, during it AWS goes on.
    """
    began = time.monotonic()
    client, place = CloudFormation(aws), _checked(aws, account)
    _require(client, needs)
    ensure(aws, place, approve=approve, notify=notify, pace=pace)
    s3, bucket = S3(aws, place.account), names.artefact_bucket(place.account, place.region)
    works: list[_Work] = []
    done: list[Deployment] = []
    try:
        for one in (*first, assembly):
            rendered = render(one.templates, place)
            stands = _ready(client, one.stack, approve, notify, pace)
            notify(Note(stack=one.stack, text="working out what changes"))
            sent = upload.send_templates(s3, bucket, rendered)
            made = plan.make(client, _by_url(one, rendered, sent.url), rendered, stands, pace)
            works.append(_Work(one, rendered, stands, made, tuple(sent.keys)))
        changing = _agreed(works, approve)
        for work in changing:
            work.sent += upload.send_assets(s3, bucket, work.assembly.assets, build, platform, notify)
        for work in works:
            done.append(work.carried_out(client, notify, pace, began))
    except BaseException:
        for work in works[len(done) :]:
            work.withdraw(client)
        raise
    return done[-1].model_copy(update={"first": tuple(done[:-1])})


@dataclass(slots=True)
class _Work:
    """What is to be done to one stack.

    Attributes:
        sent: keys of the objects that were sent for it.
        begun: whether it is too late to withdraw it.
    """

    assembly: Assembly
    rendered: Rendered
    stands: standing.Standing
    plan: Plan
    sent: tuple[str, ...]
    begun: bool = False

    def carried_out(self, client: CloudFormation, notify: Notify, pace: Pace, began: float) -> Deployment:
        self.begun = True
        if self.plan.empty:
            return apply.nothing_to_do(client, self.plan, self.stands, notify, began)
        return apply.carry_out(client, self.plan, self.rendered, notify, pace, began=began, uploaded=self.sent)

    def withdraw(self, client: CloudFormation) -> None:
        if not self.begun:
            apply.withdraw(client, self.plan, self.stands)


def _agreed(works: Sequence[_Work], approve: Approve | None) -> list[_Work]:
    """Those that change something, once all of them are agreed to together."""
    changing = [work for work in works if not work.plan.empty]
    for work in changing:
        plan.check_possible(work.plan)
    if changing:
        *before, last = (work.plan for work in works)
        ask(approve, last.model_copy(update={"first": tuple(before)}))
    return changing


def _require(client: CloudFormation, needs: Iterable[Needed]) -> None:
    """See that the pipelines that others run are there.

    Raises:
        DeploymentError: BUN605.
    """
    for one in needs:
        stack = client.describe_stack(one.stack)
        if stack is None or standing.NEXT.get(stack.status) in ("create", "remove first"):
            raise DeploymentError(
                "BUN605",
                f"pipeline {one.pipeline!r} is not deployed here, and {one.by!r} runs it",
                hint=f"run `bunsui deploy {one.pipeline}` first, or declare it with deployed='together'",
            )


def diff(
    aws: Aws,
    assembly: Assembly,
    *,
    notify: Notify = ignore,
    account: str | None = None,
    pace: Pace = PACE,
    first: Sequence[Assembly] = (),
) -> Plan:
    """What `deploy` would do; leaves nothing behind.

    Raises:
        DeploymentError: BUN601 the change set failed, BUN602 the stack cannot be deployed as it stands.
        AwsError: AWS refused or could not be reached; BUN504 no control stack, which a large template needs.
    """
    client, place = CloudFormation(aws), _checked(aws, account)
    *before, last = (_compared(aws, client, place, one, notify, pace) for one in (*first, assembly))
    return last.model_copy(update={"first": tuple(before)})


def _compared(aws: Aws, client: CloudFormation, place: Place, assembly: Assembly, notify: Notify, pace: Pace) -> Plan:
    rendered = render(assembly.templates, place)
    stands = standing.look(client, assembly.stack, notify, pace)
    if stands.next == "remove first":
        return plan.from_scratch(assembly.stack, rendered)
    if not rendered.nested and len(rendered.root.encode()) <= TEMPLATE_BODY_LIMIT:
        request = Request(assembly.stack, body=rendered.root, tags=assembly.tags)
        return _looked_at(client, request, rendered, stands, pace)
    require(client)
    s3, bucket = S3(aws, place.account), names.artefact_bucket(place.account, place.region)
    sent = upload.send_templates(s3, bucket, rendered)
    try:
        return _looked_at(client, _by_url(assembly, rendered, sent.url), rendered, stands, pace)
    finally:
        upload.take_back(s3, bucket, sent)


def _looked_at(
    client: CloudFormation, request: Request, rendered: Rendered, stands: standing.Standing, pace: Pace
) -> Plan:
    made = plan.make(client, request, rendered, stands, pace)
    if made.change_set:
        changeset.discard(client, request.stack, made.change_set, stands)
    return made.model_copy(update={"change_set": "", "stack_id": stands.deployed})


def _checked(aws: Aws, account: str | None) -> Place:
    place = where(aws)
    if account is not None and account != place.account:
        hint = "use the profile of that account, or change `account` of the environment in bunsui.toml"
        message = f"the credentials are for account {place.account}, the environment is for {account}"
        raise AwsError("BUN505", message, hint=hint)
    return place


def _ready(
    client: CloudFormation, stack: str, approve: Approve | None, notify: Notify, pace: Pace
) -> standing.Standing:
    """How the stack stands, once what is left of a failed creation is out of the way."""
    stands = standing.look(client, stack, notify, pace)
    if stands.next != "remove first" or stands.stack is None:
        return stands
    able(approve, stack)
    standing.remove_failed(client, stack, stands.stack, notify, pace)
    return standing.Standing("create")


def _by_url(assembly: Assembly, rendered: Rendered, url: str) -> Request:
    return Request(assembly.stack, url=url, nested=bool(rendered.nested), tags=assembly.tags)
