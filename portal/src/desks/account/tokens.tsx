import { createToken, listTokens, revokeToken } from '@kapok/contracts/access'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Copy, Instant } from '../../components/figures.tsx'
import { Choices, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'

const scopes = ['points.read', 'points.write', 'reading.write'] as const
const changes = ['access.token.list']

/** API tokens of the own organisation; a secret is shown once. */
export function Tokens() {
  const { t } = useTranslation()
  const revoke = useCommand(revokeToken, changes)
  return (
    <Page title={t('nav.tokens')} lead={t('token.lead')}>
      <div className="stack-wide">
        <DataTable
          contract={listTokens}
          caption={t('nav.tokens')}
          search={t('token.search')}
          exportName="tokens"
          keyOf={(row) => row.id}
          empty={<Empty title={t('token.none')} />}
          columns={[
            { title: t('token.name'), sort: 'name', cell: (row) => row.name, text: (row) => row.name },
            {
              title: t('token.scopes'),
              cell: (row) => row.scopes.map((each) => t(`token.scope.${each}`)).join('、'),
              text: (row) => row.scopes.join(' '),
            },
            {
              title: t('token.expires'),
              sort: 'expiresAt',
              cell: (row) => <Instant at={row.expiresAt} />,
              text: (row) => instantText(row.expiresAt),
            },
            {
              title: t('token.lastUsed'),
              cell: (row) => <Instant at={row.lastUsed} />,
              text: (row) => (row.lastUsed === null ? '' : instantText(row.lastUsed)),
            },
            {
              title: t('token.revoke'),
              cell: (row) => (
                <ConfirmAct
                  danger
                  button={t('token.revoke')}
                  title={t('token.revokeName', { name: row.name })}
                  effect={t('token.revokeEffect')}
                  act={() => revoke.mutateAsync({ params: { tokenId: row.id } })}
                />
              ),
            },
          ]}
        />
        <Card title={t('token.create')}>
          <NewToken />
        </Card>
      </div>
    </Page>
  )
}

function NewToken() {
  const { t } = useTranslation()
  const create = useCommand(createToken, changes)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>(['points.read'])
  const [days, setDays] = useState('90')
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (name.trim() === '') found.tokenName = t('form.needed', { what: t('token.name') })
    if (chosen.length === 0) found.scopes = t('form.choose', { what: t('token.scopes') })
    if (!/^\d{1,3}$/.test(days) || Number(days) < 1 || Number(days) > 730) found.days = t('token.daysWrong')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0)
      create.mutate({
        body: { name: name.trim(), scopes: scopes.filter((each) => chosen.includes(each)), days: Number(days) },
      })
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <TextField id="tokenName" label={t('token.name')} wrong={wrongs.tokenName} value={name} onValue={setName} />
      <Choices
        id="scopes"
        many
        legend={t('token.scopes')}
        wrong={wrongs.scopes}
        value={chosen}
        onValue={setChosen}
        options={scopes.map((value) => ({ value, text: t(`token.scope.${value}`) }))}
      />
      <TextField
        id="days"
        short
        inputMode="numeric"
        label={t('token.days')}
        wrong={wrongs.days}
        value={days}
        onValue={setDays}
      />
      <div>
        <Button htmlType="submit" loading={create.isPending}>
          {t('token.create')}
        </Button>
      </div>
      {create.data && (
        <Banner tone="good" live>
          <p>{t('token.once')}</p>
          <p className="row">
            <code className="hash">{create.data.secret}</code>
            <Copy text={create.data.secret} />
          </p>
        </Banner>
      )}
      {create.isError && <Failure error={create.error} />}
    </form>
  )
}
