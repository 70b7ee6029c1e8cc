"""The commands, one per file; each file holds `command`."""
