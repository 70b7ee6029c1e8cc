"""What `synth` makes of a pipeline: templates, state machines, permissions, graph and manifest, as texts."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bunsui._version import __version__
from bunsui.compile.pretty import pretty
from bunsui.errors import DeclarationError, UsageError, Where, raise_all
from bunsui.model.environment import Environment
from bunsui.model.names import Names, artefact_bucket
from bunsui.model.pipeline import Pipeline
from bunsui.model.types import describe

if TYPE_CHECKING:
    from bunsui.compile.assets import Asset
    from bunsui.compile.plan import Plan

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
Format = Literal["json", "yaml"]


@dataclass(frozen=True)
class Assembly:
    """A compiled pipeline.

    Attributes:
        pipeline: its name.
        environment: what it was compiled for.
        stack: name of the CloudFormation stack.
        templates: file name -> JSON text; the root is `template.json`, nested ones `nested/<name>.json`.
        files: everything that is written, file name -> text; the templates in the wanted format.
        assets: the zips that the functions need.
        permissions: the content of permissions.json.
        manifest: the content of manifest.json.
        tags: on every resource.
    """

    pipeline: str
    environment: Environment
    stack: str
    templates: Mapping[str, str]
    files: Mapping[str, str]
    assets: tuple[Asset, ...]
    permissions: Mapping[str, Any]
    manifest: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> list[str]:
        """Write the files and remove those that only an earlier assembly made; the names of what changed."""
        folder.mkdir(parents=True, exist_ok=True)
        changed = []
        for name in sorted({*self.files, *_listed(folder)}):
            path = folder / name
            text = self.files.get(name)
            if text is None:
                path.unlink(missing_ok=True)
            elif _read(path) != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            else:
                continue
            changed.append(name)
        return changed

    def keep_locks(self, folder: Path) -> None:
        """Write new locks of requirements alone: whoever compiles next need not resolve them again, nor get others."""
        for name, text in self.files.items():
            path = folder / name
            if name.startswith("requirements/") and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")

    def differences(self, folder: Path) -> str:
        """A unified diff from what is in the folder to this assembly; empty when they are the same."""
        found: list[str] = []
        for name in sorted({*self.files, *_listed(folder)}):
            old, new = _read(folder / name) or "", self.files.get(name, "")
            found += difflib.unified_diff(
                old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}"
            )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in found)


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest of an earlier assembly; empty when there is none.

    Raises:
        UsageError: BUN306 when it cannot be read, or was written by a newer bunsui.
    """
    text = _read(folder / MANIFEST)
    if text is None:
        return {}
    try:
        manifest = json.loads(text)
        version = int(manifest["schema_version"])
        places: Mapping[str, str] = {**manifest.get("placement", {})}
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            "BUN306",
            f"{folder.name}/{MANIFEST} is not a manifest of bunsui",
            hint="restore it from version control, or remove the folder",
        ) from None
    if version > SCHEMA_VERSION:
        raise UsageError(
            "BUN306",
            f"{folder.name}/{MANIFEST} has schema version {version}, this bunsui knows {SCHEMA_VERSION}",
            hint="upgrade bunsui",
        )
    return {**manifest, "placement": places}


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _listed(folder: Path) -> list[str]:
    """Names that an earlier manifest lists; nothing else in the folder is ours."""
    text = _read(folder / MANIFEST)
    if text is None:
        return []
    try:
        listed = json.loads(text)["files"]
    except (ValueError, KeyError, TypeError):
        return [MANIFEST]
    return [name for name in listed if ".." not in Path(name).parts and not Path(name).is_absolute()] + [MANIFEST]


def assemble(
    pipeline: Pipeline,
    environment: Environment,
    root: Path,
    folder: Path,
    *,
    template_format: Format = "json",
    exclude: tuple[str, ...] = (),
    limit: tuple[int, int] | None = None,
) -> Assembly:
    """Compile a pipeline for an environment.

    Args:
        pipeline: the declaration.
        environment: what to compile for.
        root: the project's folder; source lines are given relative to it.
        folder: where an earlier assembly may lie, whose placement and requirement locks are kept.
        template_format: of the templates among the files.
        exclude: glob patterns of files that are not packed.
        limit: resources and bytes past which a stack is split, instead of 400 and 800,000.

    Raises:
        DeclarationError: BUN301 to BUN305.
        UsageError: BUN306.
    """
    from bunsui.compile.code import Collector
    from bunsui.compile.plan import plan
    from bunsui.compile.split import RESOURCES, SIZE, place
    from bunsui.compile.stack import movable_units, root_units
    from bunsui.compile.template import templates
    from bunsui.diagram.content import content
    from bunsui.diagram.mermaid import mermaid

    before = read_manifest(folder)
    names = Names(pipeline.name, environment.prefix)
    tags = {"bunsui:pipeline": pipeline.name, **environment.tags, **pipeline.tags}
    tagged = environment.model_copy(update={"tags": dict(sorted(tags.items()))})
    collector = Collector(pipeline, folder, exclude)
    made = plan(pipeline, names, collector.code_of)
    fixed, movable = root_units(made, tagged), movable_units(made, tagged)
    placement = place(fixed, movable, before.get("placement", {}), limit or (RESOURCES, SIZE))
    found = templates(made, fixed, movable, placement, tags)
    _prove(found, made)
    texts = {name: pretty(content) for name, content in found.items()}
    permissions = _permissions(made, [*fixed, *movable], root)
    files = {_as(name, template_format): _text(found[name], texts[name], template_format) for name in found}
    files |= {_machine_file(machine.key): pretty(machine.definition) for machine in made.machines}
    files |= {"permissions.json": pretty(permissions), "graph.mmd": mermaid(content(pipeline))}
    files |= collector.locks
    manifest = _manifest(made, environment, files, collector.assets, placement)
    files[MANIFEST] = pretty(manifest)
    return Assembly(
        pipeline.name,
        environment,
        names.stack,
        texts,
        files,
        tuple(collector.assets.values()),
        permissions,
        manifest,
        tags,
    )


def _machine_file(key: str) -> str:
    """A segment's number follows an underscore, which is in no job's name."""
    return f"machines/jobs/{key}.asl.json" if key and not key.startswith("_") else f"machines/pipeline{key}.asl.json"


def _as(name: str, template_format: Format) -> str:
    return name if template_format == "json" else name.removesuffix(".json") + ".yaml"


def _text(content: Any, text: str, template_format: Format) -> str:
    if template_format == "json":
        return text
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(content, Dumper=dumper, sort_keys=False, width=120, allow_unicode=True))


def _prove(templates: Mapping[str, Any], made: Plan) -> None:
    from bunsui.compile.prove import prove
    from bunsui.compile.stack import SESSION_MACHINE, machine_title, worker_role

    calls = {f"{SESSION_MACHINE}Role": made.machine.calls}
    parts = (*made.jobs.values(), *made.segments)
    calls |= {f"{machine_title(machine.key)}Role": machine.calls for machine in parts}
    calls |= {worker_role(name): needed for name, needed in made.worker_calls.items()}
    raise_all(finding.error() for finding in prove(templates.values(), calls))


def _permissions(made: Plan, units: Any, root: Path) -> dict[str, Any]:
    roles = {
        role: {
            "unit": unit.key,
            "grants": [
                {**grant.statement(), "why": [_why(why.operation, why.reason, why.where, root) for why in grant.why]}
                for grant in granted
            ],
        }
        for unit in units
        for role, granted in unit.grants.items()
    }
    return {"schema_version": SCHEMA_VERSION, "pipeline": made.pipeline.name, "roles": roles}


def _why(operation: str, reason: str, where: Where | None, root: Path) -> dict[str, str]:
    found = {"operation": operation, "reason": reason}
    if where is not None:
        found["where"] = f"{where.relative(root)}:{where.line}"
    return found


def _manifest(
    made: Plan,
    environment: Environment,
    files: Mapping[str, str],
    assets: Mapping[str, Asset],
    placement: Mapping[str, str],
) -> dict[str, Any]:
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())}
    digest = hashlib.sha256("".join(f"{name} {value}\n" for name, value in digests.items()).encode()).hexdigest()
    return {
        "schema_version": SCHEMA_VERSION,
        "compiler": __version__,
        "pipeline": made.pipeline.name,
        "environment": environment.name,
        "stack": made.names.stack,
        "digest": digest,
        "files": digests,
        "assets": {digest: assets[digest].describe() for digest in sorted(assets)},
        "artefact_bucket": artefact_bucket(),
        "parameters": [_parameter(parameter) for parameter in made.pipeline.parameters],
        "machine": made.machine.name,
        "machines": {name: machine.name for name, machine in made.jobs.items()},
        "segments": {_machine_file(machine.key): machine.name for machine in made.segments},
        "events": {machine.name: machine.events for machine in made.machines},
        "jobs": {job.name: [operation.name for operation in job.operations] for job in made.pipeline.jobs},
        "workers": {
            made.names.function(name): [why.operation for why in worker.why] for name, worker in made.workers.items()
        },
        "placement": dict(placement),
    }


def _parameter(parameter: Any) -> dict[str, Any]:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(parameter.type)
        found: dict[str, Any] = {"name": parameter.name, "schema": adapter.json_schema()}
    except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema):
        raise DeclarationError(
            "BUN206",
            f"parameter {parameter.name!r} is of type {describe(parameter.type)}, which cannot be given to a session",
            where=parameter.where,
            hint="use a type that JSON can carry",
        ) from None
    if not parameter.required:
        found["default"] = adapter.dump_python(adapter.validate_python(parameter.default), mode="json")
    return found
