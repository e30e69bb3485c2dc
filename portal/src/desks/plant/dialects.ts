import type { PropertyType } from '@kapok/contracts/data'

interface Sample {
  host: string
  mqttPort: number
  httpBase: string
  token: string
  payload: string
}

/** Ways in which a device can speak: a name, and the command that sends one message. Adding one is one entry here. */
export const dialects: readonly { id: string; name: string; command(sample: Sample): string }[] = [
  {
    id: 'native-mqtt',
    name: 'Kapok · MQTT',
    command: ({ host, mqttPort, token, payload }) =>
      `mosquitto_pub -h ${host} -p ${mqttPort} -q 1 -u '${token}' -t kapok/v1/telemetry -m '{"values":${payload}}'`,
  },
  {
    id: 'native-http',
    name: 'Kapok · HTTP',
    command: ({ httpBase, token, payload }) =>
      `curl -X POST '${httpBase}/device/v1/telemetry' -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"values":${payload}}'`,
  },
  {
    id: 'thingsboard-mqtt',
    name: 'ThingsBoard · MQTT',
    command: ({ host, mqttPort, token, payload }) =>
      `mosquitto_pub -h ${host} -p ${mqttPort} -q 1 -u '${token}' -t v1/devices/me/telemetry -m '${payload}'`,
  },
  {
    id: 'thingsboard-http',
    name: 'ThingsBoard · HTTP',
    command: ({ httpBase, token, payload }) =>
      `curl -X POST '${httpBase}/api/v1/${token}/telemetry' -H 'Content-Type: application/json' -d '${payload}'`,
  },
]

const samples: Record<PropertyType, unknown> = { float: 21.5, int: 1, bool: true, text: 'ok', json: {} }

/** A payload that fits the product: one value of the right type for each of its first properties. */
export function samplePayload(
  properties: readonly { identifier: string; type: PropertyType; min?: number; max?: number }[],
): string {
  const values = properties.slice(0, 3).map(({ identifier, type, min, max }) => {
    const middle = min !== undefined && max !== undefined ? (min + max) / 2 : undefined
    const number = type === 'int' ? Math.round(middle ?? 1) : Math.round((middle ?? 21.5) * 10) / 10
    return [identifier, type === 'float' || type === 'int' ? number : samples[type]]
  })
  return JSON.stringify(Object.fromEntries(values))
}
