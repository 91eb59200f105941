"""A narrow residual network and its training recipe: small enough for one core, large enough to see."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (16, 32, 64, 128)
EPOCHS = 15
BATCH = 32
PAD = 2
PEAK_LR = 0.1
PROGRESS_IMAGES = 2_000


class ResidualBlock(nn.Module):
    """conv-BN-ReLU-conv-BN with a 1x1 shortcut where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if stride != 1 or inputs != outputs else None

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)), inplace=True)))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


class NarrowResNet(nn.Module):
    """ResNet with one block a stage; input (N, 3, H, W) around zero, output (N, classes) logits."""

    def __init__(self, classes=10, widths=WIDTHS):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        channels, blocks = widths[0], []
        for stage, width in enumerate(widths):
            blocks.append(ResidualBlock(channels, width, 1 if stage == 0 else 2))
            channels = width
        self.stages = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, classes)

    def forward(self, x):
        return self.head(self.stages(self.stem(x)).mean((2, 3)))


def as_input(pixels):
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in [-0.5, 0.5], channels last in memory."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
    return (x.float() / 255 - 0.5).contiguous(memory_format=torch.channels_last)


def augment(pixels, rng, pad):
    """Random mirror and zero-padded crop of a uint8 batch (N, H, W, 3), one draw for each image."""
    n, h, w, _ = pixels.shape
    padded = np.pad(pixels, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    out = np.empty_like(pixels)
    tops, lefts = rng.integers(0, 2 * pad + 1, n), rng.integers(0, 2 * pad + 1, n)
    for i, mirrored in enumerate(rng.random(n) < 0.5):
        crop = padded[i, tops[i] : tops[i] + h, lefts[i] : lefts[i] + w]
        out[i] = crop[:, ::-1] if mirrored else crop
    return out


def accuracy(model, x, y, batch=500):
    """Share of right answers on uint8 images, in percent."""
    model.eval()
    right = 0
    with torch.no_grad():
        for i in range(0, len(x), batch):
            right += int((model(as_input(x[i : i + batch])).argmax(1).numpy() == y[i : i + batch]).sum())
    return 100 * right / len(x)


def train(x, y, x_test, y_test, seed, epochs=EPOCHS, classes=10, widths=WIDTHS, pad=PAD, batch=BATCH, log=None):
    """Trains from scratch with SGD (momentum 0.9, weight decay 5e-4) and a one-cycle rate of peak 0.1.

    Returns (model, history); history holds the test accuracy after every epoch, in percent: the last one over all test
    images, the earlier ones over the first 2,000.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = NarrowResNet(classes, widths).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK_LR, momentum=0.9, weight_decay=5e-4)
    steps = (len(x) // batch) * epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LR, total_steps=steps, pct_start=0.3)
    history = []
    for epoch in range(epochs):
        model.train()
        order = rng.permutation(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            chosen = order[i : i + batch]
            loss = F.cross_entropy(
                model(as_input(augment(x[chosen], rng, pad))), torch.from_numpy(y[chosen].astype(np.int64))
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        some = len(x_test) if epoch == epochs - 1 else PROGRESS_IMAGES
        history.append(accuracy(model, x_test[:some], y_test[:some]))
        if log:
            log(f"epoch {epoch + 1}/{epochs}: train loss {loss.item():.3f}, test {history[-1]:.2f} %")
    return model, history
