import { getSession, signIn } from '@kapok/contracts/access'
import type { Role } from '@kapok/contracts/roles'
import type { ReplyOf } from '@kapok/contracts/route'
import { enterAs, listPeople } from '@kapok/contracts/world'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keyOf, useAsk, useCommand } from '../../api/hooks.ts'
import { deskOf } from '../../app/desks.ts'
import { usePlatform } from '../../app/platform.ts'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'

/** After signing in everything that was read as a visitor is read again, and the person lands on the first page of the own desk. */
function useArrive() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return async (session: ReplyOf<typeof getSession>) => {
    client.setQueryData(keyOf(getSession, {}), session)
    void client.invalidateQueries({ predicate: ({ queryKey: [id] }) => id !== getSession.id })
    await navigate({ to: deskOf(session.roles)?.pages[0]?.to ?? '/' })
  }
}

export function SignIn() {
  const { t } = useTranslation()
  const platform = usePlatform()
  const arrive = useArrive()
  const enter = useCommand(signIn)
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (login === '') found.login = t('form.needed', { what: t('account.login') })
    if (password === '') found.password = t('form.needed', { what: t('account.password') })
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0)
      enter.mutate({ body: { login: login.trim().toLowerCase(), password } }, { onSuccess: arrive })
  }
  return (
    <Page title={t('shell.signIn')} lead={t('account.signInLead')}>
      <div className="stack-wide">
        {platform.data?.mode === 'world' && <EnterAs onEntered={arrive} />}
        <Card title={t('account.withPassword')}>
          <form className="form" onSubmit={submit} noValidate>
            <ErrorSummary wrongs={wrongs} round={round} />
            <TextField
              id="login"
              label={t('account.login')}
              autoComplete="username"
              autoCapitalize="none"
              wrong={wrongs.login}
              value={login}
              onValue={setLogin}
            />
            <TextField
              id="password"
              type="password"
              label={t('account.password')}
              autoComplete="current-password"
              wrong={wrongs.password}
              value={password}
              onValue={setPassword}
            />
            {enter.isError && <Failure error={enter.error} />}
            <div>
              <Button type="primary" size="large" htmlType="submit" loading={enter.isPending}>
                {t('shell.signIn')}
              </Button>
            </div>
            <p className="quiet">{t('account.forgot')}</p>
          </form>
        </Card>
      </div>
    </Page>
  )
}

/** The people of a sample province, desk by desk, with what waits for each. Exists only in a world. */
function EnterAs({ onEntered }: { onEntered(session: ReplyOf<typeof getSession>): Promise<void> }) {
  const { t } = useTranslation()
  const people = useAsk(listPeople, {}, { every: 10_000 })
  const enter = useCommand(enterAs)
  return (
    <section className="stack" aria-labelledby="enter-as">
      <h2 id="enter-as">{t('account.enterAs')}</h2>
      <p className="quiet">{t('account.enterAsLead')}</p>
      {enter.isError && <Failure error={enter.error} />}
      <Reply of={people} lines={8}>
        {(reply) => (
          <ul className="plain columns" style={{ gap: 12 }}>
            {reply.people.map((each) => (
              <li className="card row-between" key={each.userId}>
                <div>
                  <strong>{each.name}</strong>
                  <div>{each.organisationName}</div>
                  <div className="quiet">{t(`role.${each.role as Role}`)}</div>
                  {each.waiting > 0 ? (
                    <StatusTag tone="notice">{t('account.waiting', { n: each.waiting })}</StatusTag>
                  ) : (
                    <StatusTag tone="off">{t('account.nothingWaits')}</StatusTag>
                  )}
                </div>
                <Button
                  aria-label={t('account.enterAsName', { name: each.name })}
                  loading={enter.isPending && enter.variables?.body.userId === each.userId}
                  onClick={() => enter.mutate({ body: { userId: each.userId } }, { onSuccess: onEntered })}
                >
                  {t('account.enter')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Reply>
    </section>
  )
}
