import { getRegistryAccount, listIdentifiers, syncIdentifiers } from '@kapok/contracts/registry'
import { type RegistryFieldKey, registryFields } from '@kapok/contracts/registry-fields'
import type { ReplyOf } from '@kapok/contracts/route'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { LabelsDialog } from './labels-dialog.tsx'

type Account = NonNullable<ReplyOf<typeof getRegistryAccount>['account']>

/** What an enterprise registered under its prefix. */
export function Identifiers() {
  const { t } = useTranslation()
  const reply = useAsk(getRegistryAccount, {}, { every: (last) => (last?.account?.syncing ? 2_000 : 30_000) })
  const account = reply.data?.account
  return (
    <Page
      title={t('nav.identifiers')}
      lead={t('registry.lead')}
      action={
        account && (
          <div className="row">
            <LinkButton to="/plant/trace">{t('trace.title')}</LinkButton>
            <LinkButton to="/plant/identifiers/accesses">{t('accesses.title')}</LinkButton>
            <LinkButton to="/plant/identifiers/files">{t('registry.byExcel')}</LinkButton>
            <LinkButton to="/plant/identifiers/new" primary>
              {t('registry.registerOne')}
            </LinkButton>
          </div>
        )
      }
    >
      <Reply of={reply}>{({ account: own }) => (own === null ? <NoAccount /> : <Registered account={own} />)}</Reply>
    </Page>
  )
}

/** Titles of facts stand with the one list of them. */
export function useFactTitle(): (key: RegistryFieldKey) => string {
  const say = useSentence()
  return (key) => {
    const field = registryFields.find((each) => each.key === key)
    return field ? say(field.title) : key
  }
}

export function NoAccount() {
  const { t } = useTranslation()
  return (
    <Empty title={t('registry.noAccount')}>
      <p className="quiet">{t('registry.noAccountWhat')}</p>
    </Empty>
  )
}

function Registered({ account }: { account: Account }) {
  const { t } = useTranslation()
  const titleOf = useFactTitle()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const choose = (id: string) => setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id])
  return (
    <div className="stack-wide">
      <Standing account={account} />
      <DataTable
        // What was read meanwhile is shown without anybody asking for it.
        key={account.syncedAt}
        contract={listIdentifiers}
        caption={t('nav.identifiers')}
        search={t('registry.search')}
        exportName="identifiers"
        keyOf={(row) => row.id}
        filters={(rows) => (
          <Chosen
            ids={chosen}
            shown={rows.map(({ id }) => id)}
            onChosen={(ids) => setChosen([...new Set([...chosen, ...ids])])}
            onClear={() => setChosen([])}
          />
        )}
        empty={
          <Empty title={account.syncing ? t('registry.syncing') : t('registry.none')}>
            {!account.syncing && <p className="quiet">{t('registry.noneWhat')}</p>}
          </Empty>
        }
        columns={[
          {
            title: t('registry.handle'),
            sort: 'handle',
            cell: (row) => (
              <span className="row">
                <input
                  type="checkbox"
                  aria-label={t('registry.choose', { handle: row.handle })}
                  checked={chosen.includes(row.id)}
                  onChange={() => choose(row.id)}
                />
                <Link to={`/plant/identifiers/${row.id}`}>
                  <code className="hash">{row.handle}</code>
                </Link>
              </span>
            ),
            text: (row) => row.handle,
          },
          { title: titleOf('name'), sort: 'name', cell: (row) => row.name, text: (row) => row.name },
          { title: titleOf('model'), sort: 'model', cell: (row) => row.model || '—', text: (row) => row.model },
          { title: titleOf('batch'), sort: 'batch', cell: (row) => row.batch || '—', text: (row) => row.batch },
          {
            title: t('registry.registeredAt'),
            sort: 'registeredAt',
            cell: (row) => <Instant at={row.registeredAt} />,
            text: (row) => instantText(row.registeredAt),
          },
        ]}
      />
    </div>
  )
}

function Standing({ account }: { account: Account }) {
  const { t } = useTranslation()
  const say = useSentence()
  const sync = useCommand(syncIdentifiers, ['registry.account.mine'])
  return (
    <>
      {account.fault !== null && (
        <Banner tone="fault" live>
          {say(account.fault)}
        </Banner>
      )}
      <div className="row-between">
        <Facts
          rows={[
            [t('registry.prefix'), <code key="prefix">{account.prefix}</code>],
            [t('registry.count'), countText(account.identifiers)],
            [
              t('registry.synced'),
              account.syncing ? (
                <span key="at">{t('registry.syncing')} …</span>
              ) : (
                <Instant key="at" at={account.syncedAt} />
              ),
            ],
          ]}
        />
        <Button loading={sync.isPending || account.syncing} onClick={() => sync.mutate({})}>
          {t('registry.sync')}
        </Button>
      </div>
      {sync.isError && <Failure error={sync.error} />}
    </>
  )
}

function Chosen(props: {
  ids: readonly string[]
  shown: readonly string[]
  onChosen(ids: readonly string[]): void
  onClear(): void
}) {
  const { t } = useTranslation()
  const { ids, shown } = props
  if (shown.length === 0 && ids.length === 0) return null
  return (
    <span className="row">
      <Button onClick={() => props.onChosen(shown)} disabled={shown.every((id) => ids.includes(id))}>
        {t('registry.choosePage')}
      </Button>
      {ids.length > 0 && (
        <>
          <LabelsDialog button={t('registry.print')} count={ids.length} of={{ identifierIds: [...ids] }} primary />
          <Button onClick={props.onClear}>{t('registry.clear')}</Button>
        </>
      )}
      <span role="status">{ids.length > 0 && t('registry.chosen', { n: countText(ids.length) })}</span>
    </span>
  )
}
