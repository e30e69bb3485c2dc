"""ThingsBoard's own device client (PyPI tb-mqtt-client), unmodified: telemetry, attributes, an attribute request."""
import json
import sys
import threading
import time

from tb_device_mqtt import TBDeviceMqttClient

port, token, at = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
client = TBDeviceMqttClient("127.0.0.1", port=port, username=token)
client.connect()
for _ in range(100):
    if client.is_connected() and client.rate_limits_received:
        break
    time.sleep(0.1)
assert client.is_connected(), "not connected"
assert client.rate_limits_received, "getSessionLimits was not answered"
assert client.send_telemetry({"ts": at, "values": {"t": 21.5, "on": True}}, quality_of_service=1).get() == 0
assert client.send_attributes({"serial": "00123"}, quality_of_service=1).get() == 0
answer = {}
answered = threading.Event()


def on_attributes(content, _exception):
    answer.update(content)
    answered.set()


client.request_attributes(client_keys=["t", "serial"], callback=on_attributes)
assert answered.wait(10), "no answer to the attribute request"
client.disconnect()
client.stop()
print(json.dumps(answer))
