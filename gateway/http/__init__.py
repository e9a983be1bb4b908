"""HTTP: the route table, the handlers, and the headers and documents that they send."""
