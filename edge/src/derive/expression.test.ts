import { expect, test } from 'vitest'
import { compileExpression } from './expression.ts'

const tags = ['temp', 'count', 'running', 'word', 'B.temp', '功率', 'B.功率']
const compile = (text: string) =>
  compileExpression(text, (device, property) => {
    const name = device === undefined ? property : `${device}.${property}`
    return tags.includes(name) ? name : undefined
  })

test.each([
  ['temp * 2 + 1', [2.5], 6],
  ['1 / temp', [4], 0.25],
  ['temp > 80 && running', [81, true], true],
  ['temp == 2 || word == "stop"', [2.5, 'stop'], true],
  ['running ? abs(-temp) : round(temp)', [false, 1.6], 2],
  ['device["B"].temp - temp', [5, 3], 2],
  ['device["B"]["功率"] + tag["功率"]', [5, 3], 8],
  ['-temp in [1, -2]', [2], true],
  ['sqrt(temp)', [9], 3],
])('%s', (text, values, expected) => {
  const expression = compile(text)
  expect(expression.evaluate(values, [])).toBe(expected)
})

test('a tag that is named twice is one value, and windows are apart from it', () => {
  const { tags: used, windows, evaluate } = compile('temp + temp + avg(temp, 60) - max(tag["count"], 3600)')
  expect(used).toEqual(['temp'])
  expect(windows).toEqual([
    { series: 'temp', seconds: 60, measure: 'avg' },
    { series: 'count', seconds: 3600, measure: 'max' },
  ])
  expect(evaluate([1], [10, 5])).toBe(7)
})

test.each([
  ['temp +', 6, 'end of input'],
  ['temp > nope', 8, 'the device has no “nope”'],
  ['device["C"].temp', 12, '“C” has no “temp”'],
  ['temp + median(temp, 60)', 8, '“median” is unknown'],
  ['avg(temp + 1, 60)', 9, 'derived tag of its own'],
  ['avg(temp, 0)', 11, 'seconds from 1 to 86400'],
  ['avg(temp, count)', 11, 'seconds from 1 to 86400'],
  ['[1, 2].all(x, x > temp)', 7, 'a tag, a number'],
  ['temp.size', 5, 'a tag, a number'],
])('%s is refused at position %i', (text, position, words) => {
  expect(() => compile(text)).toThrow(new RegExp(`position ${position}: .*${words}`))
})

test('a result that is no value says why', () => {
  expect(() => compile('temp / 0').evaluate([1], [])).toThrow('no finite number')
  expect(() => compile('word + temp').evaluate(['a', 1], [])).toThrow("no matching overload for '_+_'")
  expect(() => compile('[temp]').evaluate([1], [])).toThrow('no number, text, true or false')
  expect(() => compile(`${'1+'.repeat(1_001)}1`)).toThrow('position 2000: its end is expected')
})
