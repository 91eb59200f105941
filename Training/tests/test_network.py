"""The network against its papers' formulas, computed independently."""

import json

import numpy as np
import pytest
import torch
from deephiding import attacks, losses, weights
from deephiding.network import HidingNetwork, haar, inverse_haar
from deephiding.semantic_images import SplitMix64, semantic_image
from deephiding.train import difficulty, learning_rate


def randomized(network, scale=0.05, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, scale, generator=generator)
    return network


def test_haar_is_the_orthonormal_matrix_of_the_paper():
    cell = torch.tensor([[1.0, 3.0], [2.0, 7.0]])  # a c / b d
    bands = haar(cell.expand(1, 3, 2, 2))[0, ::3, 0, 0]
    a, b, c, d = 1.0, 2.0, 3.0, 7.0
    assert bands.tolist() == [
        (a + b + c + d) / 2, (-a - b + c + d) / 2, (-a + b - c + d) / 2, (a - b - c + d) / 2
    ]


def test_haar_keeps_energy_and_inverts():
    x = torch.rand(2, 3, 10, 14)
    assert torch.allclose(haar(x).square().sum(), x.square().sum(), rtol=1e-5)
    assert torch.allclose(inverse_haar(haar(x)), x, atol=1e-6)


@pytest.mark.parametrize("blocks, growth, parameters", [(16, 32, 4_050_240), (1, 32, 253_140)])
def test_parameter_count_is_the_papers(blocks, growth, parameters):
    assert sum(p.numel() for p in HidingNetwork(blocks, growth).parameters()) == parameters


def test_a_fresh_network_is_the_identity():
    cover, secret = torch.rand(2, 1, 3, 16, 20)
    protected, lost = HidingNetwork(3, 8).hide(cover, secret)
    assert torch.allclose(protected, cover, atol=1e-6)
    assert torch.allclose(lost, haar(secret), atol=1e-6)


def test_revealing_with_the_lost_branch_inverts_hiding():
    network = randomized(HidingNetwork(4, 8))
    cover, secret = torch.rand(2, 1, 3, 16, 20)
    protected, lost = network.hide(cover, secret)
    assert (protected - cover).abs().max() > 0.01
    assert torch.allclose(network.reveal(protected, lost), secret, atol=1e-4)


def test_a_block_is_the_formula_of_the_paper():
    block = randomized(HidingNetwork(1, 4), 0.2).blocks[0]
    cover, secret = torch.rand(2, 1, 12, 5, 7)
    out_cover, out_secret = block(cover, secret)
    expected_cover = cover + block.phi(secret)
    s = block.rho(expected_cover)
    expected_secret = (
        secret * torch.exp(2 * 2.0 * (torch.sigmoid(s) - 0.5)) + block.eta(expected_cover)
    )
    assert torch.allclose(out_cover, expected_cover, atol=1e-6)
    assert torch.allclose(out_secret, expected_secret, atol=1e-5)


def test_the_hiding_loss_is_silent_inside_the_budget_of_each_image():
    cover = torch.rand(2, 3, 8, 8)
    protected = (cover + torch.tensor([0.001, 0.1]).view(2, 1, 1, 1)).requires_grad_()
    losses.hiding(protected, cover, 8 / 255).backward()
    assert protected.grad[0].abs().max() == 0
    assert protected.grad[1].abs().max() > 0


def test_concentration_compares_pairs_of_one_class_only():
    features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    assert losses.concentration(features, torch.tensor([0, 1, 0])).item() == pytest.approx(0)
    assert losses.concentration(features, torch.tensor([0, 0, 1])).item() == pytest.approx(1)
    assert losses.concentration(features, torch.tensor([0, 1, 2])).item() == 0


def test_release_holds_the_bound_in_whole_levels():
    cover = torch.randint(0, 256, (1, 3, 16, 16)) / 255
    released = attacks.release(cover, cover + torch.randn(1, 3, 16, 16) * 0.1, 8 / 255)
    levels = (released - cover) * 255
    assert levels.abs().max() <= 8 + 1e-3
    assert torch.allclose(levels, levels.round(), atol=1e-3)


@pytest.mark.parametrize("quality", [10, 50, 90])
def test_the_differentiable_jpeg_is_close_to_pillows(quality):
    import io

    from PIL import Image

    ramp = np.stack(np.meshgrid(np.arange(64), np.arange(48)), -1)
    pixels = np.stack(
        [ramp[..., 0] * 4, ramp[..., 1] * 5, 128 + 60 * np.sin(ramp.sum(-1) / 7)], -1
    ).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    expected = np.asarray(Image.open(stream)).astype(float)
    x = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].float() / 255
    ours = attacks.jpeg(x, quality)[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(ours - expected).mean() < 1.5
    assert np.abs(ours - expected).mean() < np.abs(pixels - expected).mean()


def test_attacks_pass_gradients_and_keep_the_size():
    for kind in attacks.AttackLayer.KINDS:
        layer = attacks.AttackLayer(
            {kind: 1.0}, torch.Generator().manual_seed(0), gray_probability=0.5, noise=2
        )
        x = torch.rand(2, 3, 36, 52).requires_grad_()
        attacked, _ = layer(x)
        attacked.square().sum().backward()
        assert attacked.shape == x.shape
        assert torch.isfinite(x.grad).all() and x.grad.abs().max() > 0


def test_alignment_is_the_cosine_distance_of_delta_and_secret():
    torch.manual_seed(0)
    secret = torch.rand(2, 3, 16, 16)
    # Brightness and contrast of a secret do not matter; its negative is farthest away, another
    # secret halfway.
    assert losses.alignment(0.03 * secret + 0.1, secret).item() == pytest.approx(0, abs=1e-5)
    assert losses.alignment(-secret, secret).item() == pytest.approx(2, abs=1e-5)
    assert losses.alignment(torch.rand(2, 3, 16, 16), secret).item() == pytest.approx(1, abs=0.15)


def test_hiding_is_silent_within_the_budget():
    cover = torch.zeros(2, 3, 8, 8)
    changed = cover.clone()
    changed[0] += 0.02
    changed[1] += 0.04
    # The first image is within the budget, so only the second one has a gradient.
    changed.requires_grad_()
    losses.hiding(changed, cover, 0.03).backward()
    assert changed.grad[0].abs().max() == 0 < changed.grad[1].abs().min()


def test_splitmix64_gives_the_published_sequence():
    rng = SplitMix64(1234567)
    assert (
        [rng.next() for _ in range(3)]
        == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    )


def test_a_class_keeps_its_outline_and_textures_differ():
    # noqa: E731
    strokes = lambda image: np.abs(
        np.fft.fft2(image[[0, 2]] - image[[0, 2]].mean((1, 2), keepdims=True))
    )
    a, b = (strokes(semantic_image(5, 3, texture, 64, 64)) for texture in (1, 2))
    other = strokes(semantic_image(5, 4, 1, 64, 64))
    similarity = lambda x, y: np.corrcoef(x.ravel(), y.ravel())[0, 1]  # noqa: E731
    assert similarity(a, b) > 0.8
    assert similarity(a, other) < 0.4
    assert not np.array_equal(semantic_image(5, 3, 1, 64, 64), semantic_image(5, 3, 2, 64, 64))


def test_learning_rate_warms_up_and_decays():
    recipe = {"warmup": 10, "iterations": 100, "learning_rate": 1e-3, "final_learning_rate": 1e-5}
    assert learning_rate(recipe, 0) == pytest.approx(1e-4)
    assert learning_rate(recipe, 10) == pytest.approx(1e-3)
    assert learning_rate(recipe, 100) == pytest.approx(1e-5)


def test_the_curriculum_ends_with_the_recipe():
    assert difficulty(100, 0) == 0
    assert difficulty(100, 50) == 0.5
    assert difficulty(100, 100) == difficulty(0, 0) == 1


def test_weights_survive_the_file(tmp_path):
    pytest.importorskip("safetensors")
    network = randomized(HidingNetwork(2, 8))
    weights.save(tmp_path / "w.safetensors", network, {"recipe": {}}, {}, "none")
    again, metadata = weights.load(tmp_path / "w.safetensors")
    cover, secret = torch.rand(2, 1, 3, 16, 16)
    assert torch.equal(network.hide(cover, secret)[0], again.hide(cover, secret)[0])
    assert (
        (metadata["blocks"], metadata["growth"], json.loads(metadata["training"]))
        == ("2", "8", {"recipe": {}})
    )


def test_the_hash_of_the_tensors_tells_networks_apart_but_not_metadata(tmp_path):
    pytest.importorskip("safetensors")
    network, other = randomized(HidingNetwork(1, 8)), HidingNetwork(1, 8)
    for name, saved, protection in (
        ("a", network, {}), ("b", network, {"verdict": "measured"}), ("c", other, {})
    ):
        weights.save(tmp_path / name, saved, {}, protection, "none")
    a, b, c = (weights.tensors_sha256(tmp_path / name) for name in "abc")
    assert a == b != c
