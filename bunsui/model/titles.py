"""Logical IDs, and what becomes of data when it leaves a stack."""

from __future__ import annotations

import hashlib
import re

from bunsui.model.environment import Environment

_PLAIN = re.compile(r"[a-z][a-z0-9]*([-_][a-z][a-z0-9]*)*")
_LIMIT = 200
"""Logical IDs have 255 characters at most, of which the kind and a hash need some."""


def title(name: str, kind: str) -> str:
    """A logical ID: the name in camel case and the kind, with a hash where camel case could make two names one."""
    camel = "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))
    if _PLAIN.fullmatch(name) and len(camel) <= _LIMIT:
        return f"{camel}{kind}"
    return f"{camel[:_LIMIT]}{hashlib.sha256(name.encode()).hexdigest()[:6]}{kind}"


def keep(environment: Environment) -> dict[str, str]:
    """Deletion and replacement policy of a resource that holds data."""
    policy = "Retain" if environment.removal_policy == "retain" else "Delete"
    return {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
