"""CIFAR-10 results of the Deep Hiding paper's Table I, in percent.

ResNet-18, 50,000 images, one run. Only for reading beside a table of the same size; this project
measured none of it.
"""

_COLUMNS = (
    "vanilla", "cutout", "cutmix", "mixup", "mean filter", "median filter", "2 bits", "grayscale",
    "Gaussian noise",
    "Gaussian filter (paper)", "JPEG 10", "JPEG 50", "adversarial Linf", "adversarial L2",
)  # fmt: skip
_FIGURES = {
    "clean": (94.59, 95.00, 94.77, 94.96, 49.70, 86.64, 89.07, 92.80, 88.71, 94.54, 85.22, 90.89,
    84.19, 83.54),
    "deep hiding, class-wise": (
        10.08, 10.00, 10.81, 10.05, 10.20, 15.58, 17.31, 10.32, 30.23, 10.01, 83.98, 78.96, 82.21,
        82.34,
    ),
    "deep hiding, sample-wise": (
        12.93, 14.03, 13.80, 15.89, 16.06, 25.56, 28.28, 25.65, 65.11, 12.30, 84.93, 89.18, 83.44,
        83.27,
    ),
}  # fmt: skip
CIFAR10 = {row: dict(zip(_COLUMNS, figures)) for row, figures in _FIGURES.items()}
