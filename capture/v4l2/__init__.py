"""Parts of the V4L2 source: device nodes, their buffers, and error messages."""
