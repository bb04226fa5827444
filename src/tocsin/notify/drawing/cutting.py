"""Cuts blocks of text into pieces that are small enough once they are drawn.

Pure. No cut is within what is seen as one character, or within a link, unless there is no other
way. A text is drawn a few times and no more, however long it is: nothing else goes on meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from wcwidth import grapheme_boundary_before

from tocsin.model.message import Block, BlockKind, Span

_Draw = Callable[[Block | None, Block], str]
_Measure = Callable[[str], int]

# After these a text is cut rather than anywhere else; after an end of a line before all.
_PLACES = ("\n", " \t。！？；，、")
# Where a block may be cut: in which of its spans, and behind how much of its text.
_End = tuple[int, int]
# In place of a link, of which nothing is cut.
_LINK = "\ufffc"
# So often a size is guessed; what is so odd that this does not help is halved from there on.
_GUESSES = 6
# Of a long text the last hundredth need not be made use of.
_SLACK = 128


def cut_up(blocks: Iterable[Block], draw: _Draw, max_size: int, measure: _Measure) -> Iterator[str]:
    """All of the blocks, drawn, in pieces of at most `max_size`; white space may go at a cut.

    `draw` gives what a block adds behind another, "" when nothing of it is to be seen; a link is
    drawn with its address. `measure` is at least one for each character, and of two texts together
    the sum.

    Raises:
        ValueError: `max_size` is too small for one character and its marks.
    """
    return filter(str.strip, _Cutting(draw, max_size, measure).pieces(blocks))


def whole(blocks: Iterable[Block], draw: _Draw, max_size: int, measure: _Measure) -> str | None:
    """All of the blocks in one piece, as `cut_up` would make it; None when they do not fit."""
    cutting = _Cutting(draw, max_size, measure)
    drawn = cutting.taken() if all(cutting.takes(_bare(block)) for block in blocks) else None
    return drawn if drawn is None or drawn.strip() else ""


def largest(limit: int, room: int, size_of: Callable[[int], int]) -> int:
    """A count up to `limit` whose size is at most `room`, and about the largest; 0 if none is.

    The sizes of larger counts are not smaller. Up to a hundred it is the largest indeed.
    """
    low, low_size, high, high_size = 0, 0, limit + 1, 0
    step, guess = max(1, limit // _SLACK), limit
    guesses = 0
    while high - low > (step if low else 1):
        size = size_of(guess)
        if size <= room:
            low, low_size = guess, size
        else:
            high, high_size = guess, size
        guess = (low + high) // 2
        guesses += 1
        if guesses <= _GUESSES and high_size > low_size:
            guess = low + (high - low) * (room - low_size) // (high_size - low_size)
        near = step if high - low > 2 * step else 1
        guess = min(max(guess, low + near), high - near)
    return low


def boundary(text: str, place: int) -> int:
    """`place`, or the beginning of what is seen as one character there."""
    return grapheme_boundary_before(text, place + 1) if place < len(text) else place


@dataclass(slots=True)
class _Cutting:
    """Cuts blocks into pieces; `held` is what the next one has so far."""

    draw: _Draw
    max_size: int
    measure: _Measure
    held: list[str] = field(default_factory=list)
    size: int = 0
    last: Block | None = None

    def pieces(self, blocks: Iterable[Block]) -> Iterator[str]:
        for block in blocks:
            rest = _bare(block)
            while not self.takes(rest):
                if self.held and self._may_wait(rest):
                    yield self.taken()
                    continue
                end = self._end(rest)
                if end is not None:
                    begun = _before(rest, end)
                    self._hold(begun, self.draw(self.last, begun))
                    rest = _behind(rest, end)
                    yield self.taken()
                elif self.held:
                    yield self.taken()
                else:
                    rest = _smaller(rest)
        yield self.taken()

    def takes(self, block: Block) -> bool:
        """Whether a block fits; then it is held."""
        if not _has_room(block, self.max_size - self.size):
            return False
        drawn = self.draw(self.last, block)
        if self.size + self.measure(drawn) > self.max_size:
            return False
        self._hold(block, drawn)
        return True

    def _hold(self, block: Block, drawn: str) -> None:
        if drawn:
            self.held.append(drawn)
            self.size += self.measure(drawn)
            self.last = block

    def _may_wait(self, block: Block) -> bool:
        """Whether a block goes whole into the next piece; not to leave half of this one empty."""
        if self.size * 2 < self.max_size or not _has_room(block, self.max_size):
            return False
        return self.measure(self.draw(None, block)) <= self.max_size

    def _end(self, block: Block) -> _End | None:
        """Where to cut, so that it fits and reads well; None when nothing of it fits."""
        flat, room = _flat(block), self.max_size - self.size

        def size(chars: int) -> int:
            return self.measure(self.draw(self.last, _before(block, _end_at(block, chars))))

        chars = largest(_most_chars(block, room), room, size)
        if not chars:
            return None
        found = _good_end(block, flat, chars)
        # What no piece has room for is cut within what is seen as one character.
        return _end_at(block, chars) if found is None and not self.held else found

    def taken(self) -> str:
        drawn = "".join(self.held).strip("\n")
        self.held, self.size, self.last = [], 0, None
        return drawn


def _bare(block: Block) -> Block:
    """Without what shows nothing."""
    spans = tuple(one for one in block.spans if one.text or one.href)
    if block.kind is BlockKind.CODE and spans:
        spans = (Span("".join(one.text for one in spans).strip("\n")),)
    return Block(block.kind, spans)


def _flat(block: Block) -> str:
    return "".join(_LINK if one.href else one.text for one in block.spans)


def _most_chars(block: Block, room: int) -> int:
    """More of the flat text than this does not fit, and need not be drawn to see that."""
    chars = 0
    for span, least in zip(block.spans, _least(block), strict=True):
        if least > room:
            return chars if span.href else chars + room
        room -= least
        chars += 1 if span.href else least
    return chars


def _has_room(block: Block, room: int) -> bool:
    """Whether a block may fit, as far as that can be told before it is drawn."""
    return sum(_least(block)) <= room


def _least(block: Block) -> Iterator[int]:
    """What of each span is drawn in any case: of neighbours in one link the address once."""
    href = None
    for span in block.spans:
        yield 0 if span.href and span.href == href else len(span.href or span.text)
        href = span.href


def _end_at(block: Block, chars: int) -> _End:
    """Where so much of the flat text ends."""
    for place, span in enumerate(block.spans):
        length = 1 if span.href else len(span.text)
        if chars <= length:
            return place, len(span.text) if span.href else chars
        chars -= length
    raise AssertionError


def _good_end(block: Block, flat: str, chars: int) -> _End | None:
    """The last end that reads well, if it is in the second half; else the last that there is."""
    for places in _PLACES:
        found = max(flat.rfind(one, (chars - 1) // 2, chars) for one in places)
        end = _end_at(block, found + 1) if found >= 0 else None
        if end is not None and end == _between_characters(block, end):
            return end
    return _between_characters(block, _end_at(block, chars))


def _between_characters(block: Block, end: _End) -> _End | None:
    """The end, or one before it that is not within what is seen as one character."""
    place, behind = end
    if block.spans[place].href:
        return end
    behind = boundary(block.spans[place].text, behind)
    if behind:
        return place, behind
    return (place - 1, len(block.spans[place - 1].text)) if place else None


def _before(block: Block, end: _End) -> Block:
    place, behind = end
    last = replace(block.spans[place], text=block.spans[place].text[:behind])
    return Block(block.kind, (*block.spans[:place], last))


def _behind(block: Block, end: _End) -> Block:
    place, behind = end
    first = replace(block.spans[place], text=block.spans[place].text[behind:])
    return Block(block.kind, ((first,) if first.text else ()) + block.spans[place + 1 :])


def _smaller(block: Block) -> Block:
    """The same with a beginning that may fit: without a link's address, or without marks."""
    first, *others = block.spans
    if first.href:
        words = first.text.strip() or first.href
        return Block(block.kind, (replace(first, text=words, href=None), *others))
    begun = Span(first.text[0])
    if first == replace(begun, text=first.text):
        raise ValueError("the size is too small for one character")
    rest = replace(first, text=first.text[1:])
    return Block(block.kind, (begun, *((rest,) if rest.text else ()), *others))
