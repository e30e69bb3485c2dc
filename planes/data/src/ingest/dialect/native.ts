import type { DecodedPoint } from '../intake.ts'
import { addValues, type Dialect, isObject, jsonOf, PayloadError } from './dialect.ts'

/**
 * The platform's own JSON, docs/device-api.md. `kapok/v1/telemetry`: `{"ts":ms,"values":{…}}` or an array of them;
 * `kapok/v1/gateway/telemetry`: `{"<device>":[{"ts":ms,"values":{…}}]}`. Without `ts` the receive time applies.
 * (Compact batches on `kapok/v1/points` go straight to the intake.)
 */
export const native: Dialect = {
  name: 'native',
  takes: (topic) => topic === 'kapok/v1/telemetry' || topic === 'kapok/v1/gateway/telemetry',
  decode(topic, payload) {
    const json = jsonOf(payload)
    const points: DecodedPoint[] = []
    if (topic === 'kapok/v1/telemetry') addSamples(points, '', json)
    else {
      if (!isObject(json)) throw new PayloadError('an object of devices was expected')
      for (const device in json) addSamples(points, device, json[device])
    }
    return { points, problems: [] }
  },
}

function addSamples(points: DecodedPoint[], device: string, json: unknown): void {
  for (const sample of Array.isArray(json) ? json : [json]) {
    if (!isObject(sample) || !isObject(sample.values))
      throw new PayloadError('an object with "values" was expected, as in {"ts":1767225600000,"values":{"speed":12.5}}')
    addValues(points, device, sample.ts, sample.values, false)
  }
}

export const compactTopic = 'kapok/v1/points'
