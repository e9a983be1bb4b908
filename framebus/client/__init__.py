"""Clients for programs: frame subscribers, still requests and control requests."""
