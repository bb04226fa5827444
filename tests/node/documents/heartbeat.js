setInterval(() => {
    wsManager.send({
        type: 'ping',
        data: {
            client_time: new Date().toISOString()
        }
    });
}, 30000); // 30초마다 핑 전송
