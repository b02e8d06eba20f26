"""The quarantine: invalid files are listed, shown, downloaded, resubmitted and removed."""
