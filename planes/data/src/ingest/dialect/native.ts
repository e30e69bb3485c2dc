import type { DecodedPoint } from '../intake.ts'
import { PayloadError } from '../payload-error.ts'
import { addValues, type Dialect, isObject, jsonOf } from './dialect.ts'

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
      if (!isObject(json)) throw new PayloadError('应为以设备名为键的对象', 'an object of devices was expected')
      for (const device in json) addSamples(points, device, json[device])
    }
    return { points, problems: [] }
  },
}

const example = '{"ts":1767225600000,"values":{"speed":12.5}}'

function addSamples(points: DecodedPoint[], device: string, json: unknown): void {
  for (const sample of Array.isArray(json) ? json : [json]) {
    if (!isObject(sample) || !isObject(sample.values))
      throw new PayloadError(
        `应为带 "values" 的对象，例如 ${example}`,
        `an object with "values" was expected, as in ${example}`,
      )
    addValues(points, device, sample.ts, sample.values, false)
  }
}

export const compactTopic = 'kapok/v1/points'
