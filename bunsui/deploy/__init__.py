"""From an assembly to a stack, and back to nothing.

assembly -> render -> upload templates -> change set -> Plan -> approval -> upload assets -> execute -> Deployment

render      the templates for one account and region
upload      templates and assets into the artefact bucket
standing    how a stack stands, and what may be done to it then
changeset   CloudFormation's own account of what would change
grants      what the templates allow, compared
plan        both, as one value
approvals   nothing changes unless somebody agreed
apply       a plan carried out
watch       stack events as they come, and which of them was the first failure
pipeline    deploy and diff of a pipeline's stack
bootstrap   the control stack, whose template is in control
destroy     a stack taken down
"""

from bunsui.deploy.bootstrap import bootstrap
from bunsui.deploy.destroy import destroy
from bunsui.deploy.events import Event, Note, Notify, ResourceEvent, Uploaded
from bunsui.deploy.models import Change, Deployment, Destruction, Plan, Widening
from bunsui.deploy.pipeline import deploy, diff
from bunsui.deploy.protocols import Approve, Assembly, Asset, Build, Pace

__all__ = [
    "Approve",
    "Assembly",
    "Asset",
    "Build",
    "Change",
    "Deployment",
    "Destruction",
    "Event",
    "Note",
    "Notify",
    "Pace",
    "Plan",
    "ResourceEvent",
    "Uploaded",
    "Widening",
    "bootstrap",
    "deploy",
    "destroy",
    "diff",
]
