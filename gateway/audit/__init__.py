"""The audit log: who did what to which study, when, from where, with what outcome."""
