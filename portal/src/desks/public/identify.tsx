import { getResolution, type Resolution } from '@kapok/contracts/identifier'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Copy, Facts, Instant } from '../../components/figures.tsx'
import { LookUp, useAsked } from '../../components/look-up.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { IdentifierStatistics } from './identifier-statistics.tsx'
import { pageOfIdentifier } from './page-of-identifier.ts'
import { ResolutionPath, VerdictTag } from './resolution-path.tsx'
import { Scan } from './scan.tsx'

type Value = Resolution['values'][number]

const found = 1
const unknown = 100

/** Public look-up of an identifier: what the thing is, and who answered for it. */
export function Identify() {
  const { t } = useTranslation()
  const handle = useAsked()
  const navigate = useNavigate()
  return (
    <Page title={t('nav.identify')} lead={t('identify.lead')}>
      <div className="stack-wide">
        <LookUp
          id="handle"
          label={t('identify.handle')}
          hint={t('identify.hint')}
          button={t('identify.look')}
          pageOf={pageOfIdentifier}
        >
          <Scan onFound={(name) => void navigate({ to: pageOfIdentifier(name) })} />
        </LookUp>
        {handle !== '' && <Found key={handle} handle={handle} />}
        <IdentifierStatistics />
      </div>
    </Page>
  )
}

function Found({ handle }: { handle: string }) {
  const { t } = useTranslation()
  const reply = useAsk(getResolution, { query: { handle } })
  return (
    <Reply of={reply}>
      {(each) => (
        <>
          {each.responseCode === found ? (
            <Thing of={each} />
          ) : (
            <Empty title={t(each.responseCode === unknown ? 'identify.none' : 'identify.unreachable')}>
              <p className="quiet">{each.responseCode === unknown ? t('identify.noneLead') : each.message}</p>
              <Button onClick={() => void reply.refetch()}>{t('state.retry')}</Button>
            </Empty>
          )}
          <ResolutionPath of={each} />
        </>
      )}
    </Reply>
  )
}

/** Types that the platform's own records use, in the order in which people read them. */
const knownTypes = [
  'KIND',
  'MODEL',
  'MANUFACTURER',
  'OWNER',
  'BATCH',
  'PRODUCED_AT',
  'MACHINE',
  'URL',
  'EMAIL',
] as const
const isKnown = (type: string): type is (typeof knownTypes)[number] => (knownTypes as readonly string[]).includes(type)

function Thing({ of: { handle, values, verified } }: { of: Resolution }) {
  const { t } = useTranslation()
  const name = textOf(values.find(({ type }) => type === 'NAME'))
  const rank = ({ type }: Value) => (isKnown(type) ? knownTypes.indexOf(type) : knownTypes.length)
  const facts = values
    .filter(({ type }) => type !== 'NAME' && !type.startsWith('HS_'))
    .sort((one, other) => rank(one) - rank(other))
  const technical = values.filter(({ type }) => type.startsWith('HS_'))
  return (
    <Card title={name || handle} action={<Copy text={handle} />}>
      <div className="stack">
        <p className="row">
          <code className="hash">{handle}</code>
          <StatusTag tone="good">{t('identify.registered')}</StatusTag>
          {verified && <VerdictTag of={verified.verdict} />}
        </p>
        <Facts
          rows={facts.map((value) => [
            isKnown(value.type) ? t(`identify.type.${value.type}`) : value.type,
            <Fact key={value.index} of={value} />,
          ])}
        />
        {facts.length === 0 && <p className="quiet">{t('identify.nothingPublic')}</p>}
        {technical.length > 0 && (
          <details>
            <summary>{t('identify.technical')}</summary>
            <Facts
              rows={technical.map((value) => [
                `${value.index} ${value.type}`,
                <code className="hash" key={value.index}>
                  {textOf(value) || JSON.stringify(value.data.value)}
                </code>,
              ])}
            />
          </details>
        )}
      </div>
    </Card>
  )
}

const textOf = (value: Value | undefined) => (typeof value?.data.value === 'string' ? value.data.value : '')

function Fact({ of: value }: { of: Value }) {
  const text = textOf(value)
  const [reference] = value.references ?? []
  if (reference) return <Link to={pageOfIdentifier(reference.handle)}>{text || reference.handle}</Link>
  if (value.type === 'PRODUCED_AT' && !Number.isNaN(Date.parse(text))) return <Instant at={Date.parse(text)} />
  // Whoever registers a record chooses its address: only the web's own schemes become a link.
  if (value.type === 'URL' && /^https?:\/\//i.test(text))
    return (
      <a href={text} rel="noopener noreferrer nofollow">
        {text}
      </a>
    )
  return <>{text || JSON.stringify(value.data.value)}</>
}
