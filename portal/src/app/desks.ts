import type { Role } from '@kapok/contracts/roles'

export interface DeskPage {
  to: string
  /** Key under `nav` in the words. */
  word: string
}
export interface Desk {
  id: 'plant' | 'supplier' | 'review' | 'finance' | 'province' | 'operator' | 'admin'
  roles: readonly Role[]
  pages: readonly DeskPage[]
}

/** Desks by role; the pages of a desk stand in the order of the chain. The first desk that fits is a person's home. */
export const desks: readonly Desk[] = [
  {
    id: 'plant',
    roles: ['plant.manager', 'plant.engineer'],
    pages: [
      { to: '/plant', word: 'overview' },
      { to: '/plant/machines', word: 'machines' },
      { to: '/plant/gateways', word: 'gateways' },
      { to: '/plant/products', word: 'products' },
      { to: '/plant/identifiers', word: 'identifiers' },
      { to: '/plant/quarantine', word: 'quarantine' },
      { to: '/plant/evidence', word: 'evidence' },
      { to: '/plant/cases', word: 'cases' },
      { to: '/plant/vouchers', word: 'vouchers' },
      { to: '/tokens', word: 'tokens' },
    ],
  },
  {
    id: 'supplier',
    roles: ['supplier.manager'],
    pages: [
      { to: '/supplier', word: 'confirmations' },
      { to: '/supplier/customers', word: 'customers' },
    ],
  },
  {
    id: 'province',
    roles: ['province.reviewer'],
    pages: [
      { to: '/province', word: 'cockpit' },
      { to: '/review', word: 'queue' },
      { to: '/province/suppliers', word: 'caps' },
      { to: '/review/objections', word: 'objections' },
      { to: '/admin/rules', word: 'rules' },
    ],
  },
  {
    id: 'review',
    roles: ['county.reviewer', 'city.reviewer'],
    pages: [{ to: '/review', word: 'queue' }],
  },
  {
    id: 'finance',
    roles: ['finance.officer'],
    pages: [
      { to: '/finance', word: 'budget' },
      { to: '/finance/batches', word: 'batches' },
      { to: '/finance/ledger', word: 'ledger' },
      { to: '/province', word: 'cockpit' },
      { to: '/review', word: 'queue' },
    ],
  },
  {
    id: 'operator',
    roles: ['operator.officer'],
    pages: [
      { to: '/operator', word: 'readings' },
      { to: '/tokens', word: 'tokens' },
    ],
  },
  {
    id: 'admin',
    roles: ['platform.administrator'],
    pages: [
      { to: '/admin', word: 'organisations' },
      { to: '/admin/registry', word: 'registry' },
      { to: '/admin/nodes', word: 'nodes' },
      { to: '/admin/rules', word: 'rules' },
      { to: '/admin/releases', word: 'releases' },
      { to: '/admin/audit', word: 'audit' },
      { to: '/admin/health', word: 'health' },
      { to: '/tokens', word: 'tokens' },
    ],
  },
]

export function deskOf(roles: readonly Role[]): Desk | undefined {
  return desks.find((desk) => desk.roles.some((role) => roles.includes(role)))
}

/** The page of a person's desk from which cases are opened. */
export function queueOf(roles: readonly Role[]): DeskPage | undefined {
  return deskOf(roles)?.pages.find((page) => caseQueues.has(page.to))
}
const caseQueues: ReadonlySet<string> = new Set(['/plant/cases', '/supplier', '/review'])

export const publicPages: readonly DeskPage[] = [
  { to: '/programmes', word: 'programmes' },
  { to: '/notices', word: 'notices' },
  { to: '/indicators', word: 'indicators' },
  { to: '/verify', word: 'verify' },
]
/** Where the platform has an identifier node to ask. */
export const identifyPage: DeskPage = { to: '/identify', word: 'identify' }
