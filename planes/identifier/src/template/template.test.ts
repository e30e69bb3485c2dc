import { describe, expect, test } from 'vitest'
import { newValue } from '../handle/handle.ts'
import { PatternError, readPattern } from './pattern.ts'
import { narrowings, readTemplate, recordFaults, type Template, TemplateError, type TemplateField } from './template.ts'

const field = (more: object = {}) => ({ index: 2_000, name: 'BATCH', title: '批次', kind: 'text', ...more })
const template = (more: object = {}) => ({
  version: '1.0',
  title: '泵轴',
  state: 'published',
  fields: [field()],
  ...more,
})
const bytes = (json: unknown) => Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))
const read = (json: unknown) => readTemplate(bytes(json))
const placeOf = (json: unknown) => {
  try {
    read(json)
  } catch (error) {
    if (error instanceof TemplateError) return error.place
    throw error
  }
  return undefined
}

describe('a template', () => {
  test('is read as it was written, with what nobody wrote filled in', () => {
    expect(read(template({ industry: 'C', titleEn: 'Pump shaft' }))).toEqual({
      ...template({ industry: 'C', titleEn: 'Pump shaft' }),
      fields: [{ ...field(), required: false, access: 'public' }],
    })
  })

  test.each([
    ['{', 'template'],
    ['[]', 'template'],
    [template({ fields: [] }), 'fields'],
    [template({ version: 'one' }), 'version'],
    [template({ title: ' ' }), 'title'],
    [template({ state: 'new' }), 'state'],
    [template({ industry: '29999' }), 'industry'],
    [template({ colour: 1 }), 'colour'],
    [template({ fields: [field(), field({ index: 2_001 })] }), 'fields[1].name'],
    [template({ fields: [field(), field({ name: 'MODEL' })] }), 'fields[1].index'],
    [template({ fields: [field({ index: 1_999 })] }), 'fields[0].index'],
    [template({ fields: [field({ name: 'HS_ADMIN' })] }), 'fields[0].name'],
    [template({ fields: [field({ name: 'READERS' })] }), 'fields[0].name'],
    [template({ fields: [field({ kind: 'colour' })] }), 'fields[0].kind'],
    [template({ fields: [field({ required: 1 })] }), 'fields[0].required'],
    [template({ fields: [field({ minimum: 1 })] }), 'fields[0].minimum'],
    [template({ fields: [field({ kind: 'number', minimum: 2, maximum: 1 })] }), 'fields[0].maximum'],
    [template({ fields: [field({ minLength: -1 })] }), 'fields[0].minLength'],
    [template({ fields: [field({ pattern: '(a+)+' })] }), 'fields[0].pattern'],
    [template({ fields: [field({ choices: ['a', 'a'] })] }), 'fields[0].choices'],
    [
      template({ fields: [field({ access: 'public', readers: [{ handle: '0.NA/88', index: 200 }] })] }),
      'fields[0].readers',
    ],
    [template({ fields: [field({ access: 'group', readers: [{ handle: '88', index: -1 }] })] }), 'fields[0].readers'],
    [template({ fields: [field({ unit: 'no unit' })] }), 'fields[0].unit'],
  ])('%j is wrong at %s', (json, place) => {
    expect(placeOf(json)).toBe(place)
  })
})

describe('a pattern', () => {
  test('takes what a regular expression of the same letters takes, for random patterns and texts', () => {
    let state = 42
    const next = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((state / 2_147_483_648) * below)
    }
    const pieces = ['a', 'b', '.', '\\d', '[ab]', '[^a]', '[0-9a]', '\\.', '-']
    const quantifiers = ['', '', '?', '*', '+', '{2}', '{1,3}', '{0,2}']
    const letters = 'ab01.-'
    const taken = { true: 0, false: 0 }
    for (let i = 0; i < 20_000; i++) {
      const pattern = Array.from(
        { length: 1 + next(5) },
        () => `${pieces[next(pieces.length)]}${quantifiers[next(quantifiers.length)]}`,
      ).join('')
      const text = Array.from({ length: next(8) }, () => letters[next(letters.length)]).join('')
      const takes = readPattern(pattern)(text)
      expect(takes, `${pattern} ${text}`).toBe(new RegExp(`^(?:${pattern})$`, 'su').test(text))
      taken[`${takes}`]++
    }
    expect(Math.min(taken.true, taken.false)).toBeGreaterThan(1_000)
  })

  test('is read in one pass: many endless pieces over a long text that does not fit', () => {
    expect(readPattern(`${'a*'.repeat(60)}b`)('a'.repeat(512))).toBe(false)
    expect(readPattern('.{0,100}.{0,100}.{0,100}.{0,100}b')('a'.repeat(512))).toBe(false)
  })

  test.each(['(a)', 'a|b', '^a', 'a$', '*', 'a{2,1}', 'a{2000}', '[b-a]', 'a\\', '\\w', '[', 'a'.repeat(129)])(
    '%s is none',
    (pattern) => {
      expect(() => readPattern(pattern)).toThrow(PatternError)
    },
  )
})

describe('a record by its template', () => {
  const value = (
    data: string,
    { type = 'BATCH', permissions = 0x0e, references = [] as { handle: string; index: number }[] } = {},
  ) => ({
    ...newValue(2_000, type, Buffer.from(data), { permissions }),
    references,
  })
  const faults = (fields: object, ...values: ReturnType<typeof value>[]) =>
    recordFaults(read(template({ fields: [field(fields)] })), values)

  test.each([
    [{ kind: 'number', minimum: 1, maximum: 5 }, '2.5'],
    [{ kind: 'date' }, '2026-02-28'],
    [{ kind: 'dateTime' }, '2026-11-28T08:30:00.5+08:00'],
    [{ kind: 'boolean' }, 'false'],
    [{ kind: 'link' }, 'https://example.com/a'],
    [{ choices: ['A', 'B'] }, 'B'],
    [{ pattern: 'P\\d{8}' }, 'P20261128'],
    [{ minLength: 2, maxLength: 2 }, '木棉'],
  ])('%j takes %s', (fields, data) => {
    expect(faults(fields, value(data))).toEqual([])
  })

  test.each([
    [{ kind: 'number', minimum: 1, maximum: 5 }, '7', 'a number from 1 to 5'],
    [{ kind: 'number', unit: 'KGM' }, '7 kg', 'a number in KGM, without the unit'],
    [{ kind: 'number' }, '1e999', 'a number'],
    [{ kind: 'date' }, '2026-02-30', 'a date such as 2026-11-28'],
    [{ kind: 'dateTime' }, '2026-11-28T08:30:00', 'a time with its zone such as 2026-11-28T08:30:00+08:00'],
    [{ kind: 'boolean' }, 'yes', 'true or false'],
    [{ kind: 'link' }, 'javascript:alert(1)', 'an address of http or https'],
    [{ kind: 'reference' }, '88.1.1/M1', 'the handle as a reference of the value too'],
    [{ choices: ['A', 'B'] }, 'C', 'one of A, B'],
    [{ pattern: 'P\\d{8}' }, 'P1', 'the form P\\d{8}'],
    [{ maxLength: 2 }, '木棉花', '0 to 2 characters'],
  ])('%j does not take %s', (fields, data, expected) => {
    expect(faults(fields, value(data))).toEqual([{ index: 2_000, field: 'BATCH', expected }])
  })

  test('a required field that is missing, another type at its index, and permissions of another class are told', () => {
    expect(faults({ required: true })).toEqual([
      { index: 2_000, field: 'BATCH', expected: 'a value: “批次” is required' },
    ])
    expect(faults({}, value('x', { type: 'LOT' }))).toMatchObject([{ expected: 'the type BATCH at this index' }])
    expect(faults({ access: 'private' }, value('x'))).toMatchObject([
      { expected: 'permissions 1100: not everybody may read it' },
    ])
    expect(faults({}, value('x', { permissions: 0x0c }))).toMatchObject([
      { expected: 'permissions 1110: everybody may read it' },
    ])
    expect(
      faults({ kind: 'reference' }, value('88.1.1/M1', { references: [{ handle: '88.1.1/M1', index: 0 }] })),
    ).toEqual([])
  })
})

test('what could make a record wrong is a narrowing, what cannot is none', () => {
  const before = read(template({ fields: [field({ kind: 'number', minimum: 1, maximum: 5 })] }))
  const withField = (more: Partial<TemplateField>): Template => ({
    ...before,
    fields: before.fields.map((each) => ({ ...each, ...more })),
  })
  expect(narrowings(before, { ...withField({ minimum: 0, title: '批' }), title: '轴', state: 'withdrawn' })).toEqual([])
  expect(narrowings(before, { ...before, fields: [] })).toEqual([])
  expect(narrowings(before, withField({ maximum: 4 }))).toEqual(['the range of BATCH would shrink'])
  expect(narrowings(before, withField({ required: true }))).toEqual(['BATCH would be required'])
  expect(narrowings(before, withField({ access: 'private' }))).toEqual(['BATCH would be read by others'])
  expect(narrowings(before, withField({ name: 'LOT', unit: 'KGM' }))).toHaveLength(2)
  expect(narrowings(before, withField({ index: 2_001 }))).toHaveLength(1)
})
