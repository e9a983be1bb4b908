"""User accounts, tokens, passwords and CURVE keys, as stored in the secrets file."""
