import { changePassword, signOut } from '@kapok/contracts/access'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../api/hooks.ts'
import { useSession } from '../../app/platform.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'

export function Account() {
  const { t } = useTranslation()
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = useCommand(signOut)
  return (
    <Page title={t('account.title')} lead={t('account.titleLead')}>
      <div className="columns">
        <Card title={t('account.me')}>
          <Reply of={session}>
            {(each) => (
              <div className="stack">
                <Facts
                  rows={[
                    [t('account.name'), each.user?.name],
                    [t('account.login'), each.user?.login],
                    [t('account.organisation'), each.organisation?.name],
                    [t('account.uscc'), each.organisation?.uscc],
                    [
                      t('account.roles'),
                      each.roles
                        .filter((role) => role !== 'public')
                        .map((role) => t(`role.${role}`))
                        .join('、'),
                    ],
                    [t('account.sessionUntil'), <Instant at={each.expiresAt} key="t" />],
                  ]}
                />
                <ConfirmAct
                  button={t('account.signOutEverywhere')}
                  title={t('account.signOutEverywhere')}
                  effect={t('account.signOutEverywhereEffect')}
                  act={() => leave.mutateAsync({ query: { everywhere: true } })}
                  onDone={() => {
                    client.clear()
                    void navigate({ to: '/' })
                  }}
                />
              </div>
            )}
          </Reply>
        </Card>
        <Card title={t('account.changePassword')}>
          <NewPassword />
        </Card>
      </div>
    </Page>
  )
}

function NewPassword() {
  const { t } = useTranslation()
  const change = useCommand(changePassword)
  const [form, setForm] = useState({ current: '', next: '' })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (form.current === '') found.current = t('form.needed', { what: t('account.currentPassword') })
    if (form.next.length < 10) found.next = t('account.passwordShort')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0)
      change.mutate({ body: form }, { onSuccess: () => setForm({ current: '', next: '' }) })
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <TextField
        id="current"
        type="password"
        autoComplete="current-password"
        label={t('account.currentPassword')}
        wrong={wrongs.current}
        value={form.current}
        onValue={(current) => setForm({ ...form, current })}
      />
      <TextField
        id="next"
        type="password"
        autoComplete="new-password"
        label={t('account.newPassword')}
        hint={t('account.passwordHint')}
        wrong={wrongs.next}
        value={form.next}
        onValue={(next) => setForm({ ...form, next })}
      />
      <div>
        <Button htmlType="submit" loading={change.isPending}>
          {t('account.changePassword')}
        </Button>
      </div>
      {change.isSuccess && (
        <Banner tone="good" live>
          {t('account.passwordChanged')}
        </Banner>
      )}
      {change.isError && <Failure error={change.error} />}
    </form>
  )
}
