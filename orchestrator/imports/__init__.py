"""Answers made elsewhere: read from files, scored like our own, stored with their origin."""
