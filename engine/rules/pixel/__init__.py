"""Rules of pixel data: its length, its description, its encapsulation (PS3.5 8, A.4)."""

from engine.rules.pixel import data, description, encapsulation

__all__ = ["data", "description", "encapsulation"]
