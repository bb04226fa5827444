function beat() {
  wsManager.send({ type: 'ping', data: { client_time: new Date().toISOString() } });
}

setInterval(beat, 30000);
