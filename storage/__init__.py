"""Studies on disk: where each one is, and how files are written so that they last."""
