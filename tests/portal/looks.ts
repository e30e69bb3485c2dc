import type { Role } from '@kapok/contracts/roles'
import { type Fixture, sessionOf } from './fixtures.ts'

export interface Look {
  name: string
  path: string
  session?: Fixture
}
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const as = (session: Fixture, pages: [name: string, path: string][]): Look[] =>
  pages.map(([name, path]) => ({ name, path, session }))
const who = (role: Role, kind: Parameters<typeof sessionOf>[1]) => sessionOf([role], kind)

/** Every page of the portal with somebody who may see it. */
export const looks: Look[] = [
  { name: 'home', path: '/' },
  { name: 'programmes', path: '/programmes' },
  { name: 'programme', path: '/programmes/sample-2026' },
  { name: 'eligibility', path: '/programmes/sample-2026/check' },
  { name: 'notices', path: '/notices' },
  { name: 'object', path: `/notices/${id(90)}/object` },
  { name: 'indicators', path: '/indicators' },
  { name: 'verify', path: '/verify' },
  { name: 'sign-in', path: '/sign-in' },
  ...as(who('plant.manager', 'enterprise'), [
    ['plant-overview', '/plant'],
    ['plant-machines', '/plant/machines'],
    ['plant-machine', `/plant/machines/${id(10)}`],
    ['plant-connect', '/plant/connect'],
    ['plant-products', '/plant/products'],
    ['plant-product', `/plant/products/${id(20)}`],
    ['plant-quarantine', '/plant/quarantine'],
    ['plant-evidence', '/plant/evidence'],
    ['plant-cases', '/plant/cases'],
    ['plant-vouchers', '/plant/vouchers'],
    ['plant-certify', '/plant/certify/new'],
    ['plant-apply', '/plant/apply/new'],
    ['plant-redeem', '/plant/redeem/V-440105-000123'],
    ['tokens', '/tokens'],
    ['account', '/account'],
    ['inbox', '/inbox'],
  ]),
  ...as(who('supplier.manager', 'supplier'), [
    ['supplier', '/supplier'],
    ['supplier-customers', '/supplier/customers'],
  ]),
  ...as(who('province.reviewer', 'province'), [
    ['review-queue', '/review'],
    ['review-case', `/cases/${id(30)}`],
    ['review-objections', '/review/objections'],
    ['province', '/province'],
    ['province-suppliers', '/province/suppliers'],
  ]),
  ...as(who('finance.officer', 'finance'), [
    ['finance', '/finance'],
    ['finance-batches', '/finance/batches'],
    ['finance-batch', `/finance/batches/${id(50)}`],
    ['finance-ledger', '/finance/ledger'],
  ]),
  ...as(who('operator.officer', 'operator'), [['operator', '/operator']]),
  ...as(who('platform.administrator', 'platform'), [
    ['admin', '/admin'],
    ['admin-members', `/admin/organisations/${id(2)}`],
    ['admin-rules', '/admin/rules'],
    ['admin-audit', '/admin/audit'],
    ['admin-health', '/admin/health'],
  ]),
]
