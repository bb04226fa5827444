// The part of an address behind `#` that names lines of a log: `#L120`, `#L120-L140`, or with a
// step `#step=Build:L120-L140`. Pure.

/** Numbers of the deployment's lines, both inclusive; `from` is the smaller one. */
export interface LineAddress {
  from: number;
  to: number;
}

export interface LogAddress {
  step: string | null;
  lines: LineAddress | null;
}

const LINES = /^L(\d{1,15})(?:-L?(\d{1,15}))?$/;
const STEP = "step=";

/** What a hash says, with or without its `#`; what is no address of ours says nothing. */
export function parseAddress(hash: string): LogAddress {
  const said = hash.replace(/^#/, "");
  if (!said.startsWith(STEP)) {
    return { step: null, lines: linesOf(said) };
  }
  // A step's own colon is encoded, so the first one ends its name.
  const [name = "", ...rest] = said.slice(STEP.length).split(":");
  const step = decoded(name);
  return { step: step === "" ? null : step, lines: linesOf(rest.join(":")) };
}

/** The hash that `parseAddress` reads, with its `#`; empty when there is nothing to name. */
export function formatAddress(step: string | null, lines: LineAddress | null): string {
  const named = step === null || step === "" ? "" : `${STEP}${encodeURIComponent(step)}`;
  const said = [named, lines === null ? "" : linesText(lines)].filter((part) => part !== "");
  return said.length === 0 ? "" : `#${said.join(":")}`;
}

/** The lines from one to the other, whichever comes first. */
export function between(one: number, other: number): LineAddress {
  return { from: Math.min(one, other), to: Math.max(one, other) };
}

function linesText({ from, to }: LineAddress): string {
  return from === to ? `L${from}` : `L${from}-L${to}`;
}

function linesOf(text: string): LineAddress | null {
  const found = LINES.exec(text);
  if (found === null) {
    return null;
  }
  const one = Number(found[1]);
  const other = found[2] === undefined ? one : Number(found[2]);
  return one === 0 || other === 0 ? null : between(one, other);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
