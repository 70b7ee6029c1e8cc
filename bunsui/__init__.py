"""bunsui: data pipelines on AWS, declared as Python objects."""
