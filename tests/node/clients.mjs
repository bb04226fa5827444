// Stock Socket.IO clients, as many as asked for, and all that happens to each of them.
//
// Argument: [{"name", "url", "options", "say": [[event, …args], …]}, …]; `say` is sent after the
// first connect. Commands: {"name", "say"} and {"name", "ask"} (with an acknowledgement),
// {"name", "do": "connect" | "disconnect"}.
import { io } from 'socket.io-client';
import { listen, tell } from './lines.mjs';

const sockets = new Map();

for (const { name, url, options = {}, say = [] } of JSON.parse(process.argv[2])) {
  const socket = io(url, { forceNew: true, ...options });
  sockets.set(name, socket);
  let isNew = true;
  socket.on('connect', () => {
    const { id, recovered } = socket;
    tell({ name, what: 'connect', id, recovered, transport: socket.io.engine.transport.name });
    if (isNew) say.forEach((words) => socket.emit(...words));
    isNew = false;
  });
  socket.on('disconnect', (reason, detail) => {
    tell({ name, what: 'disconnect', reason, detail: detail && String(detail.description) });
  });
  socket.on('connect_error', (error) => {
    tell({ name, what: 'connect_error', message: error.message, data: error.data });
  });
  socket.io.on('reconnect_attempt', (attempt) => tell({ name, what: 'attempt', attempt }));
  // Handlers of one argument, as people write them: what a server adds behind it stays unseen.
  for (const event of [
    'event',
    'snapshot',
    'subscription:confirmed',
    'unsubscription:confirmed',
    'heartbeat:ack',
    'error',
  ]) {
    socket.on(event, (data) => tell({ name, what: event, type: data?.type, data }));
  }
  socket.io.engine?.on('upgrade', (transport) => {
    tell({ name, what: 'upgrade', transport: transport.name });
  });
}

listen((command) => {
  const socket = sockets.get(command.name);
  if (command.say) socket.emit(...command.say);
  if (command.do) socket[command.do]();
  if (command.ask) {
    socket.timeout(5000).emit(...command.ask, (error, answer) => {
      tell({ name: command.name, what: 'answer', error: error && error.message, answer });
    });
  }
});
tell({ what: 'running' });
