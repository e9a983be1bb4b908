"""Who asks, and what they may: the one place in which it is decided. What people have is in framebus.people."""
