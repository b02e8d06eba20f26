"""Formulas: what one attribute has to do with others, written as `NumberOfBeams == items(...)`."""
