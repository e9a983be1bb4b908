"""/api/settings: what an administrator changes from the page. All of it has a command as well."""
