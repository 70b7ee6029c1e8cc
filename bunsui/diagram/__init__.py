"""The graph of a pipeline as a drawing."""
