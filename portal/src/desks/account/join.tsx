import { getJoin, getSession, join } from '@kapok/contracts/access'
import { useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keyOf, useAsk, useCommand } from '../../api/hooks.ts'
import { deskOf } from '../../app/desks.ts'
import { Instant } from '../../components/figures.tsx'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Page } from '../../components/page.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'

/** A one-time link: join an organisation, or choose a new password. Its secret stands after the #, which browsers send nobody. */
export function Join() {
  const { t } = useTranslation()
  const { hash: token } = useLocation()
  const link = useAsk(getJoin, { params: { token } })
  const client = useQueryClient()
  const navigate = useNavigate()
  const use = useCommand(join)
  const [form, setForm] = useState({ login: '', name: '', password: '' })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const joining = link.data?.purpose === 'join'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (joining && !/^[a-z0-9][a-z0-9._@-]{2,59}$/.test(form.login)) found.login = t('account.loginWrong')
    if (joining && form.name.trim() === '') found.name = t('form.needed', { what: t('account.name') })
    if (form.password.length < 10) found.password = t('account.passwordShort')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    const who = joining ? { login: form.login, name: form.name.trim() } : {}
    use.mutate(
      { body: { token, password: form.password, ...who } },
      {
        onSuccess: async (session) => {
          client.setQueryData(keyOf(getSession, {}), session)
          void client.invalidateQueries({
            predicate: ({ queryKey: [id] }) => id !== getSession.id && id !== getJoin.id,
          })
          await navigate({ to: deskOf(session.roles)?.pages[0]?.to ?? '/' })
        },
      },
    )
  }
  return (
    <Page title={link.data?.purpose === 'reset' ? t('account.reset') : t('account.join')} lead={t('account.joinLead')}>
      <Reply of={link}>
        {(each) => (
          <form className="form" onSubmit={submit} noValidate>
            <p>
              {each.organisationName} {each.login && <code>{each.login}</code>} · {t('account.linkUntil')}{' '}
              <Instant at={each.expiresAt} />
            </p>
            <ErrorSummary wrongs={wrongs} round={round} />
            {joining && (
              <>
                <TextField
                  id="login"
                  label={t('account.login')}
                  hint={t('account.loginHint')}
                  autoComplete="username"
                  autoCapitalize="none"
                  wrong={wrongs.login}
                  value={form.login}
                  onValue={(login) => setForm({ ...form, login: login.toLowerCase() })}
                />
                <TextField
                  id="name"
                  label={t('account.name')}
                  autoComplete="name"
                  wrong={wrongs.name}
                  value={form.name}
                  onValue={(name) => setForm({ ...form, name })}
                />
              </>
            )}
            <TextField
              id="password"
              type="password"
              label={t('account.newPassword')}
              hint={t('account.passwordHint')}
              autoComplete="new-password"
              wrong={wrongs.password}
              value={form.password}
              onValue={(password) => setForm({ ...form, password })}
            />
            {use.isError && <Failure error={use.error} />}
            <div>
              <Button type="primary" size="large" htmlType="submit" loading={use.isPending}>
                {joining ? t('account.join') : t('account.reset')}
              </Button>
            </div>
          </form>
        )}
      </Reply>
    </Page>
  )
}
