"""User accounts, tokens, password hashes and CURVE keys, as the secrets file stores them."""
