"""Judging the bundled model on prompts by people: tables, prompts, and the judge."""
