"""Changes of framebus.toml that commands and the gateway make for a person, and what they need for it."""
