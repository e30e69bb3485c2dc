import fc from 'fast-check'
import sparkplug from 'sparkplug-payload'
import { expect, test } from 'vitest'
import {
  decodeSparkplug,
  encodeSparkplug,
  SparkplugError,
  sparkplugTypes,
  sparkplugValue,
  type WrittenMetric,
} from './sparkplug-b.ts'

const runs = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)
const { decodePayload } = sparkplug.get('spBv1.0') as {
  decodePayload(bytes: Uint8Array): { seq: number; metrics: { name: string; value: unknown; properties?: object }[] }
}

const { int32, int64, uint64, float, double, boolean, string } = sparkplugTypes
const valued = fc.oneof(
  fc.record({ datatype: fc.constant(int32), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
  fc.record({ datatype: fc.constant(int64), value: fc.maxSafeInteger() }),
  fc.record({ datatype: fc.constant(uint64), value: fc.maxSafeNat() }),
  fc.record({ datatype: fc.constant(float), value: fc.float({ noNaN: true }) }),
  fc.record({ datatype: fc.constant(double), value: fc.double({ noNaN: true }) }),
  fc.record({ datatype: fc.constant(boolean), value: fc.boolean() }),
  fc.record({ datatype: fc.constant(string), value: fc.string({ unit: 'binary' }) }),
)
const metric: fc.Arbitrary<WrittenMetric> = fc
  .tuple(
    valued,
    fc.record({ name: fc.string(), alias: fc.nat(), timestamp: fc.maxSafeNat(), isHistorical: fc.boolean() }),
  )
  .map(([value, rest]) => ({
    ...rest,
    ...value,
    properties: [
      ['Quality', 192],
      ['engUnit', '°C'],
      ['readOnly', true],
    ],
  }))

test('what is written is read back as it was, by our own reader and by a library that is not ours', () => {
  fc.assert(
    fc.property(fc.array(metric, { maxLength: 20 }), fc.integer({ min: 0, max: 255 }), (metrics, seq) => {
      const bytes = encodeSparkplug({ timestamp: 1_800_000_000_000, seq, metrics })
      const ours = decodeSparkplug(Buffer.from(bytes), 100)
      expect([ours.seq, ours.timestamp]).toEqual([seq, 1_800_000_000_000])
      expect(
        ours.metrics.map((each) => [each.name, each.alias, each.timestamp, sparkplugValue(each, each.datatype ?? 0)]),
      ).toEqual(
        metrics.map(({ name, alias, timestamp, value }) => [name, alias, timestamp, Object.is(value, -0) ? -0 : value]),
      )
      const theirs = decodePayload(bytes)
      expect(
        theirs.metrics.map(({ name, value }) => [name, typeof value === 'object' ? Number(value) : value]),
      ).toEqual(metrics.map(({ name, value }) => [name, value]))
      for (const { properties } of theirs.metrics)
        expect(properties).toMatchObject({
          Quality: { value: 192 },
          engUnit: { value: '°C' },
          readOnly: { value: true },
        })
    }),
    { numRuns: 500 },
  )
})

test('bytes that are no payload are refused by name, and never cost more than their length', () => {
  const begun = Buffer.from(
    encodeSparkplug({ timestamp: 1, seq: 1, metrics: [{ name: 'a', timestamp: 1, datatype: double, value: 1 }] }),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc.tuple(fc.nat(begun.length - 1), fc.nat(255)).map(([at, byte]) => Buffer.from(begun).fill(byte, at, at + 1)),
        fc.nat(begun.length).map((length) => begun.subarray(0, length)),
      ),
      (bytes) => {
        try {
          const { metrics } = decodeSparkplug(Buffer.from(bytes), 100)
          expect(metrics.length).toBeLessThanOrEqual(bytes.length)
        } catch (error) {
          expect(error).toBeInstanceOf(SparkplugError)
        }
      },
    ),
    { numRuns: runs },
  )
})

test('more metrics than are allowed are refused', () => {
  const metrics = Array.from({ length: 11 }, (_, i) => ({ alias: i, timestamp: 1, datatype: double, value: i }))
  expect(() => decodeSparkplug(Buffer.from(encodeSparkplug({ timestamp: 1, metrics })), 10)).toThrow('too many metrics')
})
