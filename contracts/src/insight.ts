import { Type } from 'typebox'
import { sentence } from './case.ts'
import { route } from './route.ts'
import { quotaRow } from './subsidy.ts'
import { fen, instant } from './words.ts'

/** One indicator with everything that is needed to check it. */
export const indicator = Type.Object({
  /** `K1`, `K2`, `P1` take-up, `P3` days submit → issue, `P4` days redeem → paid. */
  code: Type.String(),
  name: sentence,
  /** What is counted and how. */
  definition: sentence,
  value: Type.String(),
  unit: sentence,
  /** Cases or enterprises that it stands on. */
  count: Type.Integer(),
  asOf: instant,
  /** The query that gave the value, as it was run. */
  query: Type.String(),
})
export const listIndicators = route({
  id: 'insight.indicator.list',
  method: 'GET',
  path: '/indicators',
  summary: 'Indicators with definition, as-of time and the query behind each.',
  who: ['public'],
  query: Type.Object({ programmeId: Type.Optional(Type.String({ maxLength: 60 })) }),
  reply: Type.Object({ indicators: Type.Array(indicator) }),
})

/** What everybody may know about the money; the parts add up to what was appropriated. */
export const publicTotals = Type.Object({
  asOf: instant,
  programmeId: Type.String(),
  appropriatedFen: fen,
  unallocatedFen: fen,
  citiesAvailableFen: fen,
  issuedFen: fen,
  lockedFen: fen,
  payableFen: fen,
  paidFen: fen,
  enterprises: Type.Integer(),
  suppliers: Type.Integer(),
  vouchers: Type.Integer(),
  cities: Type.Array(
    Type.Object({
      city: quotaRow.properties.city,
      cityName: quotaRow.properties.cityName,
      allocatedFen: fen,
      paidFen: fen,
      vouchers: Type.Integer(),
    }),
  ),
})
export const getPublicTotals = route({
  id: 'insight.totals.get',
  method: 'GET',
  path: '/totals',
  summary: 'Public totals of every programme; each adds up to its appropriation.',
  who: ['public'],
  reply: Type.Object({ totals: Type.Array(publicTotals) }),
})
export const getCockpit = route({
  id: 'insight.cockpit.get',
  method: 'GET',
  path: '/cockpit',
  summary: 'The cockpit of the province: quotas, take-up per city, what waits where, indicators.',
  who: ['province.reviewer', 'finance.officer', 'city.reviewer'],
  query: Type.Object({ programmeId: Type.Optional(Type.String({ maxLength: 60 })) }),
  reply: Type.Object({
    asOf: instant,
    programmeId: Type.String(),
    appropriatedFen: fen,
    unallocatedFen: fen,
    quotas: Type.Array(quotaRow),
    /** Open cases by desk, and how many are past their deadline. */
    desks: Type.Array(Type.Object({ desk: Type.String(), open: Type.Integer(), overdue: Type.Integer() })),
    indicators: Type.Array(indicator),
  }),
})
