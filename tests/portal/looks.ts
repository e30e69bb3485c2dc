import type { Role } from '@kapok/contracts/roles'

/** Things that the addresses of pages name; a world fills in its own ids. */
export type Thing =
  | 'device'
  | 'gateway'
  | 'product'
  | 'case'
  | 'notice'
  | 'batch'
  | 'organisation'
  | 'voucher'
  | 'programme'
  | 'identifier'
  | 'file'

export interface Look {
  name: string
  /** With `{thing}` where the address names one. */
  path: string
  /** Who opens it; absent: anybody. */
  as?: Role
}
const as = (role: Role, pages: [name: string, path: string][]): Look[] =>
  pages.map(([name, path]) => ({ name, path, as: role }))

/** Every page of the portal with somebody who may see it. */
export const looks: readonly Look[] = [
  { name: 'home', path: '/' },
  { name: 'programmes', path: '/programmes' },
  { name: 'programme', path: '/programmes/{programme}' },
  { name: 'eligibility', path: '/programmes/{programme}/check' },
  { name: 'notices', path: '/notices' },
  { name: 'object', path: '/notices/{notice}/object' },
  { name: 'indicators', path: '/indicators' },
  { name: 'verify', path: '/verify' },
  { name: 'identify', path: '/identify/88.901.1001/P20270214-1-01' },
  { name: 'sign-in', path: '/sign-in' },
  { name: 'join', path: '/join#one-time-secret' },
  ...as('plant.manager', [
    ['plant-overview', '/plant'],
    ['plant-machines', '/plant/machines'],
    ['plant-machine', '/plant/machines/{device}'],
    ['plant-connect', '/plant/connect'],
    ['plant-gateways', '/plant/gateways'],
    ['plant-gateway', '/plant/gateways/{gateway}'],
    ['plant-products', '/plant/products'],
    ['plant-product', '/plant/products/{product}'],
    ['plant-identifiers', '/plant/identifiers'],
    ['plant-identifier-new', '/plant/identifiers/new'],
    ['plant-identifier', '/plant/identifiers/{identifier}'],
    ['plant-trace', '/plant/trace/88.901.1001%2FP20270214-1-01'],
    ['plant-accesses', '/plant/identifiers/accesses'],
    ['plant-identifier-files', '/plant/identifiers/files'],
    ['plant-identifier-file', '/plant/identifiers/files/{file}'],
    ['plant-quarantine', '/plant/quarantine'],
    ['plant-evidence', '/plant/evidence'],
    ['plant-cases', '/plant/cases'],
    ['plant-vouchers', '/plant/vouchers'],
    ['plant-certify', '/plant/certify/new'],
    ['plant-apply', '/plant/apply/new'],
    ['plant-redeem', '/plant/redeem/{voucher}'],
    ['tokens', '/tokens'],
    ['account', '/account'],
    ['inbox', '/inbox'],
  ]),
  ...as('supplier.manager', [
    ['supplier', '/supplier'],
    ['supplier-customers', '/supplier/customers'],
  ]),
  ...as('province.reviewer', [
    ['review-queue', '/review'],
    ['review-case', '/cases/{case}'],
    ['review-objections', '/review/objections'],
    ['province', '/province'],
    ['province-suppliers', '/province/suppliers'],
  ]),
  ...as('finance.officer', [
    ['finance', '/finance'],
    ['finance-batches', '/finance/batches'],
    ['finance-batch', '/finance/batches/{batch}'],
    ['finance-ledger', '/finance/ledger'],
  ]),
  ...as('operator.officer', [['operator', '/operator']]),
  ...as('platform.administrator', [
    ['admin', '/admin'],
    ['admin-members', '/admin/organisations/{organisation}'],
    ['admin-registry', '/admin/registry'],
    ['admin-nodes', '/admin/nodes'],
    ['admin-rules', '/admin/rules'],
    ['admin-releases', '/admin/releases'],
    ['admin-audit', '/admin/audit'],
    ['admin-health', '/admin/health'],
  ]),
]

export function addressOf(look: Look, ids: Record<string, string>): string {
  return look.path.replace(/\{(\w+)\}/g, (_, thing: string) => ids[thing] ?? '')
}
