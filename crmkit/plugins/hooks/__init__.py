"""Every hook there is: what to call, when, and what a failure does."""
