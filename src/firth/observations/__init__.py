"""What a corpus lets a model see: which words are kept, which pairs they form, which words serve as noise.

Modules in the order of their imports: settings, noise, windows.
"""

from firth.observations.settings import Observations

__all__ = ["Observations"]
