"""Resources: one module each, with its declaration, its secure stack resource and the calls that it needs."""
