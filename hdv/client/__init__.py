"""Commands that use a gateway over HTTP: upload, status, quarantine."""
