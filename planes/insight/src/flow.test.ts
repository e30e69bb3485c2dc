import { getCockpit, getPublicTotals, listIndicators } from '@kapok/contracts/insight'
import type { FiguresPort, Indicator, ProgrammeTotals, QuotaFigures } from '@kapok/contracts/ports'
import type { OrgKind } from '@kapok/contracts/roles'
import type { RouteContract } from '@kapok/contracts/route'
import { SettableClock } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'
import type { Call } from '@kapok/kit-store/plane'
import { Compile } from 'typebox/compile'
import { expect, test } from 'vitest'
import { insightPlane } from './flow.ts'

const money = { issuedFen: '1', lockedFen: '0', payableFen: '0', paidFen: '2' }
const quota = (city: string): QuotaFigures => ({
  city,
  cityName: city,
  allocatedFen: '10',
  availableFen: '7',
  ...money,
  takeUpBp: 3000,
  applications: 2,
  vouchers: 1,
  waiting: 0,
})
const totals: ProgrammeTotals = {
  asOf: 1,
  programmeId: 'p',
  appropriatedFen: '20',
  unallocatedFen: '3',
  citiesAvailableFen: '14',
  ...money,
  enterprises: 1,
  suppliers: 1,
  vouchers: 1,
  cities: [],
}
const word = { zh: '字', en: 'word' }
const indicator: Indicator = {
  code: 'K2',
  name: word,
  definition: word,
  unit: word,
  value: '1',
  count: 1,
  asOf: 1,
  query: 'SELECT 1',
}
const figures: FiguresPort = {
  totals: async () => [totals],
  indicators: async () => [indicator],
  quotas: async () => [quota('4406'), quota('4419')],
  desks: async () => [{ desk: 'city', open: 2, overdue: 1 }],
}
const plane = insightPlane({ clock: new SettableClock() } as Partial<Kit> as Kit, { figures })

async function ask(contract: RouteContract, orgKind: OrgKind | undefined, region: string, query: object = {}) {
  const route = plane.routes.find((each) => each.contract.id === contract.id)
  const reply = await route?.run({ query, actor: { orgKind, region } } as Partial<
    Call<RouteContract>
  > as Call<RouteContract>)
  expect(Compile(contract.reply).Check(reply)).toBe(true)
  return reply as { quotas: QuotaFigures[] }
}

test('the public page and the indicators keep to their contract', async () => {
  await ask(getPublicTotals, undefined, '')
  await ask(listIndicators, undefined, '')
})

test('in the cockpit a city sees its own quota, the province all of them', async () => {
  expect((await ask(getCockpit, 'city', '4419')).quotas.map((row) => row.city)).toEqual(['4419'])
  expect((await ask(getCockpit, 'province', '44')).quotas.map((row) => row.city)).toEqual(['4406', '4419'])
})

test('a cockpit of a programme that does not exist is refused', async () => {
  await expect(ask(getCockpit, 'province', '44', { programmeId: 'none' })).rejects.toMatchObject({
    code: 'thing.unknown',
  })
})
