"""What is shipped inside a function's zip as the package `bunsui`: stubs of the declarations, the shim, the codec.

Only the standard library, boto3 imported where it is used, and relative imports, so that the same files work in both places.
"""
