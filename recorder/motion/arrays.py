"""The kinds of arrays in which motion is looked for."""

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Grey = npt.NDArray[np.uint8]
