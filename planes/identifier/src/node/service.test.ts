import { expect, test } from 'vitest'
import { type Body, decodeMessage, operations, responses } from '../handle/handle.ts'
import { exchangeOf } from '../resolution/exchange.ts'
import { StoreFault } from '../store/store.ts'
import { Homes } from './homes.ts'
import { NodeService } from './service.ts'

const broken = () => {
  throw new StoreFault('the record is damaged on the disk')
}
const homes = Object.assign(Object.create(Homes.prototype) as Homes, { answersFor: () => true, has: () => true })
const clock = { now: () => 0 }
const site = () => undefined

function ask(service: NodeService, operation: number, body: Body, flags = 0) {
  const { envelope, bytes } = exchangeOf(operation, body, flags)
  return service.answer({ envelope, message: bytes })
}
const all: Body = { kind: 'resolve', handle: '88.1/x', indexes: [], types: [] }

test('a damaged record, or any fault of ours, is told and heard of, and ends nothing', async () => {
  const faults: unknown[] = []
  const onFault = (fault: unknown) => void faults.push(fault)
  const shared = { records: { find: broken }, homes, registrar: undefined, site, clock, onFault }
  const recursion = { resolve: () => Promise.reject(new Error('a bug')) }
  const quick = new NodeService({ ...shared, publicBlock: broken, recursion: undefined })
  const long = new NodeService({ ...shared, recursion: undefined })
  const elsewhere = new NodeService({
    ...shared,
    homes: Object.assign(Object.create(Homes.prototype) as Homes, {
      answersFor: () => false,
      describesOwn: () => false,
      referralFor: () => undefined,
    }),
    recursion,
  })
  for (const answer of [
    ask(quick, operations.resolve, all, 0x01000000),
    ask(long, operations.resolve, all),
    ask(elsewhere, operations.resolve, all, 0x10000000),
  ]) {
    const said = decodeMessage((await answer)?.message ?? Buffer.alloc(0))
    expect(said).toMatchObject({ response: responses.error, body: { kind: 'error' } })
    expect(JSON.stringify(said)).not.toContain('a bug')
  }
  expect(faults.map(String)).toEqual([
    'StoreFault: the record is damaged on the disk',
    'StoreFault: the record is damaged on the disk',
    'Error: a bug',
  ])
})
