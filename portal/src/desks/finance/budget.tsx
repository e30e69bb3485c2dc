import { getCockpit } from '@kapok/contracts/insight'
import { allocate, appropriate } from '@kapok/contracts/subsidy'
import type { TFunction } from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, yuanText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Instant, Money, Stat } from '../../components/figures.tsx'
import { Choose, TextField } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'
import { Quotas } from '../province/quotas.tsx'
import { PickProgramme } from './pick-programme.tsx'

const changes = ['subsidy.', 'insight.']

/** Appropriation and allocation: every move of money names its amount and effect before it is made. */
export function Budget() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.budget')} lead={t('finance.lead')}>
      <PickProgramme>{(programmeId) => <Positions programmeId={programmeId} key={programmeId} />}</PickProgramme>
    </Page>
  )
}

function Positions({ programmeId }: { programmeId: string }) {
  const { t } = useTranslation()
  const cockpit = useAsk(getCockpit, { query: { programmeId } })
  return (
    <Reply of={cockpit}>
      {(reply) => (
        <>
          <div className="stats">
            <Stat
              label={t('money.appropriated')}
              note={
                <>
                  {t('form.asOf')} <Instant at={reply.asOf} />
                </>
              }
            >
              <Money fen={reply.appropriatedFen} />
            </Stat>
            <Stat label={t('money.unallocated')}>
              <Money fen={reply.unallocatedFen} />
            </Stat>
          </div>
          <Quotas quotas={reply.quotas} />
          <div className="beside">
            <Appropriate programmeId={programmeId} />
            <Allocate
              programmeId={programmeId}
              cities={reply.quotas.map((each) => ({ value: each.city, text: each.cityName }))}
            />
          </div>
        </>
      )}
    </Reply>
  )
}

function Appropriate({ programmeId }: { programmeId: string }) {
  const { t } = useTranslation()
  const command = useCommand(appropriate, changes)
  const [amount, setAmount] = useState('')
  const [documentNo, setDocumentNo] = useState('')
  const fen = fenOf(amount)
  const wrong =
    amount !== '' && (fen === undefined || fen === '0') ? t('form.badAmount', { what: t('case.amount') }) : undefined
  return (
    <Card title={t('finance.appropriate')}>
      <div className="form">
        <TextField
          id="appropriate-amount"
          short
          inputMode="decimal"
          label={t('case.amount')}
          hint={t('form.yuanHint')}
          wrong={wrong}
          value={amount}
          onValue={setAmount}
        />
        <TextField
          id="appropriate-document"
          label={t('finance.document')}
          maxLength={80}
          value={documentNo}
          onValue={setDocumentNo}
        />
        <ConfirmAct
          primary
          missing={missingOf(t, fen, documentNo)}
          button={t('finance.appropriate')}
          title={`${t('finance.appropriate')} ${yuanText(fen ?? '0')} ${t('unit.yuan')}`}
          effect={t('finance.appropriateEffect', { document: documentNo })}
          act={() =>
            command.mutateAsync({ body: { programmeId, amountFen: fen ?? '', documentNo: documentNo.trim() } })
          }
          onDone={() => {
            setAmount('')
            setDocumentNo('')
          }}
        />
        {command.data && <Posted id={command.data.postingId} left={command.data.provinceAvailableFen} />}
      </div>
    </Card>
  )
}

function Allocate({ programmeId, cities }: { programmeId: string; cities: { value: string; text: string }[] }) {
  const { t } = useTranslation()
  const command = useCommand(allocate, changes)
  const [city, setCity] = useState(cities[0]?.value ?? '')
  const [direction, setDirection] = useState<'allocate' | 'recall'>('allocate')
  const [amount, setAmount] = useState('')
  const [documentNo, setDocumentNo] = useState('')
  const fen = fenOf(amount)
  const cityName = cities.find((each) => each.value === city)?.text ?? city
  const wrong =
    amount !== '' && (fen === undefined || fen === '0') ? t('form.badAmount', { what: t('case.amount') }) : undefined
  return (
    <Card title={t('finance.allocation')}>
      <div className="form">
        <Choose id="city" label={t('finance.city')} value={city} onValue={setCity} options={cities} />
        <Choose
          id="direction"
          label={t('finance.direction')}
          value={direction}
          onValue={(value) => setDirection(value === 'recall' ? 'recall' : 'allocate')}
          options={[
            { value: 'allocate', text: t('finance.allocate') },
            { value: 'recall', text: t('finance.recall') },
          ]}
        />
        <TextField
          id="allocate-amount"
          short
          inputMode="decimal"
          label={t('case.amount')}
          hint={t('form.yuanHint')}
          wrong={wrong}
          value={amount}
          onValue={setAmount}
        />
        <TextField
          id="allocate-document"
          label={t('finance.document')}
          maxLength={80}
          value={documentNo}
          onValue={setDocumentNo}
        />
        <ConfirmAct
          primary
          missing={city === '' ? t('form.choose', { what: t('finance.city') }) : missingOf(t, fen, documentNo)}
          button={t(`finance.${direction}`)}
          title={`${t(`finance.${direction}`)} ${yuanText(fen ?? '0')} ${t('unit.yuan')}`}
          effect={t(`finance.${direction}Effect`, { city: cityName, document: documentNo })}
          act={() =>
            command.mutateAsync({
              body: { programmeId, city, direction, amountFen: fen ?? '', documentNo: documentNo.trim() },
            })
          }
          onDone={() => {
            setAmount('')
            setDocumentNo('')
          }}
        />
        {command.data && <Posted id={command.data.postingId} left={command.data.provinceAvailableFen} />}
      </div>
    </Card>
  )
}

/** What a move of money still lacks. */
function missingOf(t: TFunction, fen: string | undefined, documentNo: string): string | undefined {
  if (fen === undefined || fen === '0') return t('form.badAmount', { what: t('case.amount') })
  return documentNo.trim() === '' ? t('form.needed', { what: t('finance.document') }) : undefined
}

function Posted({ id, left }: { id: string; left: string }) {
  const { t } = useTranslation()
  return (
    <Banner tone="good" live>
      <p>
        {t('finance.posted')} <code className="hash">{id}</code>
      </p>
      <p>
        {t('money.unallocated')} <Money fen={left} />
      </p>
    </Banner>
  )
}
