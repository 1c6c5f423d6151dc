"""The checks that every plugin can be held to, a file for each part of a plugin's life."""
