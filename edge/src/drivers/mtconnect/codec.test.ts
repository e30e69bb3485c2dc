import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import { DeviceError, quality, tagTypes } from '../../driver.ts'
import { type DataItem, findDataItem, parseMtconnectAddress } from './address.ts'
import { ConditionState, type DevicesDocument, parseDocument, type StreamsDocument, sampleOf } from './codec.ts'
import { MultipartReader } from './multipart.ts'

const numRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)
const published = (name: string) => readFileSync(join(import.meta.dirname, 'published', name), 'utf8')

test('the probe of the schema examples has its data items with paths and units', () => {
  const { items } = parseDocument(published('simple-probe.xml')) as DevicesDocument
  expect(items.map(({ id, path }) => [id, path.join('/')])).toEqual([
    ['avail', 'VMC-3Axis'],
    ['dev_asset_chg', 'VMC-3Axis'],
    ['dev_asset_rem', 'VMC-3Axis'],
    ['c2', 'VMC-3Axis/Axes/C'],
    ['x2', 'VMC-3Axis/Axes/X'],
    ['cn2', 'VMC-3Axis/controller/path'],
    ['cn3', 'VMC-3Axis/controller/path'],
    ['cn6', 'VMC-3Axis/controller/path'],
  ])
  expect(items.find(({ id }) => id === 'x2')).toMatchObject({ category: 'SAMPLE', units: 'MILLIMETER', name: 'Xact' })
  const idOf = (address: string) => findDataItem(parseMtconnectAddress(address), items)
  for (const address of ['x2', 'Xact', 'xACT', 'X/Xact', 'VMC-3Axis/X/POSITION', 'POSITION', 'vmc-3axis/axes/x/xact'])
    expect(idOf(address)).toMatchObject({ id: 'x2' })
  expect(idOf('C/Xact')).toBe('the agent has no data item C/Xact')
})

test('the streams of the C++ agent’s tests are read in the order of their sequence', () => {
  const document = parseDocument(published('streams-1.8.xml')) as StreamsDocument
  expect(document).toMatchObject({ instanceId: '1649989201', firstSequence: 5610509, nextSequence: 5741581 })
  expect(document.devices).toEqual(['LinuxCNC', '000'])
  expect(document.observations.map(({ id, sequence, text }) => [id, sequence, text])).toEqual([
    ['d_asset_chg', 5741550, 'TOOLABC'],
    ['d_asset_rem', 5741551, 'TOOLDEF'],
    ['px', 5741552, 'AUTOMATIC'],
    ['c1', 5741553, '1556.33'],
  ])
  expect(document.observations[3]?.at).toBe(Date.UTC(2022, 3, 22, 4, 6, 21))
  expect(sampleOf(document.observations[3]!, 'float64')).toMatchObject({ value: 1556.33, quality: quality.good })
})

test('observations are put in the order of their sequence, over components and categories', () => {
  const of = (category: string, id: string, sequence: number) =>
    `<ComponentStream><${category}><X dataItemId="${id}" sequence="${sequence}" timestamp="2022-04-22T04:06:21Z"/></${category}></ComponentStream>`
  const { observations } = parseDocument(
    `<MTConnectStreams><Header instanceId="1" firstSequence="1" nextSequence="4"/><Streams><DeviceStream>${of('Samples', 'c', 3)}${of('Events', 'a', 1)}${of('Condition', 'b', 2)}</DeviceStream></Streams></MTConnectStreams>`,
  ) as StreamsDocument
  expect(observations.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

test('errors of the C++ agent’s tests are read, in the form of version 1.0 too', () => {
  const errors = [
    { code: 'OUT_OF_RANGE', message: "'at' must be greater than 4871368" },
    { code: 'FAILURE', message: 'Something went wrong' },
  ]
  expect(parseDocument(published('error-1.7.xml'))).toEqual({ kind: 'error', errors })
  expect(parseDocument(published('error-legacy.xml'))).toEqual({ kind: 'error', errors: errors.slice(0, 1) })
})

test('a data set is named as one, and not taken for a value', () => {
  const { observations } = parseDocument(published('data-set-1.8.xml')) as StreamsDocument
  expect(observations.map((each) => sampleOf(each, 'text').reason)).toEqual([
    'the agent says UNAVAILABLE',
    'a data set, which this driver does not read',
  ])
})

test.each([
  ['', /position 1: an id/],
  ['/x', /position 1/],
  ['a//b', /position 3: a name/],
  ['a[', /position 3: a part/],
  ['a[1]x', /position 5: the end/],
  ['a]', /position 2/],
])('“%s” is refused with its position', (address, message) => {
  expect(() => parseMtconnectAddress(address)).toThrow(message)
})

test('an address that fits several data items names them', () => {
  const item = (id: string, name: string, ...path: string[]): DataItem => ({
    id,
    name,
    category: 'SAMPLE',
    type: 'POSITION',
    subType: undefined,
    units: undefined,
    representation: undefined,
    path,
  })
  const items = [item('a1', 'pos', 'm', 'X'), item('a2', 'pos', 'm', 'Y'), item('pos', 'other', 'm', 'Z')]
  expect(findDataItem(parseMtconnectAddress('pos'), items)).toMatchObject({ id: 'pos' })
  expect(findDataItem(parseMtconnectAddress('Y/pos'), items)).toMatchObject({ id: 'a2' })
  expect(findDataItem(parseMtconnectAddress('POSITION'), items)).toBe(
    '3 data items fit POSITION: a1, a2, pos; take an id',
  )
})

test('parts of a stream are the same however it is torn', () => {
  const wire = (parts: string[], withLength: boolean) =>
    Buffer.concat(
      parts.map((part) => {
        const length = withLength ? `Content-length: ${Buffer.byteLength(part)}\r\n` : ''
        return Buffer.from(`--b\r\nContent-type: text/xml\r\n${length}\r\n${part}\r\n`)
      }),
    )
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((each) => !each.includes('--b'))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), fc.array(fc.nat(30), { maxLength: 40 }), (parts, cuts) => {
      const reader = MultipartReader.of('multipart/x-mixed-replace;boundary=b')!
      const bytes = wire(parts, true)
      const got: string[] = []
      let at = 0
      for (const cut of [...cuts, bytes.length]) {
        got.push(...reader.push(bytes.subarray(at, at + cut)))
        at += cut
      }
      expect(got).toEqual(parts)
    }),
  )
  const reader = MultipartReader.of('multipart/x-mixed-replace; boundary="b"')!
  expect(reader.push(wire(['one', 'two'], false)).map((each) => each.trim())).toEqual(['one'])
  expect(MultipartReader.of('text/xml')).toBeUndefined()
})

test('whatever comes as a stream or a document is read or refused as such', { timeout: 600_000 }, () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('--b', '\r\n\r\n', 'content-length: 3\r\n', 'Content-length: 99999999999', '--b\r\n\r\n'),
  )
  const xml = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.oneof(
          fc.string({ maxLength: 6 }),
          fc.constantFrom('<a>', '</a>', '<Condition>', ' x="1"', '&#x0;', '<![CDATA[', '<?', '<!--'),
        ),
        {
          maxLength: 12,
        },
      )
      .map(
        (parts) => `<MTConnectStreams><Header firstSequence="1" nextSequence="2"/>${parts.join('')}</MTConnectStreams>`,
      ),
  )
  const refused = (run: () => unknown) => {
    try {
      return run()
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceError)
    }
  }
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), xml, (chunks, document) => {
      const reader = MultipartReader.of('multipart/x-mixed-replace;boundary=b')!
      refused(() => chunks.forEach((chunk) => void reader.push(Buffer.from(chunk))))
      refused(() => parseDocument(document))
    }),
    { numRuns },
  )
})

test('whatever an agent says becomes a sample that fits its tag', { timeout: 600_000 }, () => {
  const text = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.constantFrom('UNAVAILABLE', '1 2 3', '1e999', '-0x1', 'ON'),
  )
  const level = fc.option(fc.constantFrom('Normal', 'Fault', 'Unavailable', 'Strange'), { nil: undefined })
  fc.assert(
    fc.property(
      text,
      level,
      fc.string(),
      fc.constantFrom(...tagTypes),
      fc.option(fc.nat(3)),
      (said, state, code, type, part) => {
        const observation = { id: 'x', sequence: 1, at: undefined, text: said, level: state, code, isSet: false }
        const condition = new ConditionState()
        condition.take(observation)
        const sample = sampleOf(observation, type, part ?? undefined, condition.text)
        if (sample.quality === quality.bad) expect([sample.value, typeof sample.reason]).toEqual([undefined, 'string'])
        else expect(['bool', 'text'].includes(type) || Number.isFinite(sample.value)).toBe(true)
      },
    ),
    { numRuns },
  )
})

test('any text is an address or is refused as one', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z/[\]0-9 ]{0,20}$/)), (address) => {
      try {
        parseMtconnectAddress(address)
      } catch (error) {
        expect(error).toBeInstanceOf(AddressError)
      }
    }),
    { numRuns },
  )
})
