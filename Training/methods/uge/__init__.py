"""Ungeneralizable examples (UGE; Ye and Wang, CVPR 2024), of which no code was published.

What the paper names stands in `losses`; the forms are this project's, written from its abstract.
"""
