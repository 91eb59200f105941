"""Ungeneralizable examples (UGE; Ye and Wang, CVPR 2024), of which no code was published.

The product's form is `field`: deep hiding's change along secret colours, which the licensed learner
leaves out. `tries` are the forms that were written from the paper's abstract and do not work.
"""
