"""How visible the protection is: standard metrics over photos from the binary (`make look`)."""

from .sets import ssimulacra2_of_set

__all__ = ["ssimulacra2_of_set"]
