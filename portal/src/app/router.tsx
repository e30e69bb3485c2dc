import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { Failure } from '../components/waiting.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NoSuchPage,
  errorComponent: ({ error }) => <Failure error={error} />,
})

/** A page whose code is loaded when it is first opened; files of one desk share a chunk by their imports. */
function page<M extends Record<string, unknown>>(path: string, load: () => Promise<M>, name: keyof M & string) {
  return createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load as never, name) })
}

const plant = {
  overview: () => import('../desks/plant/overview.tsx'),
  machines: () => import('../desks/plant/machines.tsx'),
  machine: () => import('../desks/plant/machine.tsx'),
  connect: () => import('../desks/plant/connect.tsx'),
  gateways: () => import('../desks/plant/gateways.tsx'),
  gateway: () => import('../desks/plant/gateway.tsx'),
  products: () => import('../desks/plant/products.tsx'),
  product: () => import('../desks/plant/product-editor.tsx'),
  quarantine: () => import('../desks/plant/quarantine.tsx'),
  evidence: () => import('../desks/plant/evidence.tsx'),
  cases: () => import('../desks/plant/cases.tsx'),
  vouchers: () => import('../desks/plant/vouchers.tsx'),
}
const registry = {
  list: () => import('../desks/plant/identifiers.tsx'),
  form: () => import('../desks/plant/identifier-form.tsx'),
  files: () => import('../desks/plant/identifier-files.tsx'),
  file: () => import('../desks/plant/identifier-file.tsx'),
  trace: () => import('../desks/plant/trace.tsx'),
  accesses: () => import('../desks/plant/accesses.tsx'),
}
const filing = {
  certify: () => import('../desks/filing/certify.tsx'),
  apply: () => import('../desks/filing/apply.tsx'),
  redeem: () => import('../desks/filing/redeem.tsx'),
}

export const portalRouter = createRouter({
  defaultPreload: 'intent',
  routeTree: root.addChildren([
    page('/', () => import('../desks/public/home.tsx'), 'Home'),
    page('/programmes', () => import('../desks/public/programmes.tsx'), 'Programmes'),
    page('/programmes/$programmeId', () => import('../desks/public/programme.tsx'), 'Programme'),
    page('/programmes/$programmeId/check', () => import('../desks/public/eligibility.tsx'), 'Eligibility'),
    page('/notices', () => import('../desks/public/notices.tsx'), 'Notices'),
    page('/notices/$noticeId/object', () => import('../desks/public/object.tsx'), 'ObjectToNotice'),
    page('/indicators', () => import('../desks/public/indicators.tsx'), 'Indicators'),
    page('/identify', () => import('../desks/public/identify.tsx'), 'Identify'),
    page('/identify/$', () => import('../desks/public/identify.tsx'), 'Identify'),
    page('/verify', () => import('../desks/public/verify.tsx'), 'Verify'),
    page('/sign-in', () => import('../desks/account/sign-in.tsx'), 'SignIn'),
    page('/join', () => import('../desks/account/join.tsx'), 'Join'),
    page('/account', () => import('../desks/account/account.tsx'), 'Account'),
    page('/tokens', () => import('../desks/account/tokens.tsx'), 'Tokens'),
    page('/inbox', () => import('../desks/case/inbox.tsx'), 'Inbox'),
    page('/cases/$caseId', () => import('../desks/case/case-page.tsx'), 'CasePage'),
    page('/plant', plant.overview, 'Overview'),
    page('/plant/machines', plant.machines, 'Machines'),
    page('/plant/machines/$deviceId', plant.machine, 'Machine'),
    page('/plant/connect', plant.connect, 'Connect'),
    page('/plant/gateways', plant.gateways, 'Gateways'),
    page('/plant/gateways/$deviceId', plant.gateway, 'Gateway'),
    page('/plant/products', plant.products, 'Products'),
    page('/plant/products/$productId', plant.product, 'ProductEditor'),
    page('/plant/identifiers', registry.list, 'Identifiers'),
    page('/plant/trace', registry.trace, 'TracePage'),
    page('/plant/trace/$', registry.trace, 'TracePage'),
    page('/plant/identifiers/accesses', registry.accesses, 'Accesses'),
    page('/plant/identifiers/new', registry.form, 'RegisterIdentifier'),
    page('/plant/identifiers/files', registry.files, 'IdentifierFiles'),
    page('/plant/identifiers/files/$importId', registry.file, 'IdentifierFile'),
    page('/plant/identifiers/$identifierId', registry.form, 'ChangeIdentifier'),
    page('/plant/quarantine', plant.quarantine, 'Quarantine'),
    page('/plant/evidence', plant.evidence, 'Evidence'),
    page('/plant/cases', plant.cases, 'Cases'),
    page('/plant/vouchers', plant.vouchers, 'Vouchers'),
    page('/plant/certify/$caseId', filing.certify, 'Certify'),
    page('/plant/apply/$caseId', filing.apply, 'Apply'),
    page('/plant/redeem/$voucherNo', filing.redeem, 'Redeem'),
    page('/supplier', () => import('../desks/supplier/confirmations.tsx'), 'Confirmations'),
    page('/supplier/customers', () => import('../desks/supplier/customers.tsx'), 'Customers'),
    page('/review', () => import('../desks/review/queue.tsx'), 'Queue'),
    page('/review/objections', () => import('../desks/review/objections.tsx'), 'Objections'),
    page('/finance', () => import('../desks/finance/budget.tsx'), 'Budget'),
    page('/finance/batches', () => import('../desks/finance/batches.tsx'), 'Batches'),
    page('/finance/batches/$batchId', () => import('../desks/finance/batch.tsx'), 'Batch'),
    page('/finance/ledger', () => import('../desks/finance/ledger.tsx'), 'Ledger'),
    page('/province', () => import('../desks/province/cockpit.tsx'), 'Cockpit'),
    page('/province/suppliers', () => import('../desks/province/caps.tsx'), 'Caps'),
    page('/operator', () => import('../desks/operator/readings.tsx'), 'Readings'),
    page('/admin', () => import('../desks/admin/organisations.tsx'), 'Organisations'),
    page('/admin/organisations/$orgId', () => import('../desks/admin/members.tsx'), 'Members'),
    page('/admin/registry', () => import('../desks/admin/registry.tsx'), 'Registry'),
    page('/admin/nodes', () => import('../desks/admin/nodes.tsx'), 'IdentifierNodes'),
    page('/admin/rules', () => import('../desks/admin/rules.tsx'), 'Rules'),
    page('/admin/releases', () => import('../desks/admin/releases.tsx'), 'Releases'),
    page('/admin/audit', () => import('../desks/admin/audit.tsx'), 'Audit'),
    page('/admin/health', () => import('../desks/admin/health.tsx'), 'Health'),
  ]),
})

function NoSuchPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('shell.noSuchPage')} lead={t('shell.noSuchPageLead')}>
      {null}
    </Page>
  )
}
