"""Fields of single bits, the highest first, as the headers of video streams have them."""

from engine.codestreams.codestream import InvalidError

_LONGEST = 1024
"""How many bytes of a header are read; parameter sets have a few dozen."""
_MOST_ZEROS = 32


class Bits:
    """Takes fields from the front of some bytes.

    Args:
        data: the bytes; those beyond the first 1024 do not count.
    """

    def __init__(self, data: bytes) -> None:
        data = data[:_LONGEST]
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """A number of so many bits.

        Raises:
            InvalidError: there are fewer.
        """
        self._left -= count
        if self._left < 0:
            raise InvalidError("a header that ends too early")
        return self._bits >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        """A single bit."""
        return bool(self.take(1))

    def code(self) -> int:
        """A number in Exp-Golomb coding (H.264 9.1).

        Raises:
            InvalidError: it is longer than any number may be.
        """
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _MOST_ZEROS:
                raise InvalidError("a number of too many bits")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_code(self) -> int:
        """The same with a sign (H.264 9.1.1)."""
        code = self.code()
        return (code + 1) // 2 if code % 2 else -(code // 2)

    def codes(self, count: int) -> list[int]:
        """Several numbers in Exp-Golomb coding."""
        return [self.code() for _ in range(count)]
