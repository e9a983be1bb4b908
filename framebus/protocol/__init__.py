"""The wire format: bytes in, structs out. No sockets."""
