"""The AsyncAPI document and its generator."""
