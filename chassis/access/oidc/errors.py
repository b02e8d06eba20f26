"""What can be wrong with an identity provider. Imports nothing: most gateways have none."""


class ProviderError(Exception):
    """The identity provider does not answer as it should; the text has nothing of a token."""
