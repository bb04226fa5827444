const ws = new WebSocket('ws://localhost:8000/ws');

ws.onopen = function(event) {
    console.log('WebSocket 연결 성공');
    
    // 연결 후 클라이언트 정보 전송
    ws.send(JSON.stringify({
        type: 'client_info',
        data: {
            client_id: 'dashboard_client_1',
            user_agent: navigator.userAgent,
            timestamp: new Date().toISOString()
        }
    }));
};

ws.onmessage = function(event) {
    const message = JSON.parse(event.data);
    handleWebSocketMessage(message);
};

ws.onclose = function(event) {
    console.log('WebSocket 연결 종료:', event.code, event.reason);
    // 자동 재연결 로직
    setTimeout(() => {
        connectWebSocket();
    }, 5000);
};

ws.onerror = function(error) {
    console.error('WebSocket 오류:', error);
};
