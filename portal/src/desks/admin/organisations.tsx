import { createOrganisation, listOrganisations } from '@kapok/contracts/access'
import { type OrgKind, orgKinds } from '@kapok/contracts/roles'
import { usccFault } from '@kapok/contracts/uscc'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Choose, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { OneTimeLink } from './one-time-link.tsx'

export function Organisations() {
  const { t } = useTranslation()
  const [kind, setKind] = useState<OrgKind | ''>('')
  return (
    <Page title={t('nav.organisations')} lead={t('admin.lead')}>
      <div className="stack-wide">
        <DataTable
          contract={listOrganisations}
          ask={{ query: { kind: kind || undefined } }}
          caption={t('nav.organisations')}
          search={t('admin.search')}
          exportName="organisations"
          keyOf={(row) => row.id}
          empty={<Empty title={t('admin.none')} />}
          filters={
            <select
              className="input"
              style={{ width: 'auto' }}
              aria-label={t('admin.kind')}
              value={kind}
              onChange={(event) => setKind(event.target.value as OrgKind)}
            >
              <option value="">{t('admin.everyKind')}</option>
              {orgKinds.map((each) => (
                <option key={each} value={each}>
                  {t(`kind.${each}`)}
                </option>
              ))}
            </select>
          }
          columns={[
            {
              title: t('admin.name'),
              sort: 'name',
              cell: (row) => <Link to={`/admin/organisations/${row.id}`}>{row.name}</Link>,
              text: (row) => row.name,
            },
            {
              title: t('admin.kind'),
              sort: 'kind',
              cell: (row) => t(`kind.${row.kind}`),
              text: (row) => t(`kind.${row.kind}`),
            },
            { title: t('account.uscc'), cell: (row) => <code>{row.uscc ?? '—'}</code>, text: (row) => row.uscc ?? '' },
            { title: t('case.region'), sort: 'region', cell: (row) => row.region, text: (row) => row.region },
            { title: t('admin.members'), end: true, cell: (row) => row.members, text: (row) => String(row.members) },
            {
              title: t('admin.created'),
              sort: 'createdAt',
              cell: (row) => <Instant at={row.createdAt} />,
              text: (row) => instantText(row.createdAt),
            },
          ]}
        />
        <Card title={t('admin.create')}>
          <NewOrganisation />
        </Card>
      </div>
    </Page>
  )
}

const needsUscc: readonly OrgKind[] = ['enterprise', 'supplier']

function NewOrganisation() {
  const { t } = useTranslation()
  const create = useCommand(createOrganisation, ['access.organisation.list'])
  const [form, setForm] = useState<{ name: string; kind: OrgKind; uscc: string; region: string }>({
    name: '',
    kind: 'enterprise',
    uscc: '',
    region: '',
  })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    const code = form.uscc.trim().toUpperCase()
    if (form.name.trim() === '') found.orgName = t('form.needed', { what: t('admin.name') })
    if ((code !== '' || needsUscc.includes(form.kind)) && usccFault(code) !== undefined)
      found.uscc = t('form.badUscc', { what: t('account.uscc') })
    if (!/^\d{2}(\d{2}(\d{2})?)?$/.test(form.region)) found.orgRegion = t('admin.regionWrong')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0)
      create.mutate({ body: { name: form.name.trim(), kind: form.kind, uscc: code || undefined, region: form.region } })
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <TextField
        id="orgName"
        label={t('admin.name')}
        maxLength={120}
        wrong={wrongs.orgName}
        value={form.name}
        onValue={(name) => setForm({ ...form, name })}
      />
      <Choose
        id="orgKind"
        label={t('admin.kind')}
        value={form.kind}
        onValue={(kind) => setForm({ ...form, kind: kind as OrgKind })}
        options={orgKinds.map((value) => ({ value, text: t(`kind.${value}`) }))}
      />
      <TextField
        id="uscc"
        label={t('account.uscc')}
        hint={needsUscc.includes(form.kind) ? undefined : t('form.optional')}
        maxLength={18}
        spellCheck={false}
        wrong={wrongs.uscc}
        value={form.uscc}
        onValue={(uscc) => setForm({ ...form, uscc })}
      />
      <TextField
        id="orgRegion"
        short
        inputMode="numeric"
        label={t('admin.region')}
        hint={t('admin.regionHint')}
        wrong={wrongs.orgRegion}
        value={form.region}
        onValue={(region) => setForm({ ...form, region })}
      />
      <div>
        <Button type="primary" htmlType="submit" loading={create.isPending}>
          {t('admin.create')}
        </Button>
      </div>
      {create.data && <OneTimeLink link={create.data.link} />}
      {create.isError && <Failure error={create.error} />}
    </form>
  )
}
