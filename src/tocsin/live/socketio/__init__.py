"""Socket.IO 5: namespaces, events and acknowledgements over Engine.IO sessions."""
