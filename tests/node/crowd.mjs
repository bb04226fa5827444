// Many stock Socket.IO clients that only note which events came; they say it when asked.
//
// Argument: [{"name", "url", "options", "project"}, …]. Commands: {"do": "count"} tells how many events
// and connections there are, {"do": "tell"} tells all that each client was given.
import { io } from 'socket.io-client';
import { listen, tell } from './lines.mjs';

const crowd = JSON.parse(process.argv[2]).map(({ name, url, options, project }) => {
  const one = { name, seqs: [], connects: 0, recovered: 0, transport: '' };
  const socket = io(url, { forceNew: true, ...options });
  const last = () => one.seqs.at(-1) ?? 0;
  socket.on('connect', () => {
    one.connects += 1;
    one.transport = socket.io.engine.transport.name;
    if (socket.recovered) one.recovered += 1;
    // As the guide says: what a recovery did not bring is asked for by the last one seen.
    else socket.emit('subscribe_project', one.connects > 1 ? { project, since_seq: last() } : project);
  });
  // A handler of one argument, as people write it.
  socket.on('event', (event) => one.seqs.push(event.seq));
  socket.on('subscription:confirmed', () => tell({ what: 'subscribed', name }));
  one.isConnected = () => socket.connected;
  return one;
});

listen((command) => {
  if (command.do === 'count') {
    const events = crowd.reduce((sum, one) => sum + one.seqs.length, 0);
    tell({ what: 'count', events, connected: crowd.filter((one) => one.isConnected()).length });
  } else {
    for (const one of crowd) tell({ what: 'told', ...one });
  }
});
tell({ what: 'running' });
