import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import { quality, tagTypes } from '../../driver.ts'
import { formatOpcUaAddress, parseOpcUaAddress } from './address.ts'
import { builtIn } from './built-in.ts'
import { sampleOf, tagTypeOf, variantValueOf } from './codec.ts'
import { leavesOf } from './structure.ts'

const numRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)
const good = { value: 0, name: 'Good', description: 'No Error' }
const scalar = (dataType: number, value: unknown) => ({ value: { dataType, arrayType: 0, value }, statusCode: good })

// Examples of NodeIds: OPC 10000-6 §5.3.1.10 (i, s, g, b) and of ExpandedNodeIds: §5.3.1.11.
test.each([
  ['i=13', { namespace: 0, kind: 'i', identifier: '13' }],
  ['ns=10;i=-1', undefined],
  ['ns=10;s=Hello:World', { namespace: 10, kind: 's', identifier: 'Hello:World' }],
  [
    'g=09087e75-8e5e-499b-954f-f2a9603db28a',
    { namespace: 0, kind: 'g', identifier: '09087E75-8E5E-499B-954F-F2A9603DB28A' },
  ],
  ['ns=1;b=M/RbKBsRVkePCePcx24oRA==', { namespace: 1, kind: 'b', identifier: 'M/RbKBsRVkePCePcx24oRA==' }],
  ['NS=2;S=a=b;c', { namespace: 2, kind: 's', identifier: 'a=b;c' }],
  ['nsu=http://x.org/a%3Bb%25;i=5', { namespace: 'http://x.org/a;b%', kind: 'i', identifier: '5' }],
  [
    'ns=3;s="DB"."Zones"[4]',
    { identifier: '"DB"."Zones"', element: 4, otherReadings: [{ identifier: '"DB"."Zones"[4]' }] },
  ],
  [
    'ns=2;s=Axis#Position.Offsets[2]."two words"',
    { identifier: 'Axis', members: ['Position', 'Offsets', 2, 'two words'] },
  ],
  ['ns=2;s=Axis[1]#位置', { identifier: 'Axis', element: 1, members: ['位置'] }],
  ['ns=2;s=Tank##A', { identifier: 'Tank#A', members: [], otherReadings: [] }],
  ['ns=2;s=Tank #7', { identifier: 'Tank #7', members: [], otherReadings: [] }],
  ['ns=2;i=7[1]#Count', { identifier: '7', element: 1, members: ['Count'] }],
  [
    'nsu=http://x.org/;t=MachineToolType[Mill 1]/Monitoring/<SpindleMonitoringType>[0]/Override',
    {
      identifier: 'MachineToolType[Mill 1]/Monitoring/<SpindleMonitoringType>[0]/Override',
      path: {
        type: 'MachineToolType',
        instance: 'Mill 1',
        fromParent: false,
        steps: [{ name: 'Monitoring' }, { type: 'SpindleMonitoringType', index: 0 }, { name: 'Override' }],
      },
    },
  ],
  ['ns=2;t=IdType[3]/../Zones/State[2]#A', { element: 2, members: ['A'], path: { instance: 3, fromParent: true } }],
  ['ns=3;i=7[0]', { identifier: '7', element: 0, otherReadings: [] }],
])('%s is read as the standard writes it', (address, expected) => {
  if (expected === undefined) expect(() => parseOpcUaAddress(address)).toThrow(AddressError)
  else expect(parseOpcUaAddress(address)).toMatchObject(expected)
})

test.each([
  ['', /position 1: i=, s=, g=, b= or t=/],
  ['ns=70000;i=1', /position 4: a namespace index from 0 to 65535/],
  ['ns=1,i=1', /position 5: ; is expected/],
  ['nsu=;i=1', /position 5: the URI/],
  ['ns=1;i=4294967296', /position 8/],
  ['ns=1;g=123', /position 8: a GUID/],
  ['ns=1;i=5[x]', /position 10/],
  ['ns=1;i=5[1] ', /position 12: the end/],
  ['ns=1;i=5#', /position 10: a member of the structure/],
  ['ns=1;i=5#A..B', /position 12: a member of the structure/],
  ['ns=1;s=Axis#Position[x]', /position 22: an element/],
  ['ns=1;s=Axis#Position ', /position 21: the end/],
  ['ns=1;s=Axis#"open', /position 13: a member/],
  ['ns=1;t=', /position 8: the BrowseName of a type/],
  ['ns=1;t=T', /position 9: \/ and a BrowseName/],
  ['ns=1;t=T/A/', /position 12: a BrowseName/],
  ['ns=1;t=T[1/A', /position 11: \]/],
  ['ns=1;t=T/<S/B', /position 12: >/],
  ['ns=1;t=T/A/../B', /position 12: a BrowseName/],
])('“%s” is refused with its position', (address, message) => {
  expect(() => parseOpcUaAddress(address)).toThrow(message)
})

test('an address is written as it was read', () => {
  const uri = fc.stringMatching(/^[a-z:/.%;]{1,20}$/)
  const element = fc.option(fc.nat(1000), { nil: undefined })
  const member = fc.oneof(fc.stringMatching(/^[A-Z_][A-Za-z0-9_-]{0,9}$/), fc.stringMatching(/^[^"]{1,9}$/))
  const members = fc
    .array(fc.tuple(member, fc.option(fc.nat(99))), { maxLength: 3 })
    .map((way) => way.flatMap(([name, index]) => (index === null ? [name] : [name, index])))
  const address = fc.oneof(
    fc.record({ kind: fc.constant('i' as const), identifier: fc.nat(0xffff_ffff).map(String) }),
    fc.record({ kind: fc.constant('s' as const), identifier: fc.string({ minLength: 1, maxLength: 30 }) }),
  )
  fc.assert(
    fc.property(fc.oneof(fc.nat(65_535), uri), address, element, members, (namespace, of, at, way) => {
      fc.pre(!/\[\d+\]$/.test(of.identifier))
      const expected = { namespace, ...of, element: at, members: way }
      expect(parseOpcUaAddress(formatOpcUaAddress(expected))).toMatchObject(expected)
    }),
    { examples: [[0, { kind: 's', identifier: '#' }, undefined, ['A']]] },
  )
})

test('a value goes into its built-in type and comes back the same', () => {
  const cases: [number, fc.Arbitrary<number | boolean | string>][] = [
    [builtIn.Boolean, fc.boolean()],
    [builtIn.SByte, fc.integer({ min: -128, max: 127 })],
    [builtIn.UInt16, fc.integer({ min: 0, max: 65_535 })],
    [builtIn.UInt32, fc.integer({ min: 0, max: 4_294_967_295 })],
    [builtIn.Int64, fc.maxSafeInteger()],
    [builtIn.UInt64, fc.maxSafeNat()],
    [builtIn.Double, fc.double({ noNaN: true, noDefaultInfinity: true })],
    [builtIn.String, fc.string()],
  ]
  for (const [dataType, values] of cases)
    fc.assert(
      fc.property(values, (value) => {
        const variant = variantValueOf(value, dataType) as { value: unknown }
        const sample = sampleOf(scalar(dataType, variant.value), tagTypeOf(dataType)!)
        expect(sample).toEqual({ value, quality: quality.good, at: undefined })
      }),
    )
})

test('what does not fit is named, and never bent into shape', () => {
  const reason = (dataType: number, value: unknown, type: (typeof tagTypes)[number]) =>
    sampleOf(scalar(dataType, value), type).reason
  expect(reason(builtIn.Double, Number.NaN, 'float64')).toBe('the device sent NaN')
  expect(reason(builtIn.Int32, 70_000, 'int16')).toBe('70000 does not fit int16')
  expect(reason(builtIn.String, '12', 'int16')).toBe('the node is a String, which does not fit int16')
  expect(reason(22, {}, 'text')).toBe('the node is no structure')
  expect(reason(builtIn.UInt64, [0x8000_0000, 0], 'int64')).toBe('9223372036854775808 does not fit int64')
  expect(sampleOf(scalar(builtIn.Int64, [0x20_0000, 1]), 'int64')).toMatchObject({
    quality: quality.uncertain,
    reason: '9007199254740993 has more digits than a number here can hold',
  })
  for (const [value, dataType] of [
    [300, builtIn.Byte],
    [1.5, builtIn.Int32],
    ['1', builtIn.Double],
    [true, builtIn.Int16],
    [1e39, builtIn.Float],
    [1, 22],
  ] as const)
    expect(variantValueOf(value, dataType)).toHaveProperty('misfit')
})

// Severity, InfoType and Overflow of a status code: OPC 10000-4 §7.39.1.
test('quality follows the severity of the status code, and a full queue is told', () => {
  const of = (code: number, name: string) =>
    sampleOf({ ...scalar(builtIn.Int32, 5), statusCode: { value: code, name, description: '' } }, 'int32')
  expect(of(0x4094_0000, 'UncertainLastUsableValue')).toMatchObject({ value: 5, quality: quality.uncertain })
  expect(of(0x8031_0000, 'BadNoCommunication')).toMatchObject({ value: undefined, quality: quality.bad })
  expect(of(0x0000_0480, 'Good#Overflow')).toMatchObject({
    value: 5,
    quality: 192,
    reason: expect.stringMatching(/queueSize/),
  })
})

test('whatever a server sends becomes a sample that fits its tag', { timeout: 600_000 }, () => {
  const status = fc.record({ value: fc.nat(0xffff_ffff), name: fc.string(), description: fc.string() })
  const plain = fc.oneof(
    fc.anything(),
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.array(fc.nat(0xffff_ffff)),
    fc.date(),
  )
  const variant = fc.record({ dataType: fc.nat(30), arrayType: fc.nat(2), value: plain })
  const received = fc.record({
    value: fc.option(variant),
    statusCode: fc.oneof(fc.constant(good), status),
    sourceTimestamp: fc.option(fc.date({ noInvalidDate: false })),
    serverTimestamp: fc.option(fc.date()),
  })
  const element = fc.option(fc.nat(5), { nil: undefined })
  fc.assert(
    fc.property(received, fc.constantFrom(...tagTypes), element, (each, type, at) => {
      const sample = sampleOf(each, type, { element: at })
      if (sample.quality === quality.bad) expect([sample.value, typeof sample.reason]).toEqual([undefined, 'string'])
      else if (type === 'bool') expect(typeof sample.value).toBe('boolean')
      else if (type === 'text') expect((sample.value as string).length).toBeLessThanOrEqual(4096)
      else expect(Number.isFinite(sample.value)).toBe(true)
      if (sample.at !== undefined) expect(sample.at).toBeGreaterThan(0)
    }),
    { numRuns },
  )
})

test('whatever stands in a structure, a way into it ends in a sample that fits its tag', { timeout: 600_000 }, () => {
  const plain = fc.constantFrom(
    null,
    undefined,
    0,
    1.5,
    Number.NaN,
    2 ** 60,
    '',
    'x',
    true,
    [1, 2],
    {},
    Object.create(null),
    new Date(5),
  )
  const fieldType = fc.constantFrom(
    'Double',
    'Int64',
    'UAString',
    'UtcTime',
    'Variant',
    'LocalizedText',
    'Own',
    'constructor',
  )
  const field = fc.record({
    name: fc.constantFrom('a', 'b', 'schema'),
    originalName: fc.option(fc.constantFrom('A', 'B'), { nil: undefined }),
    category: fc.constantFrom('basic', 'enumeration', 'complex'),
    fieldType,
    schema: fc.option(fc.record({ subType: fieldType, enumValues: fc.dictionary(fc.string(), plain) }), {
      nil: undefined,
    }),
  })
  const schema = fc.record({ name: fc.string(), fields: fc.array(field, { maxLength: 3 }) })
  const { structure } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, plain, fc.array(tie('structure'), { maxLength: 3 }), tie('structure')),
    structure: fc.record({ schema, a: tie('value'), b: tie('value') }),
  }))
  const members = fc.array(fc.oneof(fc.constantFrom('a', 'A', 'b', 'B', 'schema'), fc.nat(3)), { maxLength: 4 })
  fc.assert(
    fc.property(structure, members, fc.constantFrom(...tagTypes), (value, way, type) => {
      const sample = sampleOf(scalar(22, value), type, { members: way })
      if (sample.quality === quality.bad) expect([sample.value, typeof sample.reason]).toEqual([undefined, 'string'])
      else expect(['string', 'number', 'boolean']).toContain(typeof sample.value)
      expect([...leavesOf(value)].length).toBeLessThanOrEqual(200)
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  )
})

test('any text is an address or is refused as one', { timeout: 600_000 }, () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((rest) => `ns=1;s=${rest}`),
    fc.stringMatching(/^nsu?=.{0,8};[isgbt]=.*$/),
    fc.stringMatching(/^ns=1;[st]=[AB[\]0#".<>/]{0,20}$/),
  )
  fc.assert(
    fc.property(text, (address) => {
      try {
        parseOpcUaAddress(address)
      } catch (error) {
        expect(error).toBeInstanceOf(AddressError)
      }
    }),
    { numRuns },
  )
})
