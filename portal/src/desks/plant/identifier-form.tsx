import {
  changeIdentifier,
  deleteIdentifier,
  getIdentifier,
  getRegistryAccount,
  type RegistryFacts,
  registerIdentifier,
} from '@kapok/contracts/registry'
import { type RegistryField, type RegistryFieldKey, registryFields } from '@kapok/contracts/registry-fields'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { RefusalError } from '../../api/refusal.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { pageOfIdentifier } from '../public/page-of-identifier.ts'
import { IdentifierProcess } from './identifier-process.tsx'
import { NoAccount } from './identifiers.tsx'
import { LabelsDialog } from './labels-dialog.tsx'
import { pageOfTrace } from './trace-names.ts'

const fields = registryFields as readonly (RegistryField & { key: RegistryFieldKey })[]
const stale = ['registry.identifier.list', 'registry.account.mine', 'registry.identifier.get']

/** One thing by a form. */
export function RegisterIdentifier() {
  const { t } = useTranslation()
  const account = useAsk(getRegistryAccount, {})
  const register = useCommand(registerIdentifier, stale)
  const [round, setRound] = useState(0)
  return (
    <Page
      title={t('registry.registerOne')}
      lead={t('registry.registerLead')}
      crumbs={[{ text: t('nav.identifiers'), to: '/plant/identifiers' }, { text: t('registry.registerOne') }]}
    >
      <Reply of={account}>
        {({ account: own }) =>
          own === null ? (
            <NoAccount />
          ) : register.data ? (
            <Done
              {...register.data}
              onAnother={() => {
                register.reset()
                setRound(round + 1)
              }}
            />
          ) : (
            <Card label={t('registry.registerOne')}>
              <FactsForm
                key={round}
                button={t('registry.register')}
                prefix={own.prefix}
                busy={register.isPending}
                error={register.error}
                onSubmit={(facts) => register.mutate({ body: { facts } })}
              />
            </Card>
          )
        }
      </Reply>
    </Page>
  )
}

function Done({ id, handle, onAnother }: { id: string; handle: string; onAnother(): void }) {
  const { t } = useTranslation()
  return (
    <div className="stack">
      <Banner tone="good" live>
        {t('registry.registered', { handle })}
      </Banner>
      <div className="row">
        <Button type="primary" onClick={onAnother}>
          {t('registry.another')}
        </Button>
        <LabelsDialog button={t('registry.print')} count={1} of={{ identifierIds: [id] }} />
        <LinkButton to={pageOfIdentifier(handle)}>{t('registry.look')}</LinkButton>
      </div>
    </div>
  )
}

/** What a record says, to be changed, and the end of it. */
export function ChangeIdentifier() {
  const { t } = useTranslation()
  const { identifierId = '' } = useParams({ strict: false }) as { identifierId?: string }
  const params = { identifierId }
  const reply = useAsk(getIdentifier, { params })
  const change = useCommand(changeIdentifier, stale)
  const remove = useCommand(deleteIdentifier, stale.slice(0, 2))
  const navigate = useNavigate()
  const handle = reply.data?.handle ?? t('registry.handle')
  return (
    <Page
      title={handle}
      lead={t('registry.changeLead')}
      crumbs={[{ text: t('nav.identifiers'), to: '/plant/identifiers' }, { text: handle }]}
      action={<LabelsDialog button={t('registry.print')} count={1} of={{ identifierIds: [identifierId] }} />}
    >
      <Reply of={reply}>
        {({ facts }) => (
          <div className="stack-wide">
            <Card label={handle}>
              <FactsForm
                button={t('registry.save')}
                facts={facts}
                busy={change.isPending}
                error={change.error}
                onSubmit={(next) => change.mutate({ params, body: { facts: next } })}
              />
              {change.isSuccess && (
                <Banner tone="good" live>
                  {t('registry.saved')}
                </Banner>
              )}
            </Card>
            <IdentifierProcess identifierId={identifierId} />
            <div className="row">
              <LinkButton to={pageOfIdentifier(handle)}>{t('registry.look')}</LinkButton>
              <LinkButton to={pageOfTrace(handle)}>{t('trace.title')}</LinkButton>
              <ConfirmAct
                danger
                button={t('registry.remove')}
                title={t('registry.removeTitle', { handle })}
                effect={t('registry.removeEffect')}
                act={() => remove.mutateAsync({ params })}
                onDone={() => void navigate({ to: '/plant/identifiers' })}
              />
            </div>
          </div>
        )}
      </Reply>
    </Page>
  )
}

function FactsForm(props: {
  button: string
  /** Of a new record; that of an old one stays. */
  prefix?: string
  facts?: RegistryFacts
  busy: boolean
  error: unknown
  onSubmit(facts: RegistryFacts): void
}) {
  const { t } = useTranslation()
  const say = useSentence()
  const [facts, setFacts] = useState<RegistryFacts>(props.facts ?? {})
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const missing = fields.filter(({ key, required }) => required && (facts[key] ?? '').trim() === '')
    setWrongs(
      Object.fromEntries(missing.map(({ key, title }) => [`fact-${key}`, t('form.needed', { what: say(title) })])),
    )
    setRound(round + 1)
    if (missing.length === 0) props.onSubmit(facts)
  }
  const refusal =
    props.error instanceof RefusalError && props.error.code === 'identifier.fact' ? props.error : undefined
  const refused: Wrongs = refusal ? { [`fact-${String(refusal.details.field)}`]: refusal.message } : {}
  const told = Object.keys(wrongs).length > 0 ? wrongs : refused
  const hintOf = ({ key, hint, required }: (typeof fields)[number]) =>
    key === 'suffix' && props.facts
      ? t('registry.suffixStays')
      : [required ? '' : t('form.optional'), hint ? say(hint) : ''].filter(Boolean).join(' · ')
  return (
    <form className="form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={told} round={refusal ? round + 0.5 : round} />
      {fields.map((field) => (
        <TextField
          key={field.key}
          id={`fact-${field.key}`}
          label={field.key === 'suffix' && props.prefix ? `${say(field.title)}（${props.prefix}/…）` : say(field.title)}
          hint={hintOf(field)}
          maxLength={field.charactersMax}
          readOnly={field.key === 'suffix' && props.facts !== undefined}
          spellCheck={false}
          wrong={told[`fact-${field.key}`]}
          value={facts[field.key] ?? ''}
          onValue={(value) => setFacts({ ...facts, [field.key]: value })}
        />
      ))}
      <div>
        <Button type="primary" htmlType="submit" loading={props.busy}>
          {props.button}
        </Button>
      </div>
      {props.error !== null && refusal === undefined && <Failure error={props.error} />}
    </form>
  )
}
