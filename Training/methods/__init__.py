"""Methods that are fitted to a set of labelled pictures, beside deep hiding, which needs none."""
