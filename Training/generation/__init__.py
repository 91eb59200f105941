"""Semantic images by Stable Diffusion and ControlNet, as the paper makes them (section IV-C; algorithms 1.10)."""
