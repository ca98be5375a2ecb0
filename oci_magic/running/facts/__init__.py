"""Facts about a failure, for the evidence: offending values, near names, first lines, secrets."""
