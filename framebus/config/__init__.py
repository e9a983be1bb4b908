"""The configuration file framebus.toml: its tables, their types, and the rules between them."""
