"""The main job on real input: a music shop's five years, loaded and asked about through the public API alone."""
