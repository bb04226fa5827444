// A class that people have copied into their pages: it comes back by itself, ten times at most.
class WebSocketManager {
  reconnectInterval = 5000;
  maxReconnectAttempts = 10;
  reconnectAttempts = 0;

  constructor(url) {
    this.url = url;
    this.connect();
  }

  connect() {
    const ws = new WebSocket(this.url);
    this.ws = ws;
    ws.onopen = () => {
      console.log('open');
      this.reconnectAttempts = 0;
      this.sendClientInfo();
    };
    ws.onmessage = (event) => this.handleMessage(JSON.parse(event.data));
    ws.onerror = (error) => console.error('failed', error);
    ws.onclose = (event) => {
      console.log('closed', event.code);
      this.handleReconnect();
    };
  }

  handleReconnect() {
    if (this.reconnectAttempts === this.maxReconnectAttempts) {
      console.error('given up');
      return;
    }
    this.reconnectAttempts += 1;
    console.log(`attempt ${this.reconnectAttempts}`);
    setTimeout(() => this.connect(), this.reconnectInterval);
  }

  sendClientInfo() {
    const data = { client_id: 'dashboard_client_1', client_type: 'web_dashboard' };
    data.user_agent = navigator.userAgent;
    data.timestamp = new Date().toISOString();
    this.send({ type: 'client_info', data });
  }

  send(message) {
    if (this.ws.readyState !== WebSocket.OPEN) console.warn('not open');
    else this.ws.send(JSON.stringify(message));
  }

  handleMessage({ type, data }) {
    if (type === 'status_update') this.handleStatusUpdate(data);
    else if (type === 'service_event') this.handleServiceEvent(data);
    else if (type === 'alert') this.handleAlert(data);
    else if (type === 'pong') this.handlePong(data);
    else console.log('unknown type', type);
  }
}

const wsManager = new WebSocketManager('ws://localhost:8000/ws');
