"""How a frame becomes the bytes that viewers get, and when each viewer gets them."""
