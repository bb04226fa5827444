"""Engine.IO 4: sessions of messages over long-polling and WebSocket, with a heartbeat."""
