import type { PropertyType } from '@kapok/contracts/data'
import { sparkplugBirth } from './sparkplug-birth.ts'

export interface Sample {
  host: string
  mqttPort: number
  httpBase: string
  token: string
  payload: string
}

/** A command for a POSIX shell that sends one message, and the program that it needs. */
interface Command {
  needs: string
  command(sample: Sample): string
}

/** Sends what stands in `message` (`-m '…'`, or `-s` for standard input) with whichever program is at hand. */
const mqttCommands = (topic: string, message: (sample: Sample) => { before?: string; flag: string }): Command[] => [
  {
    // The name goes with `=`, since a token may begin with a hyphen.
    needs: 'Node.js (npx)',
    command: (sample) => {
      const { before = '', flag } = message(sample)
      return `${before}npx --yes mqtt pub -h ${sample.host} -p ${sample.mqttPort} -q 1 --username='${sample.token}' -t ${topic} ${flag}`
    },
  },
  {
    needs: 'mosquitto-clients',
    command: (sample) => {
      const { before = '', flag } = message(sample)
      return `${before}mosquitto_pub -h ${sample.host} -p ${sample.mqttPort} -q 1 -u '${sample.token}' -t ${topic} ${flag}`
    },
  },
]

/** Ways in which a device can speak: a name, and commands that send one message. Adding one is one entry here. */
export const dialects: readonly { id: string; name: string; commands: readonly Command[] }[] = [
  {
    id: 'native-mqtt',
    name: 'Kapok · MQTT',
    commands: mqttCommands('kapok/v1/telemetry', ({ payload }) => ({ flag: `-m '{"values":${payload}}'` })),
  },
  {
    id: 'native-http',
    name: 'Kapok · HTTP',
    commands: [
      {
        needs: 'curl',
        command: ({ httpBase, token, payload }) =>
          `curl -X POST '${httpBase}/device/v1/telemetry' -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"values":${payload}}'`,
      },
    ],
  },
  {
    id: 'thingsboard-mqtt',
    name: 'ThingsBoard · MQTT',
    commands: mqttCommands('v1/devices/me/telemetry', ({ payload }) => ({ flag: `-m '${payload}'` })),
  },
  {
    id: 'thingsboard-http',
    name: 'ThingsBoard · HTTP',
    commands: [
      {
        needs: 'curl',
        command: ({ httpBase, token, payload }) =>
          `curl -X POST '${httpBase}/api/v1/${token}/telemetry' -H 'Content-Type: application/json' -d '${payload}'`,
      },
    ],
  },
  {
    id: 'sparkplug-b',
    name: 'Sparkplug B',
    commands: mqttCommands('spBv1.0/plant/NBIRTH/edge1', ({ payload }) => ({
      before: `printf '${sparkplugBirth(JSON.parse(payload))}' | `,
      flag: '-s',
    })),
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
