"""Authentication and authorization. The accounts themselves are in framebus.credentials.accounts."""
