"""Where MiniStack differs from AWS in what bunsui relies on, mended in the emulator's process.

AWS is right: nothing that bunsui compiles, deploys or runs bends to the emulator. Each module here restores one
behaviour of AWS and says which. They reach into MiniStack's internals, which is why its version is pinned; `Anchor`
errors, which end the start with a message, say that another version has moved them.

What stays different, and is not mended:

- the interpreter that runs a function is this one, whatever its `Runtime`;
- a function's memory limit and the 6 MB limit of its payload are not enforced, nor is IAM;
- its log lines arrive when the invocation ends, all with the same time, one log stream per invocation;
- `AWS::StepFunctions::StateMachineVersion` and `...Alias` are unknown, `RedriveExecution` too;
- a template's S3 URL must be path-style: `https://s3.<region>.amazonaws.com/<bucket>/<key>`;
- change sets carry no before and after values; missing CAPABILITY_IAM and unknown properties are accepted;
- bucket logging and lifecycle, PITR, SSE and TTL of tables, logging and tracing of state machines are accepted and
  have no effect; a state machine definition is not validated before it runs;
- a history without data still has the variables that states assigned;
- `ExpectedBucketOwner` is ignored; executions that run when the emulator stops come back as FAILED
  (`States.ServiceRestart`).
"""

from __future__ import annotations

from bunsui.local.traits import (
    callbacks,
    cloudformation,
    functions,
    limits,
    logs,
    maps,
    nesting,
    packages,
    parallel,
    stopping,
    variables,
)

MENDED = (functions, packages, logs, parallel, maps, nesting, stopping, callbacks, limits, variables, cloudformation)


def apply() -> None:
    """Mend everything; once, before the first request."""
    for trait in MENDED:
        trait.apply()
