"""What the room of consents is made of: addresses, what is said, the suppression list, confirmations, decisions."""
