"""The conformance suite, by subject."""
