"""Rules of pixel data: its length, its description, its encapsulation (PS3.5 8, A.4)."""

from engine.rules.pixel import data, description, encapsulation

RULES = (*data.RULES, *description.RULES, *encapsulation.RULES)
