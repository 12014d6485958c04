"""How quantities are written: scaled, with so many digits, with their symbol."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """How a quantity is written.

    Attributes:
        scale: what a value is multiplied by when it is shown.
        symbol: what follows the number.
        digits: decimals in tables.
    """

    scale: int
    symbol: str
    digits: int

    @property
    def suffix(self) -> str:
        """The symbol after a space: ` %`; nothing where there is none."""
        return f" {self.symbol}" if self.symbol else ""

    def number(self, value: float | None, digits: int | None = None, *, undefined: str = "–") -> str:
        """`38.24`: the scaled value without its symbol; `undefined` where it is None or NaN."""
        if value is None or value != value:
            return undefined
        return f"{self.scale * value:.{self.digits if digits is None else digits}f}"

    def text(self, value: float | None, digits: int | None = None, *, tight: bool = False) -> str:
        """`38.24 %`, or tight `38.24%`; an en dash where the value is undefined."""
        if value is None or value != value:
            return self.number(value)
        return self.number(value, digits) + (self.symbol if tight else self.suffix)


PER_CENT = Unit(scale=100, symbol="%", digits=2)
NATS = Unit(scale=1, symbol="", digits=4)
PLAIN = Unit(scale=1, symbol="", digits=1)
