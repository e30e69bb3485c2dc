// @ts-expect-error It has no types.
import omronFins from 'omron-fins'
import { expect, test } from 'vitest'
import { simulate } from '../../edge/src/drivers/fins/simulator.ts'

interface Reply {
  response: { endCode: string; values: number[] }
}
interface FinsClient {
  read(address: string, count: number, done: (error: unknown, reply: Reply) => void): void
  write(address: string, data: unknown, done: (error: unknown, reply: Reply) => void): void
  on(event: string, done: (...what: unknown[]) => void): void
  disconnect(): void
}
const { FinsClient: client } = omronFins as {
  FinsClient(port: number, host: string, options: Record<string, unknown>): FinsClient
}

for (const protocol of ['tcp', 'udp'])
  test(`omron-fins reads and writes the simulated controller by ${protocol}`, async () => {
    const controller = await simulate()
    const { host, port } = controller.settings as { host: string; port: number }
    const fins = client(port, host, { protocol, SA1: 20, DA1: 1, timeout: 2_000 })
    fins.on('error', () => undefined)
    const opened = new Promise<void>((done) => fins.on('open', () => done()))
    const reply = (send: (done: (error: unknown, reply: Reply) => void) => void) =>
      new Promise<Reply['response']>((resolve, reject) =>
        send((error, { response }) => (error ? reject(error) : resolve(response))),
      )
    try {
      await opened
      controller.set('D100', 'int32', 70_000)
      controller.set('E0_7', 'uint16', 9)
      controller.set('T3', 'uint16', 30)
      controller.set('CIO10.03', 'bool', true)
      expect((await reply((done) => fins.read('D100', 2, done))).values).toEqual([70_000 & 0xffff, 1])
      expect((await reply((done) => fins.read('E0_7', 1, done))).values).toEqual([9])
      expect((await reply((done) => fins.read('T3', 1, done))).values).toEqual([30])
      expect((await reply((done) => fins.read('CIO10.3', 2, done))).values.map(Boolean)).toEqual([true, false])
      await reply((done) => fins.write('W20', [1, 2], done))
      await reply((done) => fins.write('H5.4', [1, 0, 1], done))
      expect([controller.get('W20', 'int16'), controller.get('W21', 'int16')]).toEqual([1, 2])
      expect(controller.get('H5', 'uint16')).toBe(0b101_0000)
      controller.faults.missing.add('D100')
      expect((await reply((done) => fins.read('D100', 1, done))).endCode).toBe('1103')
    } finally {
      fins.disconnect()
      await controller.stop()
    }
  })
