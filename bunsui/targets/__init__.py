"""Targets: one module each, with its declaration, its Task state, its calls and its stack resources."""
