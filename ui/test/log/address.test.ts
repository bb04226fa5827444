// Addresses of lines: what is written is read again, and what is none says nothing.

import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "@/log/address.ts";

describe("addresses of lines", () => {
  it.each([
    ["#L120", { step: null, lines: { from: 120, to: 120 } }],
    ["#L120-L140", { step: null, lines: { from: 120, to: 140 } }],
    ["L120-140", { step: null, lines: { from: 120, to: 140 } }],
    ["#L140-L120", { step: null, lines: { from: 120, to: 140 } }],
    ["#step=Build", { step: "Build", lines: null }],
    ["#step=Build:L7", { step: "Build", lines: { from: 7, to: 7 } }],
    ["#step=%E9%83%A8%E7%BD%B2%3A%201:L7-L9", { step: "部署: 1", lines: { from: 7, to: 9 } }],
    ["", { step: null, lines: null }],
    ["#main", { step: null, lines: null }],
    ["#L0", { step: null, lines: null }],
    ["#L1-L0", { step: null, lines: null }],
    ["#L12x", { step: null, lines: null }],
    ["#step=", { step: null, lines: null }],
    ["#step=%zz:L2", { step: "%zz", lines: { from: 2, to: 2 } }],
  ])("reads %s", (hash, expected) => {
    expect(parseAddress(hash)).toEqual(expected);
  });

  it.each([
    [null, null, ""],
    ["Build", null, "#step=Build"],
    [null, { from: 3, to: 3 }, "#L3"],
    ["a:b#c %", { from: 3, to: 9 }, "#step=a%3Ab%23c%20%25:L3-L9"],
  ])("writes %s and %o", (step, lines, hash) => {
    expect(formatAddress(step, lines)).toBe(hash);
    expect(parseAddress(hash)).toEqual({ step, lines });
  });
});
