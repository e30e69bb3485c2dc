import type { DecodedPoint } from '../intake.ts'
import { PayloadError } from '../payload-error.ts'
import { addValues, type Dialect, type DialectSession, isObject, jsonOf } from './dialect.ts'

const attributeRequest = /^v1\/devices\/me\/attributes\/request\/(\d{1,10})$/
const rpcRequest = /^v1\/devices\/me\/rpc\/request\/(\d{1,10})$/
const gatewayAttributeRequest = 'v1/gateway/attributes/request'
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

/** What a client that asks for `getSessionLimits` may send; no rate limits. */
const sessionLimits = { maxPayloadSize: 1 << 20, maxInflightMessages: 1000, rateLimits: {}, gatewayRateLimits: {} }

/**
 * ThingsBoard's device and gateway API: telemetry and client attributes. A JSON null is skipped, and a text that is a
 * number may serve a numeric property, as there; a property of type text keeps its text. Of its calls to the server
 * (RPC) the one that its client libraries make when they connect is answered, any other gets an error, as there.
 */
export const thingsboard: Dialect = {
  name: 'thingsboard',
  takes: (topic) =>
    publishes.has(topic) || topic === gatewayAttributeRequest || attributeRequest.test(topic) || rpcRequest.test(topic),
  decode(topic, payload, session) {
    const points: DecodedPoint[] = []
    const json = jsonOf(payload)
    const attributes = attributeRequest.exec(topic)
    const rpc = rpcRequest.exec(topic)
    if (attributes !== null) answerAttributes(attributes[1] ?? '', json, session)
    else if (rpc !== null) answerRpc(rpc[1] ?? '', json, session)
    else if (topic === gatewayAttributeRequest) answerGatewayAttributes(json, session)
    else if (topic === 'v1/gateway/connect' || topic === 'v1/gateway/disconnect') {
      if (!isObject(json) || typeof json.device !== 'string')
        throw new PayloadError('缺少 "device"', '"device" is missing')
    } else if (topic === 'v1/gateway/telemetry') {
      for (const [device, samples] of Object.entries(objectOf(json))) {
        if (!Array.isArray(samples))
          throw new PayloadError('每台设备应为样本数组', 'an array of samples was expected for each device')
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
  if (!isObject(json)) throw new PayloadError('应为 JSON 对象', 'a JSON object was expected')
  return json
}

function answerAttributes(id: string, json: unknown, session: DialectSession): void {
  const { clientKeys } = objectOf(json)
  const last = session.last()
  const keys = typeof clientKeys === 'string' ? clientKeys.split(',') : Object.keys(last)
  const client = Object.fromEntries(keys.filter((key) => key in last).map((key) => [key, last[key]]))
  session.send(`v1/devices/me/attributes/response/${id}`, Buffer.from(JSON.stringify({ client, shared: {} })))
}

/** `{"id":1,"device":"A","client":true,"key":"k"}` or `"keys":["a","b"]`; we hold client attributes only. */
function answerGatewayAttributes(json: unknown, session: DialectSession): void {
  const { id, device, client, key, keys } = objectOf(json)
  if (typeof device !== 'string') throw new PayloadError('缺少 "device"', '"device" is missing')
  const last = client === false ? {} : session.last(device)
  const values = (names: unknown[]) =>
    Object.fromEntries(names.map(String).flatMap((name) => (name in last ? [[name, last[name]]] : [])))
  const answer = Array.isArray(keys) ? { values: values(keys) } : { value: last[String(key)] ?? null }
  session.send('v1/gateway/attributes/response', Buffer.from(JSON.stringify({ id, device, ...answer })))
}

function answerRpc(id: string, json: unknown, session: DialectSession): void {
  const { method } = objectOf(json)
  const answer =
    method === 'getSessionLimits' ? sessionLimits : { error: `No method ${String(method).slice(0, 60)} here` }
  session.send(`v1/devices/me/rpc/response/${id}`, Buffer.from(JSON.stringify(answer)))
}
