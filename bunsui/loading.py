"""Importing the pipelines that a project names."""

from __future__ import annotations

import difflib
import importlib
import sys
import traceback
from pathlib import Path

from bunsui.errors import BunsuiError, BunsuiErrors, UsageError, Where
from bunsui.model.pipeline import Pipeline

_OURS = str(Path(__file__).parent)


def load(spec: str, root: Path, where: Where | None = None) -> Pipeline:
    """The pipeline at `package.module:object`.

    Raises:
        UsageError: BUN402 when it cannot be imported or is no pipeline.
        DeclarationError, BunsuiErrors: whatever is wrong with its declarations.
    """
    module_name, _, attribute = spec.partition(":")
    if not module_name or not attribute:
        raise UsageError(
            "BUN402",
            f"{spec!r} names no pipeline",
            where=where,
            hint="write package.module:object, such as 'etl.pipeline:pipeline'",
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(module_name)
    except (BunsuiError, BunsuiErrors):
        raise
    except ModuleNotFoundError as missing:
        raise _not_found(spec, module_name, missing, root, where) from None
    except (Exception, SystemExit) as failed:
        raise UsageError(
            "BUN402",
            f"importing {module_name!r} failed: {type(failed).__name__}: {failed}",
            where=_innermost(failed) or where,
            hint="correct the module; it is imported in order to read its declarations",
        ) from None
    found = getattr(module, attribute, None)
    if isinstance(found, Pipeline):
        return found
    pipelines = [name for name, value in vars(module).items() if isinstance(value, Pipeline)]
    if found is None:
        near = difflib.get_close_matches(attribute, pipelines, n=1) or pipelines[:1]
        hint = f"did you mean '{module_name}:{near[0]}'?" if near else "the module has no Pipeline at its top level"
        raise UsageError("BUN402", f"module {module_name!r} has no {attribute!r}", where=where, hint=hint)
    raise UsageError(
        "BUN402",
        f"{spec} is a {type(found).__name__} and no Pipeline",
        where=where,
        hint=f"there is '{module_name}:{pipelines[0]}'" if pipelines else "name a Pipeline object",
    )


def _not_found(
    spec: str, module_name: str, missing: ModuleNotFoundError, root: Path, where: Where | None
) -> UsageError:
    absent = missing.name or ""
    if module_name == absent or module_name.startswith(f"{absent}."):
        return UsageError(
            "BUN402",
            f"there is no module {absent!r} for {spec!r}",
            where=where,
            hint=f"modules are looked up from the project's folder {root.name}/; correct the name in pipelines",
        )
    return UsageError(
        "BUN402",
        f"importing {module_name!r} failed: there is no module {absent!r}",
        where=_innermost(missing) or where,
        hint=f"install {absent!r} here, or import it inside the function that needs it",
    )


def _innermost(error: BaseException) -> Where | None:
    """The last line of the user's own code that the error passed through."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith((_OURS, "<"))
    ]
    own = [frame for frame in frames if "site-packages" not in frame.filename and "/lib/python" not in frame.filename]
    if isinstance(error, SyntaxError) and error.filename:
        return Where(error.filename, error.lineno or 1)
    return Where(own[-1].filename, own[-1].lineno or 1) if own else None
