"""The recorder: writes frames of cameras to the disk as they came, and makes room for new ones."""
