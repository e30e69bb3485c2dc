"""An unmodified paho-mqtt client: one connection of the given version that publishes at every QoS and hears itself."""
import json
import sys
import threading

import paho.mqtt.client as mqtt

port, token, version = int(sys.argv[1]), sys.argv[2], sys.argv[3]
protocol = {"3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}[version]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"paho-{version}", protocol=protocol)
client.username_pw_set(token)
heard = threading.Event()
subscribed = threading.Event()
notes = []


def on_message(_client, _userdata, message):
    notes.append([message.topic, message.payload.decode(), message.qos])
    heard.set()


client.on_message = on_message
client.on_subscribe = lambda *_: subscribed.set()
client.connect("127.0.0.1", port, keepalive=20)
client.loop_start()
client.subscribe("kapok/v1/user/#", qos=1)
assert subscribed.wait(10), "no SUBACK"
# 5 announces Maximum QoS 1, and paho keeps to it by itself only if it is told.
for n, qos in enumerate([0, 1] + ([2] if version == "3.1.1" else [])):
    info = client.publish("kapok/v1/telemetry", json.dumps({"ts": int(sys.argv[4]) + n, "values": {"n": n}}), qos=qos)
    info.wait_for_publish(10)
client.publish("kapok/v1/user/note", "hello", qos=1).wait_for_publish(10)
assert heard.wait(10), "the own message was not heard"
client.disconnect()
client.loop_stop()
print(json.dumps(notes))
