"""Current training augmentation: RandomResizedCrop, mirror, RandAugment(2, 9), ColorJitter(0.4).

torchvision's own transforms on single images. RandAugment is Cubuk et al. (2020): two of 14
operations at magnitude 9 of 30. Colour jitter is 0.4 in brightness, contrast and saturation. Crops
have 8 to 100 % of the area and an aspect ratio of 3:4 to 4:3, at every size.
"""

import numpy as np
import torch
from PIL import Image

from .augmentation import SMALLEST_CROP

OPERATIONS, MAGNITUDE, JITTER = 2, 9, 0.4


def policy(side):
    """A function from a PIL image to an augmented one; uses PyTorch's global generator."""
    from torchvision import transforms

    return transforms.Compose(
        [
            transforms.RandomResizedCrop(side, (SMALLEST_CROP, 1)),
            transforms.RandomHorizontalFlip(),
            transforms.RandAugment(OPERATIONS, MAGNITUDE),
            transforms.ColorJitter(JITTER, JITTER, JITTER),
        ]
    )


def augmented(pixels, side):
    """uint8 (N, H, W, 3) to uint8 (N, side, side, 3), one draw per image."""
    change = policy(side)
    out = [np.asarray(change(Image.fromarray(picture))) for picture in pixels.cpu().numpy()]
    return torch.from_numpy(np.stack(out)).to(pixels.device)
