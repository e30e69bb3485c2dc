import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineDiff, withContext } from './line-diff.ts'

const shown = (before: string, after: string) => lineDiff(before, after).map(({ sign, text }) => sign + text)

test('a line that was changed stands as removed and added between those that stayed', () => {
  expect(shown('a\nb\nc\n', 'a\nB\nc\n')).toEqual([' a', '-b', '+B', ' c'])
  expect(shown('a\nb', 'a\nx\nb')).toEqual([' a', '+x', ' b'])
  expect(shown('a\nb\nc', 'c')).toEqual(['-a', '-b', ' c'])
})

test('a diff tells both texts, whatever they are', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 })
    .map((each) => each.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after)
      const side = (without: string) => lines.filter(({ sign }) => sign !== without).map((line) => line.text)
      expect(side('+')).toEqual(before.replace(/\n$/, '').split('\n'))
      expect(side('-')).toEqual(after.replace(/\n$/, '').split('\n'))
    }),
  )
})

test('of a long text only the changed lines are shown, with three around them', () => {
  const lines = Array.from({ length: 30 }, (_, i) => String(i))
  const around = withContext(lineDiff(lines.join('\n'), lines.map((each) => (each === '15' ? 'x' : each)).join('\n')))
  expect(around.map((line) => line && line.sign + line.text)).toEqual([
    undefined,
    ...[' 12', ' 13', ' 14', '-15', '+x', ' 16', ' 17', ' 18'],
    undefined,
  ])
})
