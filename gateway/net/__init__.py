"""Connections: accepting, limiting and encrypting them, and sending bytes to a viewer."""
