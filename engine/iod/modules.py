"""Which modules of the IOD a data set has, and which it must not have."""

from engine.iod.plan import Plan, PlannedModule
from engine.iod.scope import Scope
from engine.standard.condition import Truth

_ACTIVATION_LAYER = 0x1001
_OVERLAY_GROUPS = range(0x6000, 0x6020, 2)


class Modules:
    """The modules of an instance.

    A mandatory module is there. One that depends on a condition is, if the condition holds. Any
    other one is if the data set has an attribute that is in no other module of the IOD and not
    of type 3: an attribute that is optional anyway does not show enough.
    """

    def __init__(self, plan: Plan, dataset: Scope) -> None:
        self._plan = plan
        self._dataset = dataset
        overlays = {_in_first_overlay(tag) for tag in dataset.rows if tag >> 24 == 0x60}
        self._tags = overlays.union(dataset.rows)
        self._known: dict[str, Truth] = {}

    def has(self, id_: str) -> Truth:
        """Whether the instance has the module; None while just that is being found out."""
        if id_ not in self._known:
            self._known[id_] = None  # conditions of modules may ask for each other
            module = self._plan.modules.get(id_)
            self._known[id_] = module is not None and self._is_there(module)
        return self._known[id_]

    def _is_there(self, module: PlannedModule) -> bool:
        if module.usage == "M" or self._shows(module):
            return True
        return module.condition is not None and self._dataset.truth(module.condition) is True

    def _shows(self, module: PlannedModule) -> bool:
        return not module.signs.isdisjoint(self._tags)

    def present(self) -> frozenset[str]:
        """The ids of the modules that are there, or have to be."""
        return frozenset(id_ for id_ in self._plan.modules if self.has(id_)) - self.barred()

    def barred(self) -> frozenset[str]:
        """The ids of the modules that must not be there."""
        return frozenset(
            id_
            for id_, module in self._plan.modules.items()
            if module.condition
            and module.is_barred_else
            and self._dataset.truth(module.condition) is False
        )


def overlay_groups(tags: "dict[int, int]") -> list[int]:
    """The groups from 6000 on that the data set has an overlay plane in.

    In a presentation state, Overlay Activation Layer names an overlay of another instance (C.11.7).
    """
    groups = {tag >> 16 for tag in tags if tag >> 24 == 0x60 and tag & 0xFFFF != _ACTIVATION_LAYER}
    return sorted(group for group in groups if group in _OVERLAY_GROUPS)


def _in_first_overlay(tag: int) -> int:
    is_overlay = tag >> 24 == 0x60 and tag >> 16 in _OVERLAY_GROUPS
    return 0x60000000 | tag & 0xFFFF if is_overlay else tag
