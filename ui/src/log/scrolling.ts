// Where a scroll bar's place is in a list of rows, and back. Pure.
//
// Browsers draw nothing higher than some 17 million pixels, so the space that is scrolled through
// has an upper limit, and a long log does not fit in it. What moves the view by hand (wheel, keys,
// a finger) therefore moves it by just so many pixels of rows; only a leap, by the scroll bar, is
// taken as a share of the whole. In a log that fits both come to the same.

/** The row at the upper edge of the view, and how many of its pixels are above that edge. */
export interface Place {
  row: number;
  offset: number;
}

export interface Geometry {
  rows: number;
  /** The height of a usual row, and of one in particular. */
  rowHeight: number;
  heightOf: (row: number) => number;
  /** The height of what is seen. */
  view: number;
}

/** The most pixels to scroll through: half of what the narrowest browser can draw. */
export const MOST_PIXELS = 8_000_000;
/** Rows drawn at most, however large the screen. */
export const MOST_ROWS = 300;
/** A leap is longer than this many views. */
const LEAP_VIEWS = 3;

export const START: Place = { row: 0, offset: 0 };

/** How high the space is that is scrolled through. */
export function spaceOf({ rows, rowHeight }: Geometry): number {
  return Math.min(rows * rowHeight, MOST_PIXELS);
}

/** The place from which the last row ends at the lower edge; the start when all rows fit. */
export function endOf({ rows, heightOf, view }: Geometry): Place {
  let left = view;
  for (let row = rows - 1; row >= 0; row -= 1) {
    const height = heightOf(row);
    if (height >= left) {
      return { row, offset: height - left };
    }
    left -= height;
  }
  return START;
}

export function isBefore(one: Place, other: Place): boolean {
  return one.row < other.row || (one.row === other.row && one.offset < other.offset);
}

/** The place itself, or the nearest that has the view full of rows. */
export function within(place: Place, geometry: Geometry): Place {
  const end = endOf(geometry);
  if (!isBefore(place, end)) {
    return end;
  }
  return place.row < 0 ? START : place;
}

/** The place so many pixels of rows further on, or back. */
export function moved(place: Place, pixels: number, geometry: Geometry): Place {
  let { row, offset } = place;
  offset += pixels;
  while (offset < 0 && row > 0) {
    row -= 1;
    offset += geometry.heightOf(row);
  }
  while (row < geometry.rows - 1 && offset >= geometry.heightOf(row)) {
    offset -= geometry.heightOf(row);
    row += 1;
  }
  return within({ row, offset: Math.max(0, offset) }, geometry);
}

/** The place at this share of the whole, as the scroll bar shows it. */
export function placeAt(top: number, geometry: Geometry): Place {
  const most = spaceOf(geometry) - geometry.view;
  if (most <= 0 || top <= 0) {
    return START;
  }
  const share = Math.min(1, top / most);
  const rows = share * inRows(endOf(geometry), geometry);
  const row = Math.floor(rows + 1e-9);
  const offset = Math.max(0, rows - row) * geometry.heightOf(row);
  return within({ row, offset: rounded(offset) }, geometry);
}

/** Where the scroll bar stands for this place. */
export function topOf(place: Place, geometry: Geometry): number {
  const most = Math.max(0, spaceOf(geometry) - geometry.view);
  const end = inRows(endOf(geometry), geometry);
  return end === 0 ? 0 : rounded(most * Math.min(1, inRows(place, geometry) / end));
}

/** Whether the scroll bar's way from one to the other is a leap rather than a move by hand. */
export function isLeap(from: number, to: number, geometry: Geometry): boolean {
  return Math.abs(to - from) > LEAP_VIEWS * Math.max(geometry.view, 200);
}

/** Whether rows are as many pixels as the scroll bar goes through: then it says all. */
export function isExact(geometry: Geometry, hasOddRows: boolean): boolean {
  return !hasOddRows && geometry.rows * geometry.rowHeight <= MOST_PIXELS;
}

/** The place that has the row in view: as it is when it has, else with the row at `share`. */
export function showing(row: number, place: Place, geometry: Geometry, share = 0.35): Place {
  const below = moved({ row, offset: 0 }, geometry.heightOf(row) - geometry.view, geometry);
  const isSeen = !isBefore({ row, offset: 0 }, place) && !isBefore(place, below);
  return isSeen ? place : moved({ row, offset: 0 }, -geometry.view * share, geometry);
}

/** The rows to draw around the place, the last one excluded. */
export function windowOf(place: Place, geometry: Geometry, around: number): [number, number] {
  let below = geometry.view + place.offset;
  let last = place.row;
  while (last < geometry.rows && below > 0) {
    below -= geometry.heightOf(last);
    last += 1;
  }
  const first = Math.max(0, place.row - around);
  return [first, Math.min(geometry.rows, last + around, first + MOST_ROWS)];
}

function inRows(place: Place, geometry: Geometry): number {
  return place.row + place.offset / Math.max(1, geometry.heightOf(place.row));
}

/** Screens have whole pixels, or halves of them; less would only make drift. */
function rounded(pixels: number): number {
  return Math.round(pixels * 4) / 4;
}
