"""Telling events for certain: from the journal to those who must hear, at least once each, whatever dies meanwhile."""
