"""Semantic images from Stable Diffusion and ControlNet, as in the paper's section IV-C."""
