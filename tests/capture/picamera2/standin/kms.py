"""In place of libkms++'s bindings, which picamera2 imports for a preview on a screen that framebus never opens."""


class _PixelFormats:
    def __getattr__(self, name: str) -> str:
        return name


PixelFormats = _PixelFormats()
