"""Sessions: the managed runs of a pipeline.

The state machines do the work and write the record (docs/architecture.md, "Session tables"); this room starts them,
reads the record, explains it with the executions' histories and the log, and settles what an aborted or timed out
execution could not write itself. `bunsui.session.sessions.Sessions` is its front door.
"""
