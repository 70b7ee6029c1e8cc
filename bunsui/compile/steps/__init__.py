"""One module per kind of step: its states, and the calls that they make."""
