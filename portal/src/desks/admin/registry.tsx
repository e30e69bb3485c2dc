import { listOrganisations } from '@kapok/contracts/access'
import { assignPrefix, listRegistryAccounts } from '@kapok/contracts/registry'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Choose, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { PrefixAccess } from './prefix-access.tsx'

/** Which enterprise registers under which prefix, and at which node. */
export function Registry() {
  const { t } = useTranslation()
  const say = useSentence()
  const [opened, setOpened] = useState<string>()
  return (
    <Page title={t('nav.registry')} lead={t('registry.admin.lead')}>
      <div className="stack-wide">
        <DataTable
          contract={listRegistryAccounts}
          caption={t('nav.registry')}
          search={t('registry.admin.search')}
          exportName="prefixes"
          keyOf={(row) => row.orgId}
          every={15_000}
          empty={<Empty title={t('registry.admin.none')} />}
          columns={[
            {
              title: t('registry.admin.organisation'),
              cell: (row) => row.organisation,
              text: (row) => row.organisation,
            },
            {
              title: t('registry.prefix'),
              sort: 'prefix',
              cell: (row) => <code>{row.prefix}</code>,
              text: (row) => row.prefix,
            },
            {
              title: t('registry.admin.url'),
              cell: (row) => <code className="hash">{row.url}</code>,
              text: (row) => row.url,
            },
            {
              title: t('registry.admin.identifiers'),
              end: true,
              cell: (row) => countText(row.identifiers),
              text: (row) => String(row.identifiers),
            },
            {
              title: t('registry.admin.standing'),
              cell: (row) =>
                row.fault !== null ? (
                  <StatusTag tone="fault">{say(row.fault)}</StatusTag>
                ) : row.syncedAt === null ? (
                  <StatusTag tone="off">{t('registry.admin.notRead')}</StatusTag>
                ) : (
                  <StatusTag tone="good">{t('registry.admin.works')}</StatusTag>
                ),
            },
            {
              title: t('registry.admin.open'),
              cell: (row) => (
                <Button size="small" onClick={() => setOpened(row.orgId)}>
                  {t('registry.admin.open')}
                </Button>
              ),
            },
          ]}
        />
        {opened !== undefined && <PrefixAccess key={opened} orgId={opened} onGone={() => setOpened(undefined)} />}
        <Card title={t('registry.admin.assign')}>
          <Assign onAssigned={setOpened} />
        </Card>
      </div>
    </Page>
  )
}

function Assign({ onAssigned }: { onAssigned(orgId: string): void }) {
  const { t } = useTranslation()
  const enterprises = useAsk(listOrganisations, { query: { kind: 'enterprise', size: 500, sort: 'name' } })
  const assign = useCommand(assignPrefix, ['registry.'])
  const [form, setForm] = useState({ orgId: '', prefix: '', url: '' })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    const prefix = form.prefix.trim()
    const url = form.url.trim()
    if (form.orgId === '') found.prefixOrg = t('form.needed', { what: t('registry.admin.organisation') })
    if (!/^[0-9A-Za-z]+(\.[0-9A-Za-z-]+)*$/.test(prefix)) found.prefix = t('registry.admin.prefixWrong')
    if (!/^https?:\/\/./.test(url)) found.nodeUrl = t('registry.admin.urlWrong')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    const params = { orgId: form.orgId }
    assign.mutate({ params, body: { prefix, url } }, { onSuccess: () => onAssigned(form.orgId) })
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <Choose
        id="prefixOrg"
        label={t('registry.admin.organisation')}
        none="—"
        wrong={wrongs.prefixOrg}
        value={form.orgId}
        onValue={(orgId) => setForm({ ...form, orgId })}
        options={(enterprises.data?.rows ?? []).map(({ id, name }) => ({ value: id, text: name }))}
      />
      <TextField
        id="prefix"
        short
        label={t('registry.prefix')}
        maxLength={100}
        spellCheck={false}
        wrong={wrongs.prefix}
        value={form.prefix}
        onValue={(prefix) => setForm({ ...form, prefix })}
      />
      <TextField
        id="nodeUrl"
        label={t('registry.admin.url')}
        hint={t('registry.admin.urlHint')}
        maxLength={300}
        spellCheck={false}
        wrong={wrongs.nodeUrl}
        value={form.url}
        onValue={(url) => setForm({ ...form, url })}
      />
      <div>
        <Button type="primary" htmlType="submit" loading={assign.isPending}>
          {t('registry.admin.assign')}
        </Button>
      </div>
      {assign.isSuccess && (
        <Banner tone="good" live>
          {t('registry.admin.assigned')}
        </Banner>
      )}
      {assign.isError && <Failure error={assign.error} />}
    </form>
  )
}
