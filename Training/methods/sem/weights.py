"""The weights file of SEM: the surrogate, its normalisations folded in, and the noise's recipe."""

import torch

from ..weights_file import write


def folded(convolution, norm):
    """Weight and bias of a convolution and the batch normalisation behind it, as one."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return convolution.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale


def tensors(model):
    """The tensors of a `learners.NarrowResNet` as the product's engine reads them."""
    found = {"stem": folded(model.stem[0], model.stem[1])}
    for index, stage in enumerate(model.stages):
        found[f"stages.{index}.first"] = folded(stage.conv1, stage.norm1)
        found[f"stages.{index}.second"] = folded(stage.conv2, stage.norm2)
        if stage.shortcut is not None:
            weight = stage.shortcut.weight
            found[f"stages.{index}.shortcut"] = weight, torch.zeros(len(weight))
    found["head"] = model.head.weight, model.head.bias
    return {
        f"{name}.{part}": tensor
        for name, pair in found.items()
        for part, tensor in zip(("weight", "bias"), pair)
    }


def save(path, model, recipe, side, names, training, protection=None):
    """Writes what `palimpsest protect --weights` takes for the method `sem`."""
    write(
        path, "sem", tensors(model), names, side, training, protection,
        noise_steps=recipe.final_steps, draws=recipe.final_draws,
        radius=f"{255 * recipe.radius:.6g}", shift=f"{recipe.pad / side:.6g}",
    )  # fmt: skip
