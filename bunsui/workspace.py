"""Everything that bunsui does, as methods: what the command line calls, and what programs call.

workspace = Workspace.load()
workspace.synth("flight-delays")
workspace.deploy("flight-delays", approve=lambda plan: True)
session = workspace.start("flight-delays", month=1)
report = workspace.wait(session.id)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bunsui.errors import BunsuiError, BunsuiErrors, UsageError
from bunsui.model.names import Names
from bunsui.model.nested import nested
from bunsui.model.pipeline import Pipeline
from bunsui.model.step import within
from bunsui.project import Project

if TYPE_CHECKING:
    from bunsui.aws.connection import Aws
    from bunsui.compile.assets import Asset
    from bunsui.deploy.events import Event
    from bunsui.deploy.models import Deployment, Destruction, Plan
    from bunsui.deploy.protocols import Needed
    from bunsui.local import LocalServer
    from bunsui.session.model import (
        Answer,
        Cancellation,
        LogLine,
        Questions,
        Session,
        SessionPage,
        SessionReport,
        Snapshot,
        Status,
    )
    from bunsui.session.sessions import Sessions
    from bunsui.simulate.model import Simulation

    Approve = Callable[[Plan], bool]
    Notify = Callable[[Event], None]


class Workspace(Project):
    """A project and one of its environments, deployed and run.

    What needs no AWS (load, pipelines, compile, synth, check, permissions) is told at `Project`.
    """

    @cached_property
    def local(self) -> LocalServer:
        """The embedded AWS of the project."""
        from bunsui.local import LocalServer

        return LocalServer(self.config.root)

    @cached_property
    def aws(self) -> Aws:
        """The connection to the environment.

        Raises:
            BunsuiError: BUN803 when the environment is `local` and the embedded AWS does not run.
        """
        from bunsui.aws.connection import Aws, Credentials

        environment = self.environment
        if not environment.is_local:
            return Aws(environment.profile, environment.region, environment.endpoint_url)
        from bunsui.local import credentials

        ours = credentials()
        keys = Credentials(ours.access_key_id, ours.secret_access_key)
        return Aws(None, environment.region or ours.region, self.local.require().endpoint_url, keys)

    def bootstrap(self, *, approve: Approve | None = None, notify: Notify | None = None) -> Deployment:
        """Create or update the control stack of the account and region."""
        from bunsui.deploy.bootstrap import bootstrap
        from bunsui.deploy.events import ignore

        return bootstrap(self.aws, approve=approve, notify=notify or ignore)

    def deploy(
        self, name: str | None = None, *, approve: Approve | None = None, notify: Notify | None = None
    ) -> Deployment:
        """Deploy a pipeline, after those that are deployed together with it; `approve` sees the plan first.

        Without `approve` nothing is changed. New locks of requirements are written, so that the next deployment has
        the same.

        Raises:
            ApprovalError, DeploymentError, AwsError: see bunsui.deploy.pipeline.deploy.
            UsageError: BUN306, a lock cannot be written.
        """
        from bunsui.deploy.events import ignore
        from bunsui.deploy.pipeline import deploy

        family = self.family(name)
        *first, assembly = (self._compile(one) for one in family)
        for one, made in zip(family, (*first, assembly), strict=True):
            with self._files(self._folder(one)):
                made.keep_locks(self._folder(one))
        build, platform = self._builder()
        return deploy(
            self.aws,
            assembly,
            first=first,
            needs=self._needed(family),
            build=build,
            approve=approve,
            notify=notify or ignore,
            platform=platform,
            account=self.environment.account,
        )

    def diff(self, name: str | None = None, *, notify: Notify | None = None) -> Plan:
        """What `deploy` would do; leaves nothing behind."""
        from bunsui.deploy.events import ignore
        from bunsui.deploy.pipeline import diff

        *first, assembly = (self._compile(one) for one in self.family(name))
        return diff(self.aws, assembly, notify=notify or ignore, account=self.environment.account, first=first)

    def destroy(
        self, name: str | None = None, *, approve: Approve | None = None, notify: Notify | None = None
    ) -> Destruction:
        """Delete a pipeline's stack; what its template retains stays, and so do pipelines deployed together with it."""
        from bunsui.deploy.destroy import destroy
        from bunsui.deploy.events import Note, ignore

        *others, pipeline = self.family(name)
        stack, told = self._names(pipeline.name).stack, notify or ignore
        for outer in self._declared.values():
            if any(step.pipeline.name == pipeline.name for step in nested(outer)):
                told(Note(stack=stack, text=f"pipeline {outer.name} runs it, and fails without it"))
        done = destroy(self.aws, stack, approve=approve, notify=told)
        for one in others:
            told(Note(stack=stack, text=f"pipeline {one.name} stays, which was deployed together with it"))
        return done

    def _needed(self, family: tuple[Pipeline, ...]) -> list[Needed]:
        """The pipelines that these run and that are deployed apart from them."""
        from bunsui.deploy.protocols import Needed

        ours = {one.name for one in family}
        return [
            Needed(step.pipeline.name, self._names(step.pipeline.name).stack, one.name)
            for one in family
            for step in nested(one)
            if step.pipeline.name not in ours
        ]

    def _builder(self) -> tuple[Callable[[Asset], Path], str]:
        """What makes zips, and for which platform; the embedded AWS runs functions with this interpreter."""
        from bunsui.compile.assets import Platform, build

        platform = Platform.host() if self.environment.is_local else None
        folder = self.config.root / ".bunsui" / "assets"
        return lambda asset: build(asset, folder, platform), str(platform or "")

    def _names(self, pipeline: str) -> Names:
        return Names(pipeline, self.environment.prefix)

    # Before paying for it

    def simulate(
        self,
        name: str | None = None,
        /,
        *,
        durations: Path | str | None = None,
        history: str | None = None,
        fail: Iterable[str] = (),
        texts: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Simulation:
        """Run a pipeline's compiled machines on a virtual clock; its functions only take time.

        Args:
            name: of the pipeline.
            durations: a file that says how long operations take (bunsui.simulate.assumption).
            history: a session whose durations count where the file says nothing.
            fail: `OPERATION[:ERROR[:TIMES]]`.
            texts: parameters as a command line gives them.
            parameters: as Python values; those that are not given get a value of their type.

        Raises:
            UsageError, BunsuiErrors: BUN405 to BUN407, BUN701, BUN703.
            DeclarationError: BUN301.
        """
        from bunsui.simulate.assumption import Failing, from_file, from_report
        from bunsui.simulate.prices import HOME
        from bunsui.simulate.simulation import parameters_of, simulate

        pipeline = self.pipeline(name)
        return simulate(
            pipeline,
            parameters_of(pipeline, texts, parameters),
            {
                **(from_report(self.report(history), pipeline) if history else {}),
                **(from_file(Path(durations), pipeline) if durations else {}),
            },
            [Failing.parse(text) for text in fail],
            region=self.environment.region or HOME,
        )

    # Sessions

    @property
    def sessions(self) -> Sessions:
        """All that one can do with sessions."""
        from bunsui.session.sessions import Sessions

        return Sessions(self.aws, self.environment.prefix, tuple(self._declared))

    def start(
        self,
        name: str | None = None,
        /,
        *,
        session: str | None = None,
        texts: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Session:
        """Start a session.

        Args:
            name: of the pipeline.
            session: its id; starting it again with the same parameters starts nothing new.
            texts: parameters as a command line gives them.
            parameters: as Python values.

        Raises:
            UsageError, BunsuiErrors: BUN405, BUN702.
            DeploymentError: BUN605, the pipeline is not deployed.
        """
        pipeline = self.pipeline(name)
        return self.sessions.start(
            pipeline.name,
            {parameter.name: parameter.type for parameter in pipeline.parameters},
            texts=texts,
            values=parameters,
            defaults={one.name: one.default for one in pipeline.parameters if not one.required},
            id=session,
        )

    def latest(self, pipeline: str | None = None) -> Session:
        """The newest session of the environment that no other one runs, or of one of its pipelines.

        Raises:
            UsageError: BUN701 when there is none.
        """
        found = self.sessions.list(pipeline=pipeline, limit=1, outermost=pipeline is None).sessions
        if not found:
            raise UsageError("BUN701", "there are no sessions yet", hint="start one with `bunsui run`")
        return found[0]

    def report(self, session: str) -> SessionReport:
        """A session with its job runs and operations."""
        return self.sessions.report(session, jobs=self._jobs(session))

    def watch(self, session: str) -> Iterator[Snapshot]:
        """Snapshots of a session whenever something happened, until it is over."""
        return self.sessions.watch(session, jobs=self._jobs(session))

    def wait(self, session: str) -> SessionReport:
        """The report of a session once it is over."""
        for _ in self.watch(session):
            pass
        return self.report(session)

    def list(
        self,
        *,
        pipeline: str | None = None,
        status: Status | None = None,
        since: datetime | None = None,
        limit: int = 20,
        token: str | None = None,
    ) -> SessionPage:
        """Sessions of the environment, newest first."""
        return self.sessions.list(pipeline=pipeline, status=status, since=since, limit=limit, token=token)

    def logs(
        self,
        session: str,
        *,
        job: str | None = None,
        operation: str | None = None,
        failed: bool = False,
        follow: bool = False,
        since: datetime | None = None,
    ) -> Iterator[LogLine]:
        """Log lines of a session by time."""
        jobs = self._jobs(session)
        return self.sessions.logs(
            session, job=job, operation=operation, failed=failed, follow=follow, since=since, jobs=jobs
        )

    def cancel(self, session: str, *, who: str = "", why: str = "") -> Cancellation:
        """Stop a session and what it runs."""
        return self.sessions.cancel(session, who=who, why=why)

    def approvals(self, session: str | None = None) -> Questions:
        """What waits for an answer: of one session, or of all of the environment."""
        return self.sessions.questions(session)

    def answer(self, session: str, answer: str, operation: str | None = None, comment: str = "") -> Answer:
        """Answer what a session asks: `approve`, `reject`, or another of the question's answers.

        Raises:
            UsageError: BUN704, BUN705.
        """
        return self.sessions.answer(session, answer, operation, comment)

    def _jobs(self, session: str) -> Mapping[str, tuple[str, ...]] | None:
        """Job -> operations of the session's pipeline, where the project declares it."""
        declared = self._declared.get(self.sessions.get(session).pipeline)
        if declared is None:
            return None
        return {
            job.name: tuple(step.name for operation in job.operations for step in within(operation))
            for job in declared.jobs
        }

    @property
    def _declared(self) -> Mapping[str, Pipeline]:
        """The pipelines known so far: a broken declaration must not keep anybody from looking at a session."""
        try:
            return {**self._by_place, **self.pipelines}
        except (BunsuiError, BunsuiErrors):
            return self._by_place
