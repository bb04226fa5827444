import { useEffect, useState } from 'react';

// A hook that gives the last message, and closes its socket with the component.
function useWebSocket(url) {
  const [socket, setSocket] = useState(null);
  const [isConnected, setIsConnected] = useState(false);
  const [lastMessage, setLastMessage] = useState(null);

  useEffect(() => {
    const ws = new WebSocket(url);
    ws.onopen = () => {
      setIsConnected(true);
      setSocket(ws);
      const data = { client_id: 'react_dashboard', client_type: 'web_dashboard' };
      data.timestamp = new Date().toISOString();
      ws.send(JSON.stringify({ type: 'client_info', data }));
    };
    ws.onmessage = (event) => setLastMessage(JSON.parse(event.data));
    ws.onclose = () => {
      setIsConnected(false);
      setSocket(null);
    };
    return () => ws.close();
  }, [url]);

  function sendMessage(message) {
    if (isConnected && socket) socket.send(JSON.stringify(message));
  }

  return { socket, isConnected, lastMessage, sendMessage };
}

function Dashboard() {
  const { isConnected, lastMessage, sendMessage } = useWebSocket('ws://localhost:8000/ws');
  const [figures, setFigures] = useState({});

  useEffect(() => {
    if (lastMessage?.type === 'status_update') setFigures(lastMessage.data);
  }, [lastMessage]);

  function restart(service) {
    sendMessage({ type: 'service_control', data: { service_id: service, action: 'restart' } });
  }

  return (
    <main>
      <p>{isConnected ? 'connected' : 'not connected'}</p>
      <p>CPU {figures.cpu_percent}%, memory {figures.memory_percent}%</p>
      <button onClick={() => restart('posco_news')}>restart posco_news</button>
    </main>
  );
}
