import { expect, test } from 'vitest'
import { simulate } from '../../edge/src/drivers/mc-3e/simulator.ts'
import { pythonWith } from '../support/python.ts'

test('pymcprotocol reads and writes the simulated MELSEC station in both codes, as Q and as iQ-R', async (context) => {
  const python = pythonWith('pymcprotocol==0.3.0')
  if (typeof python === 'string') return context.skip(python)
  const station = await simulate()
  try {
    for (const series of ['Q', 'iQ-R'])
      for (const code of ['binary', 'ascii']) {
        station.set('D100', 'int16', 1_000)
        station.set('D101', 'int32', -2)
        for (const [i, on] of [true, true, false, true, false].entries()) {
          station.set(`X${(0x1f + i).toString(16)}`, 'bool', on)
          station.set(`M${501 + i}`, 'bool', on)
        }
        station.set('M16', 'uint16', 0x1234)
        station.set('M32', 'uint16', 0x4321)
        expect(
          JSON.parse(await python.run('mc_3e_client.py', [station.settings.port as number, series, code])),
        ).toEqual({
          words: [1_000, -2, -1],
          bits: [1, 1, 0, 1, 0],
          hexadecimal: code === 'binary' ? [1, 1, 0, 1, 0] : null,
          bit_words: [0x1234, 0x4321],
          refused: 'mc protocol error: error code 0xC056',
        })
        expect(station.get('R26', 'int16')).toBe(7)
        expect(station.get('R27', 'int16')).toBe(-8)
        expect(['M100', 'M101', 'M102'].map((bit) => station.get(bit, 'bool'))).toEqual([true, false, true])
        expect(station.get('M32', 'uint16')).toBe(5)
      }
  } finally {
    await station.stop()
    python.remove()
  }
})
