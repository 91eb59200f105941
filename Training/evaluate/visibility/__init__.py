"""What the eye sees of the protection: standard measures, over photos protected by the binary (`make look`)."""

from .sets import ssimulacra2_of_set

__all__ = ["ssimulacra2_of_set"]
