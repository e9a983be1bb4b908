"""What the V4L2 source stands on: the kernel's device nodes, their buffers in order, and what to say when they fail."""
