"""Where studies are stored: the study store, the port below it, and the backends."""
