// The reference on Node: Socket.IO's own server. `node socket_io.js PORT`.

import { createServer } from "node:http";
import { Server } from "socket.io";
import { message, Publisher } from "./publisher.js";

const http = createServer((_request, response) => response.end("ready"));
const io = new Server(http, {
  transports: ["websocket"],
  pingInterval: 3_600_000,
  serveClient: false,
});
// With this much text the frame's payload is 1,024 bytes.
const CHARS = 839;
const publisher = new Publisher((seq) => io.to("bench").emit("event", message(seq, CHARS)));

io.on("connection", (socket) => {
  socket.on("subscribe_project", (project) => {
    socket.join(project);
    socket.emit("subscription:confirmed", { type: "project", id: project });
  });
  socket.on("publish", (wanted) => publisher.start(wanted));
  socket.on("received", (count) => publisher.received(count));
});

http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 2048 });
