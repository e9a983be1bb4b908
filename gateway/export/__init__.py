"""Films of recordings in H.264, made in the background by a process of their own."""
