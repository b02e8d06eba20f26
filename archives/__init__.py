"""Archive files (zip, tar, tar.gz) from untrusted senders: one reader and one set of limits."""
