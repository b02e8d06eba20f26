"""The error of an instance that cannot be rendered."""


class UnrenderableError(Exception):
    """There is no picture of an instance.

    Attributes:
        code: ``no-image``, ``too-large``, ``unsupported`` or ``undecodable``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
