"""ZeroMQ sockets: their options, their endpoints, and who may connect."""
