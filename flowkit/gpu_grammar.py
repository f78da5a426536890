"""Reading a GPU request: text to tokens, tokens to values, each refusal with its hint.

Case and ASCII whitespace are ignored. `gpus.GPURequest` checks what the values mean together.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Never

from flowkit.errors import InvalidGPURequest
from flowkit.gpu_models import ALIASES, MODELS, VENDORS
from flowkit.sizes import GB_PER_UNIT, MEMORY_SIZE

MAX_COUNT = 1_000_000
_MAX_LENGTH = 1000  # the longest canonical form, with every model named, is shorter

# Patterns, not compiled ones: `re` compiles them on first use, so import stays cheap.
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_WITH_MEMORY = rf"(.+)[-_]{MEMORY_SIZE}"
_PROVIDER_NAME = r"(.+?)(?:\.(?:sxm[0-9]?|pcie|nvl|oam))?\.([0-9]+)x"
_ANY_MODEL = ("gpu", "any")


class Refusal(Exception):
    """Why a request is refused, before the input that it is about is known."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint

    def about(self, value: object) -> InvalidGPURequest:
        """Return the error to raise, which quotes the input."""
        # Only what is short for sure: the text of any other value may be long, or fail.
        shown = repr(value[:80]) if isinstance(value, str) else f"of type {type(value).__name__}"
        if isinstance(value, int) and abs(value) <= MAX_COUNT:
            shown = repr(value)
        return InvalidGPURequest(f"invalid GPU request {shown}: {self.problem}", hint=self.hint)


class Fields(NamedTuple):
    """The values of a request, in the order of `GPURequest`'s arguments."""

    gpu_count: float = 1
    models: tuple[str, ...] = ()
    memory_min_gb: float | None = None
    memory_max_gb: float | None = None
    vendor: str | None = None


def read(value: object) -> Fields:
    """Return the values that a text or a number of GPUs states, not yet checked together.

    Raises:
        Refusal: It cannot be read.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refusal(
            f"{type(value).__name__} is not a GPU request",
            "write text such as 'a100:4' or 'gpu:0.5', a whole number, or leave gpu unset",
        )
    if isinstance(value, int) and abs(value) > MAX_COUNT:
        return Fields(
            gpu_count=value
        )  # refused by the check of the count; its text may be too long
    text = str(value)
    if len(text) > _MAX_LENGTH:
        raise Refusal("the text is too long", f"write at most {_MAX_LENGTH} characters")
    compact = re.sub(r"[ \t\n\r\f\v]", "", text).lower()
    if not compact:
        raise Refusal("it is empty", "name a model such as a100, or leave gpu unset")
    tokens = _Tokens()
    for position, token in enumerate(compact.split(":"), start=1):
        if not token:
            raise Refusal(f"token {position} is empty", "write it like a100:80gb:4")
        tokens.take(token)
    return tokens.fields()


class _Tokens:
    """The tokens read so far: each kind as it was written, and its value."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self.models: tuple[str, ...] = ()
        self.memory: tuple[float | None, float | None] = (None, None)
        self.memory_is_plain = False
        self.count: int | float = 1
        self.vendor: str | None = None

    def take(self, token: str) -> None:
        if token in VENDORS:
            self._note("vendor", token)
            self.vendor = token
        elif re.fullmatch(_NUMBER, token):
            self._take_count(token)
        elif memory := _memory_range(token):
            self._note("memory", token)
            self.memory = memory
            self.memory_is_plain = re.fullmatch(MEMORY_SIZE, token) is not None
        else:
            self._take_models(token)

    def fields(self) -> Fields:
        if "models" not in self.written and "count" in self.written:
            _refuse_model_number(self.written["count"])
        low, high = self.memory
        # With a model a plain size is that size, without one it means "at least".
        if self.memory_is_plain and self.models:
            high = low
        return Fields(self.count, self.models, low, high, self.vendor)

    def _note(self, kind: str, token: str) -> None:
        if kind in self.written:
            raise Refusal(
                f"{kind} given twice: {self.written[kind]!r} and {token!r}",
                f"write the {kind} once, as in a100:80gb:4",
            )
        self.written[kind] = token

    def _take_count(self, token: str) -> None:
        if "count" in self.written:
            _refuse_model_number(self.written["count"])
            _refuse_model_number(token)
        self._note("count", token)
        self.count = float(token) if "." in token else int(token)

    def _take_models(self, token: str) -> None:
        names = token.split(",")
        counts: list[str] = []
        if "" in names:
            raise Refusal(f"an empty model in {token!r}", "write it like h100,a100:8")
        if len(names) > 1:
            _check_list(token, names)
        else:
            names[0], counts = _split_counts(token)
        found = [_model_and_memory(name) for name in names]
        self._note("models", token)
        if found[0][0] != "gpu":
            self.models = tuple(model for model, _ in found)
        sizes = {memory for _, memory in found}
        if len(sizes) > 1:
            raise Refusal(
                f"the models of {token!r} have different memory",
                f"write it as a list, one request each: {names}",
            )
        if (size := sizes.pop()) is not None:
            self._note("memory", token)
            self.memory, self.memory_is_plain = (size, size), True
        for count in counts:
            self._take_count(count)


def _split_counts(token: str) -> tuple[str, list[str]]:
    """Split the sugar from a model: `4xa100`, `a100x4`, `a100.sxm.4x`."""
    counts = []
    while match := re.fullmatch(rf"({_NUMBER})x(.+)", token):
        counts.append(match[1])
        token = match[2]
    if match := re.fullmatch(_PROVIDER_NAME, token):
        token = match[1]
        counts.append(match[2])
    # The x of rtx4090 is no sugar: what is left of the x must be a model.
    name, trailing = token, []
    while not _is_model(name) and (match := re.fullmatch(rf"(.+)x({_NUMBER})", name)):
        name = match[1]
        trailing.append(match[2])
    return (name, counts + trailing) if _is_model(name) else (token, counts)


def _is_model(name: str) -> bool:
    match = re.fullmatch(_WITH_MEMORY, name)
    return _lookup(match[1] if match else name) is not None


def _lookup(name: str) -> str | None:
    """Return the model that a name or alias means, `gpu` for any model, None if there is none."""
    plain = name.replace("-", "").replace("_", "")
    if plain in _ANY_MODEL:
        return "gpu"
    return plain if plain in MODELS else ALIASES.get(plain)


def _model_and_memory(name: str) -> tuple[str, float | None]:
    if (model := _lookup(name)) is not None:
        return model, None
    match = re.fullmatch(_WITH_MEMORY, name)
    model = _lookup(match[1]) if match else None
    if match is None or model is None:
        refuse_unknown(name)
    if model == "gpu":
        size = name[match.start(2) :]
        raise Refusal(f"{name!r} names no model for its memory", f"write gpu:{size}")
    return model, _gigabytes(match[2], match[3])


def _memory_range(token: str) -> tuple[float | None, float | None] | None:
    if match := re.fullmatch(rf"{MEMORY_SIZE}\+?", token):
        return _gigabytes(match[1], match[2]), None
    if ".." not in token:
        return None
    match = re.fullmatch(rf"(?:{MEMORY_SIZE})?\.\.(?:{MEMORY_SIZE})?", token)
    if match is None or token == "..":
        raise Refusal(
            f"memory range {token!r} cannot be read", "write it as 24gb..80gb, 40gb.. or ..24gb"
        )
    low = _gigabytes(match[1], match[2]) if match[1] else None
    high = _gigabytes(match[3], match[4]) if match[3] else None
    return low, high


def _gigabytes(number: str, unit: str) -> float:
    return float(number) * GB_PER_UNIT[unit]


def _check_list(token: str, names: list[str]) -> None:
    """Refuse what is no model in a list of alternatives."""
    for name in names:
        if re.fullmatch(_NUMBER, name):
            _refuse_model_number(name)
        if re.fullmatch(_NUMBER, name) or _split_counts(name)[1]:
            raise Refusal(
                f"a count stands in the list of models {token!r}: {name!r}",
                "write the count once, after the models: h100,a100:8",
            )
        if name in VENDORS:
            raise Refusal(
                f"a vendor stands in the list of models {token!r}: {name!r}",
                "write one vendor, as in amd:2",
            )
        if _memory_range(name):
            raise Refusal(
                f"a memory size stands in the list of models {token!r}: {name!r}",
                "write one size or a range, as in 24gb..80gb",
            )
        if _lookup(name) == "gpu":
            raise Refusal(
                f"{name!r} stands in the list of models {token!r}", f"{name} alone means any model"
            )


# Refusing with the most useful hint; slow imports are welcome here.


def _refuse_model_number(token: str) -> None:
    if f"rtx{token}" in MODELS:
        raise Refusal(f"{token!r} is a model's number, not a count", f"write rtx{token}")


def refuse_unknown(name: str) -> Never:
    if name in ("cpu", "none"):
        raise Refusal(f"{name!r} is no GPU", "leave gpu unset for a task without a GPU")
    _refuse_model_number(name)
    match = re.fullmatch(r"(.+)[-_]([0-9]{1,6})", name)
    model = _lookup(match[1]) if match else None
    if match and model in MODELS:
        sizes = MODELS[model].memory_gb
        number = int(match[2])
        size = number if number in sizes else sizes[-1]
        raise Refusal(
            f"{name!r} has a number that is no memory size and no count",
            f"write {model}:{number} for {number} GPUs, or {model}-{size}gb for the memory",
        )
    raise Refusal(f"unknown GPU model {name[:80]!r}", _suggestion(name))


def _suggestion(name: str) -> str:
    if (meant := _respelled(name)) is not None:
        return f"did you mean {meant}?"
    import difflib

    close = difflib.get_close_matches(name[:40], [*MODELS, *ALIASES], n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known models: {', '.join(MODELS)}; or ask by memory: gpu:40gb+"


def _respelled(name: str) -> str | None:
    """Return the request that a near miss meant: `a100*4`, `4a100`, `a10080gb`, `nvidia-a100`."""
    known = "|".join(sorted([*MODELS, *ALIASES], key=len, reverse=True))
    match = re.fullmatch(
        rf"([0-9]{{1,4}})?\*?(?:{'|'.join(VENDORS)})?[-_]?({known})"
        rf"(?:[-_]?{MEMORY_SIZE})?(?:\*([0-9]{{1,4}}))?",
        name,
    )
    if match is None:
        return None
    before, model, size, unit, after = match.groups()
    memory = f"-{size}{unit}" if size else ""
    count = f":{before or after}" if before or after else ""
    return f"{ALIASES.get(model, model)}{memory}{count}"
