import io from 'socket.io-client';

// The path of this address is a namespace to the library, and the path it calls stands below.
const socket = io('https://dashboard.example/project-dashboard/ws', { transports: ['websocket'], path: '/socket.io' });

const words = {
  step_started: 'begun:',
  step_completed: 'done:',
  deployment_completed: 'deployed:',
  log_entry: 'line:',
};

socket.on('event', ({ type, payload }) => {
  if (type in words) console.log(words[type], payload);
});

socket.emit('subscribe_project', 'axi-star-cloud');
socket.emit('subscribe_deployment', '123456789');
