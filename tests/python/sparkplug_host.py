# A primary host of pysparkplug: it says that it is online, writes to a machine and asks for a rebirth when it has seen the
# first births, and prints what it heard, with names and types as it knows them from the births.
import json
import sys
import threading
import time

import pysparkplug as psp

port = int(sys.argv[1])
now = lambda: int(time.time() * 1000)
heard = []
faults = []
done = threading.Event()
last = {'seq': None, 'asked': False}


def state(online):
    topic = psp.Topic(message_type=psp.MessageType.STATE, sparkplug_host_id='scada')
    return psp.Message(topic=topic, payload=psp.State(timestamp=now(), online=online), qos=psp.QoS.AT_LEAST_ONCE, retain=True)


def command(kind, payload, device=None):
    topic = psp.Topic(group_id='plant', message_type=kind, edge_node_id='gateway', device_id=device)
    return psp.Message(topic=topic, payload=payload, qos=psp.QoS.AT_MOST_ONCE, retain=False)


def hear(client, message):
    kind, payload = message.topic.message_type, message.payload
    heard.append(
        {
            'type': str(kind),
            'device': message.topic.device_id,
            'metrics': [
                [m.name, m.datatype.name, m.value, m.is_null, m.is_historical] for m in getattr(payload, 'metrics', ())
            ],
            'bdSeq': getattr(payload, 'bd_seq_metric', None) and payload.bd_seq_metric.value,
        }
    )
    seq = getattr(payload, 'seq', None)
    if kind == psp.MessageType.NBIRTH:
        last['seq'] = seq
    elif seq is not None:
        if seq != (last['seq'] + 1) % 256:
            faults.append(f'{message.topic}: seq {seq} after {last["seq"]}')
        last['seq'] = seq
    if kind == psp.MessageType.DBIRTH and not last['asked']:
        last['asked'] = True
        count = psp.Metric(timestamp=now(), name='count', datatype=psp.DataType.INT32, value=-12)
        client.publish(command(psp.MessageType.DCMD, psp.DCmd(timestamp=now(), metrics=(count,)), 'press'), include_dtypes=True)
        rebirth = psp.Metric(timestamp=now(), name='Node Control/Rebirth', datatype=psp.DataType.BOOLEAN, value=True)
        client.publish(command(psp.MessageType.NCMD, psp.NCmd(timestamp=now(), metrics=(rebirth,))), include_dtypes=True)
    if kind == psp.MessageType.NDEATH:
        done.set()


def connected(client):
    client.publish(state(True))


host = psp.Client()
host.set_will(state(False))
for kind in ('NBIRTH', 'NDEATH'):
    host.subscribe(psp.Topic(group_id='plant', message_type=psp.MessageType[kind], edge_node_id='+'), psp.QoS.AT_MOST_ONCE, hear)
for kind in ('DBIRTH', 'DDATA', 'DDEATH'):
    host.subscribe(
        psp.Topic(group_id='plant', message_type=psp.MessageType[kind], edge_node_id='+', device_id='+'),
        psp.QoS.AT_MOST_ONCE,
        hear,
    )
host.connect('127.0.0.1', port=port, blocking=False, callback=connected)
done.wait(40)
host.publish(state(False))
host.disconnect()
print(json.dumps({'heard': heard, 'faults': faults}))
