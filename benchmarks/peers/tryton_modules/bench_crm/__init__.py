"""What Tryton lacks for the workload, as an ordinary module: touchpoints, consents, an outbox; deals it has."""
