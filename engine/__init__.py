"""The validation engine, a library: bytes in, findings out. It knows no service, Redis or HTTP.

`from hdv import validate` is the API for programs outside this repository (docs/python.md). Inside
it, these are the ways in:

- `engine.examination.examine`: the bytes of a file and a profile in, a report out.
- `engine.profile_files.loading.load_profile`: a profile by its name or from a file.
- `engine.comparison.compare.compare`: findings about the instances of a study as a whole.
- `engine.rules.catalogue.RULES`: every rule by its code.
- `engine.encoding.reading.read`: the elements of a file, without any check.

Nothing is imported here: the descriptor, for one, loads `engine.encoding` alone.
"""
