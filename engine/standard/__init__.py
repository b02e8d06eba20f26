"""Facts of the DICOM standard: the committed tables and what reads and evaluates them."""
