"""Pipelines on the interpreter: what a session would do, how long it would take and what it would cost."""
