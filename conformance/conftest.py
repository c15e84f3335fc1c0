"""Makes torchvision importable beside a torch that its compiled operators were not built for.

lerobot imports torchvision for image transforms, which are pure Python. Importing it fails only
because the schemas of two compiled operators are unknown, so they are declared here; the operators
themselves are never called when a dataset is loaded.
"""

import torch

# Kept for the whole run: the declarations end with this object.
TORCHVISION_LIBRARY = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    TORCHVISION_LIBRARY.define(
        f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    )
