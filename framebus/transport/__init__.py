"""ZeroMQ sockets: their options, their endpoints, and authentication."""
