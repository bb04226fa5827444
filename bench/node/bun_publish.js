// The reference on Bun: its WebSocket server's `publish`, without Socket.IO. `bun bun_publish.js PORT`.

import { message, Publisher } from "./publisher.js";

// With this much text the frame's payload is 1,024 bytes.
const CHARS = 851;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, serving) {
    return serving.upgrade(request) ? undefined : new Response("ready");
  },
  websocket: {
    idleTimeout: 960,
    perMessageDeflate: false,
    message(socket, text) {
      const [name, argument] = JSON.parse(text);
      if (name === "subscribe_project") {
        socket.subscribe(argument);
        socket.send("subscription:confirmed");
      } else if (name === "publish") publisher.start(argument);
      else publisher.received(argument);
    },
  },
});
const publisher = new Publisher((seq) =>
  server.publish("bench", JSON.stringify(message(seq, CHARS))),
);
