import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usccFault } from './uscc.ts'

// Published as a worked example of both check digits; see reference list of the subsidy notes.
const genuine = '91331081307655191L'
const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'

test('INV-29 a genuine credit code passes both of its check digits', () => {
  expect(usccFault(genuine)).toBe(undefined)
})

test('INV-29 changing any one character of a credit code is noticed', () => {
  fc.assert(
    fc.property(fc.nat(17), fc.nat(30), (at, to) => {
      const character = alphabet[to] ?? ''
      fc.pre(genuine[at] !== character)
      expect(usccFault(genuine.slice(0, at) + character + genuine.slice(at + 1))).not.toBe(undefined)
    }),
  )
})

test('a code of the wrong length or with letters outside the alphabet is refused', () => {
  for (const wrong of ['', genuine.slice(1), `${genuine}0`, genuine.replace('L', 'I'), '91310115MA1H8R7C6D'])
    expect(usccFault(wrong)).not.toBe(undefined)
})
