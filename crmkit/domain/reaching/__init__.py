"""Whether and when somebody may be reached: hours of the day where they are, and what their replies ask for."""
