"""The error after which a message is not tried again."""


class PermanentError(Exception):
    """An error that trying again cannot fix: the message is dead-lettered at once.

    Attributes:
        code: stable name of the reason, such as ``study.missing``.
        message: one sentence for people, without values of the study.
    """

    def __init__(self, code: str, message: str) -> None:
        # Both as arguments of Exception, so that the error survives pickling between processes.
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
