import type { DecodedPoint } from '../intake.ts'
import { addValues, type Dialect, type DialectSession, isObject, jsonOf, PayloadError } from './dialect.ts'

const attributeRequest = /^v1\/devices\/me\/attributes\/request\/(\d{1,10})$/
const publishes = new Set([
  'v1/devices/me/telemetry',
  'v1/devices/me/attributes',
  'v1/gateway/telemetry',
  'v1/gateway/attributes',
  'v1/gateway/connect',
  'v1/gateway/disconnect',
  'v2/t',
  'v2/t/j',
  'v2/a',
  'v2/a/j',
])

/**
 * ThingsBoard's device and gateway API: telemetry and client attributes. A JSON null is skipped, and a text that is a
 * number may serve a numeric property, as there; a property of type text keeps its text.
 */
export const thingsboard: Dialect = {
  name: 'thingsboard',
  takes: (topic) => publishes.has(topic) || attributeRequest.test(topic),
  decode(topic, payload, session) {
    const points: DecodedPoint[] = []
    const request = attributeRequest.exec(topic)
    if (request !== null) {
      answerAttributes(request[1] ?? '', jsonOf(payload), session)
      return { points, problems: [] }
    }
    const json = jsonOf(payload)
    if (topic === 'v1/gateway/connect' || topic === 'v1/gateway/disconnect') {
      if (!isObject(json) || typeof json.device !== 'string') throw new PayloadError('"device" is missing')
    } else if (topic === 'v1/gateway/telemetry') {
      for (const [device, samples] of Object.entries(objectOf(json))) {
        if (!Array.isArray(samples)) throw new PayloadError('an array of samples was expected for each device')
        for (const sample of samples) addSample(points, device, sample)
      }
    } else if (topic === 'v1/gateway/attributes') {
      for (const [device, values] of Object.entries(objectOf(json)))
        addValues(points, device, undefined, objectOf(values), true)
    } else if (topic.includes('attributes') || topic.startsWith('v2/a')) {
      addValues(points, '', undefined, objectOf(json), true)
    } else {
      for (const sample of Array.isArray(json) ? json : [json]) addSample(points, '', sample)
    }
    return { points, problems: [], lenient: true }
  },
}

/** `{"t":25.1}` or `{"ts":1451649600512,"values":{"t":25.1}}`. */
function addSample(points: DecodedPoint[], device: string, sample: unknown): void {
  const object = objectOf(sample)
  if (object.ts !== undefined && isObject(object.values)) addValues(points, device, object.ts, object.values, true)
  else addValues(points, device, undefined, object, true)
}

function objectOf(json: unknown): Record<string, unknown> {
  if (!isObject(json)) throw new PayloadError('a JSON object was expected')
  return json
}

function answerAttributes(id: string, json: unknown, session: DialectSession): void {
  const { clientKeys } = objectOf(json)
  const last = session.last()
  const keys = typeof clientKeys === 'string' ? clientKeys.split(',') : Object.keys(last)
  const client = Object.fromEntries(keys.filter((key) => key in last).map((key) => [key, last[key]]))
  session.send(`v1/devices/me/attributes/response/${id}`, Buffer.from(JSON.stringify({ client, shared: {} })))
}
