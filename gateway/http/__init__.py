"""HTTP plumbing that all rooms share: conditions, ranges, negotiation, downloads."""
