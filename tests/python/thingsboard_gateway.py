"""ThingsBoard's own gateway client (PyPI tb-mqtt-client), unmodified: telemetry of a device that it speaks for."""
import json
import sys
import threading
import time

from tb_gateway_mqtt import TBGatewayMqttClient

port, token, at, device = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
gateway = TBGatewayMqttClient("127.0.0.1", port, token)
gateway.connect()
for _ in range(100):
    if gateway.is_connected():
        break
    time.sleep(0.1)
assert gateway.is_connected(), "not connected"
assert gateway.gw_connect_device(device).get() == 0
assert gateway.gw_send_telemetry(device, [{"ts": at, "values": {"t": 30.25, "n": 5}}]).get() == 0
answer = {}
answered = threading.Event()


def on_attributes(content, _exception):
    answer.update(content)
    answered.set()


gateway.gw_request_client_attributes(device, ["t", "n"], on_attributes)
assert answered.wait(10), "no answer to the attribute request"
assert gateway.gw_disconnect_device(device).get() == 0
gateway.disconnect()
gateway.stop()
print(json.dumps(answer))
