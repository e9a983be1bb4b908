"""What publishes frames: pictures checked and numbered, subscribers and their wishes, renditions, the endpoint."""
