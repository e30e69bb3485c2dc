"""A Logix processor played by cpppo on one port; a connection to the other port ends it."""
import os
import socket
import sys
import threading

from cpppo.server.enip.main import main

port, end_port = sys.argv[1:3]
tags = ["Count=DINT", "Speed=REAL", "Small=SINT[4]", "Zones=INT[10]", "Big=LINT", "Ratio=LREAL", "Flag=BOOL", "Motor.Speed=DINT"]
threading.Thread(target=main, args=(["-a", f"127.0.0.1:{port}", *tags],), daemon=True).start()
end = socket.create_server(("127.0.0.1", int(end_port)))
end.settimeout(50)
end.accept()
print("ended", flush=True)
os._exit(0)
