// How each platform shows a message, as far as it matters to judge a text by. Pure.

export interface Look {
  /** What stands around the message. */
  frame: "card" | "bar" | "bubble" | "mail";
  /** Fields: a line each, lines behind a bar, side by side, or as a table. */
  fields: "lines" | "quoted" | "beside" | "table";
  /** What can be followed: buttons within, buttons below all, or links in the text. */
  links: "buttons" | "below" | "text";
}

const LOOKS: Readonly<Record<string, Look>> = {
  feishu: { frame: "card", fields: "lines", links: "buttons" },
  dingtalk: { frame: "bubble", fields: "lines", links: "text" },
  wechat: { frame: "bubble", fields: "quoted", links: "text" },
  wecom: { frame: "bubble", fields: "quoted", links: "text" },
  slack: { frame: "bar", fields: "beside", links: "buttons" },
  discord: { frame: "bar", fields: "beside", links: "text" },
  telegram: { frame: "bubble", fields: "lines", links: "below" },
  teams: { frame: "card", fields: "table", links: "buttons" },
  email: { frame: "mail", fields: "table", links: "text" },
};

const PLAIN: Look = { frame: "card", fields: "table", links: "text" };

export function lookOf(channel: string): Look {
  return LOOKS[channel] ?? PLAIN;
}

/** What goes as data, to a program, is best judged by the request itself. */
export function isForPrograms(channel: string): boolean {
  return channel === "custom";
}
