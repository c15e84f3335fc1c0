"""Text of a condition to its syntax tree, with every name and unit resolved.

condition := any ("then" any)*
any := all ("or" all)*
all := term ("and" term)*
term := ("not" | "once") term | atom (("for" | "within") TIME)*
atom := "(" condition ")" | FUNCTION | sum (< | <= | > | >=) sum
sum := ["-"] value (("+" | "-") value)*
value := NUMBER UNIT | FUNCTION
"""

import math
from collections.abc import Callable, Sequence

from teleop_collect.errors import ConfigError
from teleop_collect.rig.predicates.functions import FUNCTIONS, Result
from teleop_collect.rig.predicates.names import Names
from teleop_collect.rig.predicates.quantities import AnyOf, dimension_of, resolved_call
from teleop_collect.rig.predicates.syntax import (
    And,
    Call,
    Comparison,
    Condition,
    Lasting,
    Not,
    Once,
    Or,
    Quantity,
    Sum,
    Then,
    Truth,
    Within,
)
from teleop_collect.rig.predicates.tokens import Token, tokens_of
from teleop_collect.rig.predicates.units import UNITS, Dimension, units_of
from teleop_collect.rig.problem import unknown_name

MAX_DEPTH = 20
_COMPARISONS = ("<", "<=", ">", ">=")


def parse_condition(text: str, names: Names) -> Condition:
    """The condition that a text says.

    Args:
        text: see the module.
        names: what it may speak of.

    Raises:
        ConfigError: it is no condition; the message says the column, what stands there, and what
            is valid.
    """
    return _Parser(text, names).whole()


class _Parser:
    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._tokens = list(tokens_of(text))
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def whole(self) -> Condition:
        found = self._condition()
        if self._next.kind != "end":
            raise self._error(self._next, f"{self._next} does not continue a condition")
        return found

    def _condition(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(self._next, f"nested deeper than {MAX_DEPTH} times")
        found = self._any()
        while self._takes("then"):
            found = Then(found, self._any())
        self._depth -= 1
        return found

    def _any(self) -> Condition:
        parts = self._joined("or", self._all)
        return parts[0] if len(parts) == 1 else Or(parts)

    def _all(self) -> Condition:
        parts = self._joined("and", self._term)
        return parts[0] if len(parts) == 1 else And(parts)

    def _joined(self, word: str, part: Callable[[], Condition]) -> tuple[Condition, ...]:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return tuple(parts)

    def _term(self) -> Condition:
        prefixes: list[type[Not] | type[Once]] = []
        while (is_not := self._takes("not")) or self._takes("once"):
            prefixes.append(Not if is_not else Once)
        found = self._atom()
        while (lasts := self._takes("for")) or self._takes("within"):
            seconds = self._duration_s()
            found = Lasting(found, seconds) if lasts else Within(found, seconds)
        for prefix in reversed(prefixes):
            found = prefix(found)
        return found

    def _duration_s(self) -> float:
        start = self._next
        quantity = self._quantity()
        if quantity.dimension is not Dimension.TIME:
            text = f"needs a time ({units_of(Dimension.TIME)}), not {quantity.dimension.value}"
            raise self._error(start, text)
        return quantity.value

    def _atom(self) -> Condition:
        start = self._next
        if self._takes("("):
            found = self._condition()
            self._expect(")")
            return found
        left = self._sum()
        if isinstance(truth := left.terms[0][1], Call) and _is_truth(truth):
            if left.terms[0][0] < 0:
                raise self._no_number(start, truth)
            return Truth(truth, self._said(start))
        return self._comparison(start, left)

    def _comparison(self, start: Token, left: Sum) -> Comparison:
        sign = self._next
        if sign.text not in _COMPARISONS:
            said = self._said(start)
            raise self._error(
                sign, f"'{said}' is a number; compare it with <, <=, > or >=, not {sign}"
            )
        self._at += 1
        right_start = self._next
        right = self._sum()
        self._check_numbers(right_start, right.terms)
        dimension = self._shared(right_start, self._dimension(left), self._dimension(right))
        if not isinstance(dimension, Dimension):
            raise self._error(start, "one side of a comparison needs a number with its unit")
        return Comparison(left, sign.text, right, dimension, self._said(start))

    def _sum(self) -> Sum:
        sign = -1 if self._takes("-") else 1
        terms = [(sign, self._value())]
        while (adds := self._takes("+")) or self._takes("-"):
            start = self._next
            terms.append((1 if adds else -1, self._value()))
            self._check_numbers(start, terms)
            dimensions = [dimension_of(term, self._names) for _, term in terms[-2:]]
            self._shared(start, *dimensions)
        return Sum(tuple(terms))

    def _check_numbers(self, where: Token, terms: Sequence[tuple[int, Quantity | Call]]) -> None:
        for _, term in terms:
            if isinstance(term, Call) and _is_truth(term):
                raise self._no_number(where, term)

    def _no_number(self, where: Token, call: Call) -> ConfigError:
        text = f"{call.function}() is true or false, no number to add or compare"
        return self._error(where, text)

    def _value(self) -> Quantity | Call:
        return self._quantity() if self._next.kind == "number" else self._call()

    def _quantity(self) -> Quantity:
        number = self._take("number", "a number with its unit")
        start = self._next
        if start.kind != "word" or start.text in ("and", "or", "then", "for", "within"):
            raise self._error(start, f"{number} needs a unit: {', '.join(UNITS)}")
        name = self._take("word", "a unit").text
        if self._next.text == "/":
            self._at += 1
            name += "/" + self._take("word", "a unit").text
        if name not in UNITS:
            raise self._error(start, f"'{name}': {unknown_name('unit', UNITS, name)}")
        value = float(number.text) * UNITS[name].factor
        if not math.isfinite(value):
            raise self._error(number, f"{number} is too large")
        return Quantity(value, UNITS[name].dimension)

    def _call(self) -> Call:
        word = self._take("word", "a function or a number")
        if word.text not in FUNCTIONS:
            text = f"'{word.text}': {unknown_name('function', FUNCTIONS, word.text)}"
            raise self._error(word, text)
        self._expect("(")
        arguments: list[Token] = []
        while not self._takes(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._take("word", "a name"))
        try:
            return resolved_call(word.text, [a.text for a in arguments], self._names)
        except ConfigError as error:
            raise self._error(word, str(error)) from None

    def _dimension(self, side: Sum) -> AnyOf | Dimension:
        found = [dimension_of(term, self._names) for _, term in side.terms]
        return next((d for d in found if isinstance(d, Dimension)), found[0])

    def _shared(
        self, where: Token, one: AnyOf | Dimension, other: AnyOf | Dimension
    ) -> AnyOf | Dimension:
        allowed = [set(d) if isinstance(d, tuple) else {d} for d in (one, other)]
        if not allowed[0] & allowed[1]:
            units = " or ".join(units_of(d) for d in sorted(allowed[0]))
            found = " or ".join(d.value for d in sorted(allowed[1]))
            raise self._error(where, f"is in {found}; it must be in {units}")
        return one if isinstance(one, Dimension) else other

    def _takes(self, text: str) -> bool:
        found = self._next.kind != "end" and self._next.text == text
        self._at += found
        return found

    def _take(self, kind: str, what: str) -> Token:
        token = self._next
        if token.kind != kind:
            raise self._error(token, f"needs {what}, not {token}")
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self._error(self._next, f"needs '{text}', not {self._next}")

    def _said(self, start: Token) -> str:
        return self._text[start.start : self._tokens[self._at - 1].end]

    @staticmethod
    def _error(token: Token, text: str) -> ConfigError:
        return ConfigError(f"column {token.start + 1}: {text}")


def _is_truth(call: Call) -> bool:
    return FUNCTIONS[call.function].result is Result.TRUTH
