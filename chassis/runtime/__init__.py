"""What services work with: settings, cancellation, isolated work on files."""
