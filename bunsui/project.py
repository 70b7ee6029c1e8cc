"""A project: its configuration, its pipelines, and their assemblies. Nothing here needs AWS."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

from bunsui.config import FILE, Config, find, replaced
from bunsui.errors import BunsuiError, UsageError, Where, raise_all
from bunsui.loading import load
from bunsui.model.environment import Environment
from bunsui.model.names import Names
from bunsui.model.nested import inner_first
from bunsui.model.pipeline import Pipeline

if TYPE_CHECKING:
    from bunsui.compile.assembly import Assembly, Format


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


class Project:
    """A project and one of its environments.

    Attributes:
        config: of the project.
        environment: what the methods act on.
    """

    def __init__(self, config: Config, environment: Environment, pipelines: Iterable[Pipeline] = ()) -> None:
        self.config = config
        self.environment = environment
        self._given = tuple(pipelines)
        self._by_place: dict[str, Pipeline] = {}

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
    ) -> Self:
        """The one that a folder lies in.

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
        """The project's pipelines by name, those that are nested in others among them.

        Raises:
            UsageError, DeclarationError, BunsuiErrors: BUN402, BUN201, and whatever is wrong with the declarations.
        """
        where = Where(str(self.config.file), 1) if self.config.file else None
        found: dict[str, Pipeline] = {}
        errors: list[BunsuiError] = []
        loaded = [load(spec, self.config.root, where) for spec in self.config.pipelines]
        listed = (*loaded, *self._given)
        for pipeline in (*listed, *(inner for outer in listed for inner in inner_first(outer).values())):
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
        raise_all(errors or _clashes(found.values(), self.environment.prefix))
        return found

    def pipeline(self, name: str | None = None) -> Pipeline:
        """A pipeline by name or as `package.module:object`; the only one that is in no other when no name is given.

        Raises:
            UsageError: BUN403.
        """
        if name is not None and ":" in name:
            found = load(name, self.config.root)
            self._by_place |= {**inner_first(found), found.name: found}
            return found
        if name in self._by_place:
            return self._by_place[name]
        known = self.pipelines
        outermost = known.keys() - {inner for one in known.values() for inner in inner_first(one)}
        if name is None and len(outermost) == 1:
            return known[outermost.pop()]
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

    def family(self, name: str | None = None) -> tuple[Pipeline, ...]:
        """The pipelines that are deployed together with a pipeline, each before those that run it; itself last."""
        pipeline = self.pipeline(name)
        return (*inner_first(pipeline, together=True).values(), pipeline)

    # Compiling

    def compile(self, name: str | None = None, *, template_format: Format | None = None) -> Assembly:
        """The assembly of a pipeline; writes nothing.

        Raises:
            DeclarationError: BUN301 to BUN305.
            UsageError: BUN306, an earlier assembly cannot be read.
        """
        return self._compile(self.pipeline(name), template_format)

    def _compile(self, pipeline: Pipeline, template_format: Format | None = None) -> Assembly:
        from bunsui.compile.assembly import assemble

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

    def graph(self, name: str | None = None, format: str = "text", width: int = 100) -> str:
        """The graph of a pipeline as a drawing: `text` of so many columns at most, `mermaid`, `dot` or `svg`."""
        from bunsui.diagram.draw import draw

        return draw(self.pipeline(name), format, width)

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


def _clashes(pipelines: Iterable[Pipeline], prefix: str) -> Iterator[BunsuiError]:
    """Names in AWS are joined with hyphens, which names may contain: pipeline `a-b` and job `b` of `a` are one."""
    first: dict[tuple[str, str], tuple[str, Where]] = {}
    for pipeline in pipelines:
        names = Names(pipeline.name, prefix)
        made = [("state machine", names.machine, f"pipeline {pipeline.name!r}", pipeline.where)]
        made += [
            ("state machine", names.job(job.name), f"job {job.name!r} of pipeline {pipeline.name!r}", job.where)
            for job in pipeline.jobs
        ]
        made += [
            (one.kind.lower(), one.physical_name(names), f"{one.id!r} of pipeline {pipeline.name!r}", one.where)
            for one in pipeline.resources
            if one.owned_by(pipeline.name)
        ]
        for kind, name, what, where in made:
            other = first.setdefault((kind, name), (what, where))
            if other[0] != what:
                yield UsageError(
                    "BUN201",
                    f"{what} and {other[0]} both make a {kind} named {name!r} in AWS",
                    where=where,
                    hint="rename one of them",
                    related=[("the other", other[1])],
                )
