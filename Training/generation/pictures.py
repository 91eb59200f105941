"""Images from Stable Diffusion guided by a Canny map, with a local folder of weights."""

from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps

from .captions import GenerationError

CANNY_THRESHOLDS = (100, 200)


def canny(photo, side):
    """The Canny edges of a photo's central square, RGB, `side` pixels wide.

    3x3 Sobel, L1 norm, thresholds 100 and 200.
    """
    square = ImageOps.fit(photo.convert("L"), (side, side), Image.LANCZOS)
    edges = cv2.Canny(np.asarray(square), *CANNY_THRESHOLDS)
    return Image.fromarray(edges).convert("RGB")


class Generator:
    """A saved `StableDiffusionControlNetPipeline`, without its safety checker."""

    def __init__(self, folder, device=None):
        from diffusers import StableDiffusionControlNetPipeline
        from diffusers.utils import logging

        logging.disable_progress_bar()
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if not (Path(folder) / "model_index.json").is_file():
            raise GenerationError(
                f"'{folder}' holds no model_index.json: name a folder with Stable Diffusion 1.5 "
                "and its Canny ControlNet, as StableDiffusionControlNetPipeline.save_pretrained "
                "writes it"
            )
        try:
            self.pipeline = StableDiffusionControlNetPipeline.from_pretrained(
                str(folder), local_files_only=True, safety_checker=None,
                requires_safety_checker=False,
                torch_dtype=torch.float16 if self.device == "cuda" else torch.float32,
            ).to(self.device)  # fmt: skip
        except (OSError, ValueError, TypeError) as error:
            raise GenerationError(f"'{folder}' is not such a pipeline: {error}") from error
        self.pipeline.set_progress_bar_config(disable=True)

    def embed(self, texts, batch=64):
        """Pooled outputs of the pipeline's CLIP text encoder as unit vectors, float32 (N, D)."""
        tokenizer, encoder = self.pipeline.tokenizer, self.pipeline.text_encoder
        found = []
        for start in range(0, len(texts), batch):
            tokens = tokenizer(
                texts[start : start + batch], padding="max_length", truncation=True,
                max_length=tokenizer.model_max_length,
                return_tensors="pt",
            )  # fmt: skip
            with torch.no_grad():
                found.append(
                    encoder(tokens.input_ids.to(self.device)).pooler_output.float().cpu().numpy()
                )
        vectors = np.concatenate(found)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def draw(self, prompt, edges, seed, steps, guidance):
        """One image for a prompt along the edges; the same seed gives the same image."""
        generator = torch.Generator("cpu").manual_seed(seed)
        drawn = self.pipeline(
            prompt, edges, num_inference_steps=steps, guidance_scale=guidance, generator=generator
        )
        return drawn.images[0]
