"""The rules of relations between attributes; their tables are in `engine.relations.tables`."""

from engine.relations.catalogue import RELATIONS
from engine.rule_set import RuleSet

RULES = RuleSet(__name__)

for _rule in RELATIONS:
    RULES.add(_rule)
