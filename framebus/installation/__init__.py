"""`framebus install`: framebus as a service of this machine, in steps that can be repeated and undone."""
