"""Distance of released images from their originals; uint8 (N, H, W, 3)."""

import numpy as np


def psnr(originals, released):
    """Peak signal-to-noise ratio over the whole set in dB; None if nothing differs."""
    mse = float(((released.astype(np.float32) - originals) ** 2).mean(dtype=np.float64))
    return 10 * float(np.log10(255**2 / mse)) if mse else None


def _blurred(images):
    """11-tap Gaussian window of deviation 1.5 over both axes of (N, H, W), where it fits."""
    for axis in (1, 2):
        taps = min(11, images.shape[axis])
        weights = np.exp(-((np.arange(taps) - (taps - 1) / 2) ** 2) / (2 * 1.5**2))
        weights /= weights.sum()
        places = images.shape[axis] - taps + 1
        images = sum(w * np.take(images, range(i, i + places), axis) for i, w in enumerate(weights))
    return images


def ssim(originals, released):
    """Mean structural similarity of the luminance (Wang et al. 2004), averaged over the images."""
    luminance = np.array([0.299, 0.587, 0.114])
    first, second = 0.01 * 255, 0.03 * 255
    total = 0.0
    for start in range(0, len(originals), 500):
        x, y = (images[start : start + 500] @ luminance for images in (originals, released))
        mx, my = _blurred(x), _blurred(y)
        vx, vy, vxy = _blurred(x * x) - mx**2, _blurred(y * y) - my**2, _blurred(x * y) - mx * my
        value = (
            (2 * mx * my + first**2)
            * (2 * vxy + second**2)
            / ((mx**2 + my**2 + first**2) * (vx + vy + second**2))
        )
        total += float(value.mean((1, 2)).sum())
    return total / len(originals)
