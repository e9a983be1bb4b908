"""The files of recordings: Matroska segments with the frames as they came, and the folder that holds them."""
