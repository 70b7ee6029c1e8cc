"""The command line: parse, call one method of the workspace, render what it returns.

menu.py      the commands and the global options as tables, and `bunsui --help`; imports nothing
app.py       the click group, which imports a command when it is called; how a run ends
options.py   the global options, which stand before or behind the command; what a command is given
output.py    owns stdout and stderr
faults.py    errors as text and as JSON
words.py     durations, times and sizes as people write them
values.py    words of the command line that are more than text, such as `--since 10m`
tables.py    tables
plans.py     plans, deployments and destructions
approval.py  asking, and the progress of a deployment
reports.py   sessions
follow.py    a session while it runs
results.py   what `--json` prints, for each command
schemas.py   writes docs/schemas/
commands/    one file per command
"""
