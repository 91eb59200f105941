"""The paper's semantic images, from a tiny pipeline of random weights."""

import gzip
import json
import string

import numpy as np
import pytest
import semantic_images
import torch
from generation import captions, pictures
from PIL import Image


def picture(seed, side=48):
    """A square of random position and size on a dark ground."""
    rng = np.random.default_rng(seed)
    pixels = np.full((side, side, 3), 40, np.uint8)
    left, top = rng.integers(6, 18, 2)
    pixels[top : top + 20, left : left + 20] = 200
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        picture(number).save(folder / f"COCO_val2014_{number:012d}.jpg")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A complete pipeline in a folder: every part as small as possible, with random weights."""
    from diffusers import (
        AutoencoderKL, ControlNetModel, DDIMScheduler, StableDiffusionControlNetPipeline,
        UNet2DConditionModel,
    )  # fmt: skip
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("pipeline")
    letters = list(string.ascii_lowercase + ".")
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(letter + "</w>" for letter in letters)]
    (place / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (place / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(
        str(place / "vocab.json"), str(place / "merges.txt"), model_max_length=32
    )
    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words), hidden_size=32, intermediate_size=37, num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=32, bos_token_id=0, eos_token_id=1,
        )  # fmt: skip
    )
    blocks = {
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "cross_attention_dim": 32,
    }
    down = {"down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "attention_head_dim": 4}
    unet = UNet2DConditionModel(
        sample_size=24, **blocks, **down, up_block_types=("CrossAttnUpBlock2D", "UpBlock2D")
    )
    control = ControlNetModel(**blocks, **down, conditioning_embedding_out_channels=(8, 16))
    for layer in (
        *control.controlnet_down_blocks,
        control.controlnet_mid_block,
        control.controlnet_cond_embedding.conv_out,
    ):
        torch.nn.init.normal_(layer.weight, std=0.5)
    vae = AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=4, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    pipeline = StableDiffusionControlNetPipeline(
        vae,
        encoder,
        tokenizer,
        unet,
        control,
        DDIMScheduler(),
        None,
        None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(place / "saved")
    return place / "saved"


def run(photos, weights, captions_file, out, *more):
    semantic_images.main([
        "--weights", str(weights), "--captions", str(captions_file), "--photos", str(photos),
        "--labels", "cat,dog", "--clusters", "3",
        "--images", "2", "--side", "48", "--steps", "2", "--out", str(out), *more,
    ])  # fmt: skip


@pytest.fixture(scope="module")
def captions_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("captions") / "captions.csv.gz"
    lines = [
        "image_id,prompt",
        *(f'{n},"a {"dog" if n % 2 else "bridge over water"} {chr(97 + n)}"' for n in range(9)),
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_the_whole_way_from_captions_to_images(photos, weights, captions_file, tmp_path, capsys):
    out = tmp_path / "images"
    run(photos, weights, captions_file, out)
    manifest = json.loads((out / "semantic-images.json").read_text())
    assert len({entry["photo"] for entry in manifest["classes"]}) == 2
    images = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.glob("*/*.png")}
    assert sorted(images) == ["cat/0000.png", "cat/0001.png", "dog/0000.png", "dog/0001.png"]
    assert all(Image.open(out / name).size == (48, 48) for name in images)
    # Every class and seed has bytes of its own. The outline belongs to the class, the rest to the
    # seed.
    assert len(set(images.values())) == 4

    (out / "cat/0001.png").unlink()
    run(photos, weights, captions_file, out)
    assert (out / "cat/0001.png").read_bytes() == images["cat/0001.png"]
    with pytest.raises(SystemExit, match="begun with other settings"):
        run(photos, weights, captions_file, out, "--guidance", "3")
    with pytest.raises(SystemExit):
        run(photos, weights, captions_file, out, "--labels", "cat,../dog")
    assert "each once, of 1 to 64" in capsys.readouterr().err


def test_the_edges_steer_the_picture(weights):
    generator = pictures.Generator(weights, "cpu")
    first, second = (pictures.canny(picture(seed), 48) for seed in (1, 2))
    assert np.asarray(first).any() and first.tobytes() != second.tobytes()
    drawn = [
        generator.draw("a dog", edges, 0, 2, 7.5).tobytes() for edges in (first, first, second)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_embeddings_are_unit_vectors_that_tell_sentences_apart(weights):
    vectors = pictures.Generator(weights, "cpu").embed(
        ["a dog", "a dog", "a bridge over water"], batch=2
    )
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[1], abs=1e-5)
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-3


def test_one_caption_is_chosen_from_each_of_the_clusters_that_lie_farthest_apart():
    rng = np.random.default_rng(0)
    directions = np.eye(8)[:5]
    directions[4] = 0.9 * directions[3] + 0.1 * directions[0]
    points = np.repeat(directions, 20, 0) + 0.02 * rng.standard_normal((100, 8))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    chosen = captions.choose(points, 4, 5, 0)
    # Groups 3 and 4 are neighbours, so only one of them is taken.
    assert len({min(i // 20, 3) for i in chosen}) == 4


def test_farthest_points_are_found_greedily():
    angles = np.radians([0, 10, 90, 180])
    assert captions.farthest(np.stack([np.cos(angles), np.sin(angles)], 1), 3) == [3, 0, 2]


def test_captions_come_from_json_too(tmp_path, photos):
    listed = [
        {"file": "COCO_val2014_000000000002.jpg", "captions": ["two  dogs", "more"]},
        {"file": "no.jpg", "captions": ["x"]},
    ]
    (tmp_path / "c.json").write_text(json.dumps(listed))
    (caption,) = captions.load(tmp_path / "c.json", photos)
    assert caption == ("two dogs", photos / "COCO_val2014_000000000002.jpg")


def test_what_cannot_be_used_is_told(tmp_path, photos, captions_file):
    with pytest.raises(captions.GenerationError, match="not a folder"):
        captions.load(captions_file, tmp_path / "no")
    with pytest.raises(captions.GenerationError, match="none of the captions"):
        captions.load(captions_file, tmp_path)
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(captions.GenerationError, match="known form"):
        captions.load(tmp_path / "odd.csv", photos)
    with pytest.raises(captions.GenerationError, match="model_index.json"):
        pictures.Generator(tmp_path)
    with pytest.raises(captions.GenerationError, match="clusters cannot give"):
        captions.choose(np.eye(4), 3, 2, 0)
    with pytest.raises(captions.GenerationError, match="captions cannot make"):
        captions.choose(np.eye(4), 3, 9, 0)
