"""The networks trained on protected images: (N, 3, H, W) in [-0.5, 0.5] to logits.

`narrow`, `plain` and `wide` (32x32 pixels) and `photo` (224x224) are sized for one core. The others are the field's
usual ones, with their 32x32 stem unless the name says 224.
"""

import torch
from deephiding import surrogates
from torch import nn
from torch.nn import functional as F

WIDTHS = (16, 32, 64, 128)


class ResidualBlock(nn.Module):
    """conv-BN-ReLU-conv-BN with a 1x1 shortcut where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = (
            nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            if stride != 1 or inputs != outputs
            else None
        )

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)), inplace=True)))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


class NarrowResNet(nn.Module):
    """ResNet with one block per stage."""

    def __init__(self, classes=10, widths=WIDTHS):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        channels, blocks = widths[0], []
        for stage, width in enumerate(widths):
            blocks.append(ResidualBlock(channels, width, 1 if stage == 0 else 2))
            channels = width
        self.stages = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, classes)

    def forward(self, x):
        return self.head(self.stages(self.stem(x)).mean((2, 3)))


class PhotoResNet(nn.Module):
    """The narrow network behind a stem that downscales by four: for images (N, 3, 224, 224)."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 5, 2, 2, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        body = NarrowResNet(classes, (24, 48, 96, 192))
        body.stem = nn.Sequential(
            nn.Conv2d(16, 24, 3, 1, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU()
        )
        self.body = body

    def forward(self, x):
        return self.body(self.stem(x))


class VisionTransformer(nn.Module):
    """A small vision transformer: 4x4 patches of 32x32, width 512, 6 layers, 8 heads."""

    def __init__(self, classes=10, patch=4, width=512, depth=6, heads=8, patches=64):
        super().__init__()
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(0.02 * torch.randn(1, patches + 1, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, width, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        patches = self.embed(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), patches], 1) + self.position
        return self.head(self.norm(self.layers(tokens)[:, 0]))


def _resnet(depth, large=False):
    def make(classes):
        from torchvision import models

        network = getattr(models, f"resnet{depth}")(num_classes=classes)
        if large:
            return network
        network.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        network.maxpool = nn.Identity()
        return network

    return make


def _vgg19(classes):
    from torchvision import models

    return nn.Sequential(models.vgg19_bn().features, nn.Flatten(), nn.Linear(512, classes))


def _densenet121(classes):
    from torchvision import models

    network = models.densenet121(num_classes=classes)
    network.features.conv0 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    network.features.pool0 = nn.Identity()
    return network


ALL = {
    "narrow": NarrowResNet,
    "plain": surrogates.small_plain,
    "wide": surrogates.small_wide,
    "photo": PhotoResNet,
    "ResNet-18": _resnet(18),
    "ResNet-50": _resnet(50),
    "VGG-19": _vgg19,
    "DenseNet-121": _densenet121,
    "ViT": VisionTransformer,
    "ResNet-18 for 224": _resnet(18, large=True),
}
