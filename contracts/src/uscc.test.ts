import { expect, test } from 'vitest'
import { makeUscc, organisationCheck, usccFault } from './uscc.ts'

// A code of a real registration, published with its licence; both of its check digits fit.
const real = '91331081307655191L'

test('a code with both check digits is accepted, and a made one too', () => {
  expect(usccFault(real)).toBeUndefined()
  expect(organisationCheck('30765519')).toBe('1')
  expect(usccFault(makeUscc('91', '440605', 'MA4W0001'))).toBeUndefined()
})

test('every single wrong character and every swap of neighbours is found', () => {
  const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'
  for (let at = 0; at < 18; at++) {
    for (const char of alphabet)
      if (char !== real[at])
        expect(usccFault(real.slice(0, at) + char + real.slice(at + 1)), `${at} ${char}`).toBeDefined()
    if (at < 17 && real[at] !== real[at + 1])
      expect(usccFault(real.slice(0, at) + real[at + 1] + real[at] + real.slice(at + 2)), `swap ${at}`).toBeDefined()
  }
})

test('the fault is named: form, the check digit of the organisation code, the last digit', () => {
  expect(usccFault('91331081307655191I')).toBe('form')
  expect(usccFault('9133108130765519')).toBe('form')
  expect(usccFault('91331081307655192L')).toBe('organisation-check')
  expect(usccFault('91331081307655191K')).toBe('check')
})
