"""From a pipeline to an assembly; never needs credentials, a network or an AWS account."""
