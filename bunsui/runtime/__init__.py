"""What is shipped inside a Lambda's zip as the package `bunsui`: stubs of the declarations, the shim and the codec.

Standard library only, and boto3 where it is used; relative imports only, so that each file works here and in the zip.
`zip_init.py` becomes the package's `__init__.py` there.
"""
