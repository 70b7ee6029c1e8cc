"""Everything that bunsui does, as methods: what the command line calls, and what programs call.

workspace = Workspace.load()
workspace.synth("flight-delays")
workspace.deploy("flight-delays", approve=lambda plan: True)
session = workspace.start("flight-delays", month=1)
report = workspace.wait(session.id)
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from bunsui.config import FILE, Config, find, replaced
from bunsui.errors import BunsuiError, BunsuiErrors, UsageError, Where, raise_all
from bunsui.loading import load
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.pipeline import Pipeline

if TYPE_CHECKING:
    from bunsui.aws.connection import Aws
    from bunsui.compile.assembly import Assembly, Format
    from bunsui.compile.assets import Asset
    from bunsui.deploy.events import Event
    from bunsui.deploy.models import Deployment, Destruction, Plan
    from bunsui.local import LocalServer
    from bunsui.session.model import Cancellation, LogLine, Session, SessionPage, SessionReport, Snapshot, Status
    from bunsui.session.sessions import Sessions

    Approve = Callable[[Plan], bool]
    Notify = Callable[[Event], None]


class Synthesis(BaseModel):
    """What synth wrote.

    Attributes:
        pipeline: its name.
        folder: where, relative to the project's folder.
        digest: of the assembly.
        changed: names of files that were written or removed.
        templates, machines, workers: how many.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    pipeline: str
    folder: str
    digest: str
    changed: tuple[str, ...]
    templates: int
    machines: int
    workers: int


class Comparison(BaseModel):
    """Whether an assembly is what synth makes today; `diff` is a unified diff, empty when it is."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    pipeline: str
    folder: str
    same: bool
    diff: str


class Workspace:
    """A project and one of its environments.

    Attributes:
        config: of the project.
        environment: what the methods act on.
    """

    def __init__(self, config: Config, environment: Environment, pipelines: Iterable[Pipeline] = ()) -> None:
        self.config = config
        self.environment = environment
        self._given = tuple(pipelines)

    @classmethod
    def load(
        cls,
        root: Path | str | None = None,
        *,
        environment: str | None = None,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        pipelines: Iterable[Pipeline] = (),
    ) -> Workspace:
        """The workspace of the project that a folder lies in.

        Args:
            root: a folder of the project; the working directory when not given.
            environment: name; the configuration's default when not given.
            profile: instead of the environment's.
            region: instead of the environment's.
            endpoint_url: instead of the environment's.
            pipelines: besides those that the configuration names.

        Raises:
            UsageError, BunsuiErrors: BUN401, BUN404.
        """
        config = find(Path(root or Path.cwd()).resolve())
        chosen = config.environment(environment)
        given = {"profile": profile, "region": region, "endpoint_url": endpoint_url}
        changes = {name: value for name, value in given.items() if value is not None}
        return cls(config, replaced(chosen, changes) if changes else chosen, pipelines)

    # Declarations

    @cached_property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The project's pipelines by name.

        Raises:
            UsageError, DeclarationError, BunsuiErrors: BUN402, BUN201, and whatever is wrong with the declarations.
        """
        where = Where(str(self.config.file), 1) if self.config.file else None
        found: dict[str, Pipeline] = {}
        errors: list[BunsuiError] = []
        loaded = [load(spec, self.config.root, where) for spec in self.config.pipelines]
        for pipeline in (*loaded, *self._given):
            known = found.setdefault(pipeline.name, pipeline)
            if known is not pipeline:
                errors.append(
                    UsageError(
                        "BUN201",
                        f"two pipelines are named {pipeline.name!r}",
                        where=pipeline.where,
                        hint="rename one of them",
                        related=[("the other", known.where)],
                    )
                )
        raise_all(errors)
        return found

    def pipeline(self, name: str | None = None) -> Pipeline:
        """A pipeline by name or as `package.module:object`; the only one when no name is given.

        Raises:
            UsageError: BUN403.
        """
        if name is not None and ":" in name:
            return load(name, self.config.root)
        known = self.pipelines
        if name is None and len(known) == 1:
            return next(iter(known.values()))
        if name is not None and name in known:
            return known[name]
        if not known:
            hint = "name them in bunsui.toml: pipelines = ['package.module:object']"
        elif name is None:
            hint = f"name one of {', '.join(known)}"
        else:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known)}"
        message = "the project has no pipelines" if not known else f"there is no pipeline {name!r}"
        raise UsageError("BUN403", "which pipeline?" if known and name is None else message, hint=hint)

    # Compiling

    def compile(self, name: str | None = None, *, template_format: Format | None = None) -> Assembly:
        """The assembly of a pipeline; writes nothing but a cache of resolved requirements.

        Raises:
            DeclarationError: BUN301 to BUN305.
        """
        from bunsui.compile.assembly import assemble

        pipeline = self.pipeline(name)
        folder = self._folder(pipeline)
        with self._files(folder):
            return assemble(
                pipeline,
                self.environment,
                self.config.root,
                folder,
                template_format=template_format or self.config.format,
                exclude=self.config.exclude,
            )

    def synth(self, name: str | None = None, *, template_format: Format | None = None) -> Synthesis:
        """Compile a pipeline and write its assembly.

        Raises:
            DeclarationError: BUN301 to BUN305.
            UsageError: BUN306, the folder cannot be written.
        """
        assembly = self.compile(name, template_format=template_format)
        folder = self._folder(self.pipeline(name))
        with self._files(folder):
            changed = assembly.write(folder)
        return Synthesis(
            pipeline=assembly.pipeline,
            folder=self._relative(folder),
            digest=assembly.manifest["digest"],
            changed=tuple(changed),
            templates=len(assembly.templates),
            machines=len(assembly.manifest["machines"]) + 1,
            workers=len(assembly.manifest["workers"]),
        )

    def check(self, name: str | None = None, *, template_format: Format | None = None) -> Comparison:
        """Compare the written assembly of a pipeline with what synth makes today."""
        assembly = self.compile(name, template_format=template_format)
        folder = self._folder(self.pipeline(name))
        with self._files(folder):
            diff = assembly.differences(folder)
        return Comparison(pipeline=assembly.pipeline, folder=self._relative(folder), same=not diff, diff=diff)

    def permissions(self, name: str | None = None) -> Mapping[str, Any]:
        """What every role of a pipeline may do, and why: the content of permissions.json."""
        return self.compile(name).permissions

    def _folder(self, pipeline: Pipeline) -> Path:
        return self.config.folder(pipeline.name, self.environment)

    @contextmanager
    def _files(self, folder: Path) -> Iterator[None]:
        """Within it, what the file system refuses is told.

        Raises:
            UsageError: BUN306.
        """
        try:
            yield
        except OSError as refused:
            at = self._relative(Path(refused.filename)) if refused.filename else self._relative(folder)
            raise UsageError(
                "BUN306",
                f"{at}: {refused.strerror or refused}",
                hint=f"make {self._relative(folder)}/ a folder that can be read and written, or set output in {FILE}",
            ) from None

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.config.root).as_posix() if path.is_relative_to(self.config.root) else str(path)

    # AWS

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
        """Deploy a pipeline; `approve` sees the plan first and without it nothing is changed.

        Raises:
            ApprovalError, DeploymentError, AwsError: see bunsui.deploy.pipeline.deploy.
        """
        from bunsui.deploy.events import ignore
        from bunsui.deploy.pipeline import deploy

        assembly = self.compile(name)
        build, platform = self._builder()
        return deploy(
            self.aws,
            assembly,
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

        return diff(self.aws, self.compile(name), notify=notify or ignore, account=self.environment.account)

    def destroy(
        self, name: str | None = None, *, approve: Approve | None = None, notify: Notify | None = None
    ) -> Destruction:
        """Delete a pipeline's stack; what its template retains stays."""
        from bunsui.deploy.destroy import destroy
        from bunsui.deploy.events import ignore

        stack = self._names(self.pipeline(name).name).stack
        return destroy(self.aws, stack, approve=approve, notify=notify or ignore)

    def _builder(self) -> tuple[Callable[[Asset], Path], str]:
        """What makes zips, and for which platform; the embedded AWS runs functions with this interpreter."""
        from bunsui.compile.assets import Platform, build

        platform = Platform.host() if self.environment.is_local else None
        folder = self.config.root / ".bunsui" / "assets"
        return lambda asset: build(asset, folder, platform), str(platform or "")

    def _names(self, pipeline: str) -> Names:
        return Names(pipeline, self.environment.prefix)

    # Sessions

    @cached_property
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
        """The newest session of the environment, or of one of its pipelines.

        Raises:
            UsageError: BUN701 when there is none.
        """
        found = self.list(pipeline=pipeline, limit=1).sessions
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

    def _jobs(self, session: str) -> Mapping[str, tuple[str, ...]] | None:
        """Job -> operations of the session's pipeline, where the project declares it."""
        declared = self._declared.get(self.sessions.get(session).pipeline)
        if declared is None:
            return None
        return {job.name: tuple(operation.name for operation in job.operations) for job in declared.jobs}

    @property
    def _declared(self) -> Mapping[str, Pipeline]:
        """The pipelines, or none: a broken declaration must not keep anybody from looking at a session."""
        try:
            return self.pipelines
        except (BunsuiError, BunsuiErrors):
            return {}
