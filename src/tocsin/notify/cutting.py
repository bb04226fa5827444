"""Cuts blocks of text into pieces that are small enough once they are drawn.

Pure. No cut is within what is seen as one character, or within a link, unless there is no other
way. Sizes are in what `measure` counts, which is at least one for each character.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from wcwidth import iter_graphemes

from tocsin.model.message import Block, Span

_Draw = Callable[[Sequence[Block]], str]
_Measure = Callable[[str], int]

# After these a text is cut rather than anywhere else; after an end of a line before all.
_PLACES = ("\n", " \t。！？；，、")
# Where a block may be cut: in which of its spans, and behind how much of its text.
_End = tuple[int, int]


def cut_up(blocks: Iterable[Block], draw: _Draw, max_size: int, measure: _Measure) -> Iterator[str]:
    """All of the blocks, drawn, in pieces of at most `max_size`; white space may go at a cut.

    Raises:
        ValueError: `max_size` is too small for one character and its marks.
    """
    return filter(str.strip, _Cutting(draw, max_size, measure).pieces(blocks))


def most(limit: int, is_possible: Callable[[int], bool]) -> int:
    """The largest count up to `limit` that is possible, if all smaller ones are; else 0."""
    return bisect_left(range(1, limit + 1), True, key=lambda count: not is_possible(count))


@dataclass(slots=True)
class _Cutting:
    """Cuts blocks into pieces; `held` is what the next one has so far."""

    draw: _Draw
    max_size: int
    measure: _Measure
    held: list[Block] = field(default_factory=list)

    def pieces(self, blocks: Iterable[Block]) -> Iterator[str]:
        for block in blocks:
            rest = Block(block.kind, tuple(one for one in block.spans if one.text or one.href))
            while not self._fits(rest):
                end = self._end(rest)
                if self.held and (end is None or self._may_wait(rest)):
                    yield self._taken()
                elif end is None:
                    rest = _smaller(rest)
                else:
                    self.held.append(_before(rest, end))
                    rest = _behind(rest, end)
                    yield self._taken()
            self.held.append(rest)
        if self.held:
            yield self._taken()

    def _end(self, block: Block) -> _End | None:
        """Where to cut, so that it fits and reads well; None when nothing of it fits."""
        ends = list(islice(_ends(block), self.max_size))
        count = most(len(ends), lambda count: self._fits(_before(block, ends[count - 1])))
        return _good_end(block, ends[:count])

    def _fits(self, block: Block) -> bool:
        # Most of what does not is found out without being drawn.
        is_near = sum(len(span.text) for span in block.spans) <= self.max_size + 2
        return is_near and self.measure(self.draw([*self.held, block])) <= self.max_size

    def _may_wait(self, block: Block) -> bool:
        """Whether a block goes whole into the next piece; not to leave half of this one empty."""
        size = self.measure(self.draw(self.held))
        return size * 2 >= self.max_size >= self.measure(self.draw([block]))

    def _taken(self) -> str:
        drawn = self.draw(self.held).strip("\n")
        self.held.clear()
        return drawn


def _ends(block: Block) -> Iterator[_End]:
    for place, span in enumerate(block.spans):
        if span.href:
            yield place, len(span.text)
            continue
        end = 0
        for one in iter_graphemes(span.text):
            end += len(one)
            yield place, end


def _before(block: Block, end: _End) -> Block:
    place, behind = end
    last = replace(block.spans[place], text=block.spans[place].text[:behind])
    return Block(block.kind, (*block.spans[:place], last))


def _behind(block: Block, end: _End) -> Block:
    place, behind = end
    first = replace(block.spans[place], text=block.spans[place].text[behind:])
    return Block(block.kind, ((first,) if first.text else ()) + block.spans[place + 1 :])


def _good_end(block: Block, ends: Sequence[_End]) -> _End | None:
    """The last one that reads well, if it is in the second half; else the last."""
    for places in _PLACES:
        for place, behind in reversed(ends[(len(ends) - 1) // 2 :]):
            if block.spans[place].text[behind - 1 : behind] in tuple(places):
                return place, behind
    return ends[-1] if ends else None


def _smaller(block: Block) -> Block:
    """The same with a beginning that may fit: a link's address is left out, or marks are.

    If that is not enough, it can be cut within what is seen as one character after all.
    """
    first, *others = block.spans
    if first.href:
        words = first.text.strip() or first.href
        return Block(block.kind, (replace(first, text=words, href=None), *others))
    seen = next(iter(iter_graphemes(first.text)))
    begun = replace(first, text=seen[0])
    if len(seen) == 1:
        begun = Span(seen)
        if first == replace(begun, text=first.text):
            raise ValueError("the size is too small for one character")
    rest = replace(first, text=first.text[1:])
    return Block(block.kind, (begun, *((rest,) if rest.text else ()), *others))
