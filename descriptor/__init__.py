"""Describes and archives valid studies: `study.validated` to `study.archived`."""
