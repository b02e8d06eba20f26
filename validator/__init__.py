"""Examines uploaded studies: `study.uploaded` to `study.validated` or `.validation.failed`."""
