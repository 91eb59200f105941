"""Small classifiers that learn along with the hiding network: what they learn first, trainers do.

Inputs are (N, 3, S, S) in [-0.5, 0.5], channels last. Three kinds for photos and three for small
pictures, so that the change suits none alone.
"""

from torch import nn


def _unit(inputs, outputs, kernel, stride):
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


class _Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            *_unit(inputs, outputs, 3, stride)[:3],
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        return nn.functional.relu(self.body(x) + self.shortcut(x), inplace=True)


def _head(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def residual(classes):
    """A wide stem, maximum pooling, three residual stages."""
    return nn.Sequential(
        *_unit(3, 16, 5, 2),
        nn.MaxPool2d(3, 2, 1),
        *_unit(16, 24, 3, 1),
        _Residual(24, 24, 1),
        _Residual(24, 48, 2),
        _Residual(48, 96, 2),
        *_head(96, classes),
    )


def plain(classes):
    """3x3 convolutions alone, every other one with stride 2."""
    return nn.Sequential(
        *_unit(3, 16, 3, 2),
        *_unit(16, 24, 3, 1),
        *_unit(24, 32, 3, 2),
        *_unit(32, 48, 3, 1),
        *_unit(48, 64, 3, 2),
        *_unit(64, 96, 3, 2),
        *_head(96, classes),
    )


def wide(classes):
    """A 7x7 stem with stride 2, then residual stages that shrink at once."""
    return nn.Sequential(
        *_unit(3, 24, 7, 2), _Residual(24, 32, 2), _Residual(32, 64, 2), _Residual(64, 128, 2),
        *_head(128, classes),
    )  # fmt: skip


def small_residual(classes):
    """Residual stages for 32x32 pixels."""
    return nn.Sequential(
        *_unit(3, 16, 3, 1), _Residual(16, 16, 1), _Residual(16, 32, 2), _Residual(32, 64, 2),
        _Residual(64, 96, 2), *_head(96, classes),
    )  # fmt: skip


def small_plain(classes):
    """3x3 convolutions for 32x32 pixels."""
    return nn.Sequential(
        *_unit(3, 24, 3, 1), *_unit(24, 32, 3, 2), *_unit(32, 48, 3, 1), *_unit(48, 64, 3, 2),
        *_unit(64, 96, 3, 2), *_head(96, classes),
    )  # fmt: skip


def small_wide(classes):
    """A 5x5 stem for 32x32 pixels."""
    return nn.Sequential(
        *_unit(3, 32, 5, 1), _Residual(32, 48, 2), _Residual(48, 96, 2), *_head(96, classes)
    )


KINDS = {
    "photos": {"residual": residual, "plain": plain, "wide": wide},
    "small": {"residual": small_residual, "plain": small_plain, "wide": small_wide},
}


class Matcher(nn.Module):
    """Tells which of some secrets is hidden in a window; kept for the whole training."""

    def __init__(self, width=96):
        super().__init__()
        self.windows = nn.Sequential(
            *_unit(3, 24, 5, 2), *_unit(24, 32, 3, 1), _Residual(32, 48, 2), _Residual(48, 96, 2),
            _Residual(96, 128, 2), *_head(128, width),
        )  # fmt: skip
        self.secrets = nn.Sequential(
            *_unit(3, 24, 5, 2), _Residual(24, 48, 2), _Residual(48, 96, 2), *_head(96, width)
        )

    def forward(self, windows, secrets):
        """Logits (N, K) of N windows and K secrets."""
        one, other = (
            nn.functional.normalize(part.float(), dim=1)
            for part in (self.windows(windows), self.secrets(secrets))
        )
        return 10 * one @ other.T
