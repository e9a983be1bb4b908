"""The process that looks for motion in small pictures of the cameras and publishes it as events."""
