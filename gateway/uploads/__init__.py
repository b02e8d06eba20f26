"""Uploads: a request is checked, its files are received and committed, and a study is announced."""
