"""A function imports what its zip holds, the standard library, and what Lambda's runtime brings.

AWS: the Python runtimes bring boto3, botocore and what these need; everything else comes with the function.

MiniStack: its workers see all packages of the environment that it is installed in, so that a requirement that nobody
declared is missed on AWS only.

Mended: the worker looks for packages of this environment only where Lambda has them too. It no longer imports botocore
for every function, which MiniStack does to count how deep functions invoke each other.
"""

from __future__ import annotations

from bunsui.local.traits.anchor import substitute

BROUGHT = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""boto3 and its dependencies (AWS, lambda-python, "Runtime-included SDK versions")."""

_HIDE = """
def _hide_packages(brought):
    import os, sys
    library = os.path.dirname(os.__file__)
    def is_ours(place):
        if place.startswith(library):
            return "site-packages" not in place and "dist-packages" not in place
        return os.path.basename(place) == "python%d%d.zip" % sys.version_info[:2]
    hidden = [place for place in sys.path if not is_ours(place)]
    sys.path[:] = [place for place in sys.path if is_ours(place)]
    of_python = [one for one in sys.meta_path if getattr(one, "__name__", "") in
                 ("BuiltinImporter", "FrozenImporter", "PathFinder")]
    class Brought:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return of_python[-1].find_spec(name, hidden) if path is None and name in brought else None
    sys.meta_path[:] = [*of_python, Brought]

_hide_packages(__BROUGHT__)
""".replace("__BROUGHT__", repr(BROUGHT))


def apply() -> None:
    """Patch the worker script."""
    from ministack.core import lambda_runtime

    substitute(lambda_runtime, "_PYTHON_WORKER_SCRIPT", "    _ms_install_invoke_depth()\n    try:", "    try:")
    lambda_runtime._PYTHON_WORKER_SCRIPT = _HIDE + lambda_runtime._PYTHON_WORKER_SCRIPT
