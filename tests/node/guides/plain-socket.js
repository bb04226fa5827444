const ws = new WebSocket('ws://localhost:8000/ws');

ws.onopen = () => {
  console.log('open');
  const data = {
    client_id: 'dashboard_client_1',
    user_agent: navigator.userAgent,
    timestamp: new Date().toISOString(),
  };
  ws.send(JSON.stringify({ type: 'client_info', data }));
};
ws.onmessage = ({ data }) => handleWebSocketMessage(JSON.parse(data));
ws.onerror = (error) => console.error('failed', error);
ws.onclose = ({ code, reason }) => {
  console.log('closed', code, reason);
  setTimeout(() => connectWebSocket(), 5000);
};
