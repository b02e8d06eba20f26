"""Profiles: what an examination asks for and how much each breach weighs; built in, or a site's."""
