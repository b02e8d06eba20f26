"""Describes and archives sound studies: `study.validated` to `study.archived`."""
