import io from 'socket.io-client';

const socket = io('https://redamancy.com.cn/project-dashboard/ws', {
  transports: ['websocket'],
  path: '/socket.io'
});

// 监听部署事件
socket.on('event', (event) => {
  switch (event.type) {
    case 'step_started':
      console.log('步骤开始:', event.payload);
      break;
    case 'step_completed':
      console.log('步骤完成:', event.payload);
      break;
    case 'deployment_completed':
      console.log('部署完成:', event.payload);
      break;
    case 'log_entry':
      console.log('日志条目:', event.payload);
      break;
  }
});

// 订阅特定项目的部署
socket.emit('subscribe_project', 'axi-star-cloud');

// 订阅特定部署的详细步骤
socket.emit('subscribe_deployment', '123456789');
