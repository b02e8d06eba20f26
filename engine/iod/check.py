"""Checks a data set against the information object definition of its SOP class (PS3.3)."""

from engine.findings import Findings
from engine.instance import Instance
from engine.iod.plan import plans
from engine.iod.sop_class import check_sop_class
from engine.iod.traversal import check_attributes
from engine.tags import SOP_CLASS_UID


def check_iod(instance: Instance, findings: Findings) -> None:
    """Check the SOP class, then all attributes that it requires.

    An index of files has its own definition, which is not in the facts: it is left alone.
    """
    if instance.is_media_directory:
        return
    known = plans()
    check_sop_class(instance, known, findings)
    plan = known.of_sop_class(instance.dataset.text(SOP_CLASS_UID))
    if plan:
        check_attributes(instance, plan, known, findings)
