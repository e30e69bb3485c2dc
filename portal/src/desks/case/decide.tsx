import { type CaseVerb, decideCase } from '@kapok/contracts/case'
import { Button, Modal } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, yuanText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { Money } from '../../components/figures.tsx'
import { Choices, Choose, ErrorSummary, TextArea, TextField, type Wrongs } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure } from '../../components/waiting.tsx'
import type { CaseView } from './case-page.tsx'

/** Acts that the page offers here; submitting is the last step of the form that writes the case. */
const offered: readonly CaseVerb[] = ['confirm', 'approve', 'return', 'reject', 'withdraw', 'appeal', 'urge']

/** What I may do to this case now: choose, give the reason, see amount and effect, do it. */
export function Decide({ view }: { view: CaseView }) {
  const { t } = useTranslation()
  const verbs = view.verbs.filter((each) => offered.includes(each.verb))
  const decide = useCommand(decideCase, ['subsidy.', 'insight.'])
  const [verb, setVerb] = useState<CaseVerb>()
  const [reason, setReason] = useState('')
  const [toStep, setToStep] = useState('')
  const ceiling = view.kind === 'redemption' ? view.money?.ceilingFen : undefined
  const [amount, setAmount] = useState('')
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const [asking, setAsking] = useState(false)
  const chosen = verbs.find((each) => each.verb === verb)
  const grants = verb === 'approve' && ceiling !== undefined
  const granted = grants ? (amount.trim() === '' ? ceiling : fenOf(amount)) : undefined

  const check = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (chosen === undefined) found.verb = t('form.choose', { what: t('decide.verb') })
    if (chosen?.reasonRequired && reason.trim() === '') found.reason = t('form.needed', { what: t('decide.reason') })
    if (verb === 'return' && toStep === '') found.toStep = t('form.choose', { what: t('decide.toStep') })
    if (grants && granted === undefined) found.amount = t('form.badAmount', { what: t('money.approved') })
    else if (grants && granted !== undefined && BigInt(granted) > BigInt(ceiling))
      found.amount = t('decide.aboveCeiling', { ceiling: yuanText(ceiling) })
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0) setAsking(true)
  }
  const act = () => {
    if (chosen === undefined) return
    decide.mutate(
      {
        params: { caseId: view.id },
        body: {
          verb: chosen.verb,
          expectedVersion: view.version,
          reason: reason.trim() || undefined,
          toStep: chosen.verb === 'return' ? Number(toStep) : undefined,
          approvedFen: grants ? granted : undefined,
        },
      },
      {
        onSuccess: () => {
          setVerb(undefined)
          setReason('')
          setAmount('')
        },
        onSettled: () => setAsking(false),
      },
    )
  }
  const done = decide.isSuccess && verb === undefined
  if (verbs.length === 0)
    return done ? (
      <Banner tone="good" live>
        {t('decide.done')}
      </Banner>
    ) : null
  return (
    <div className="no-print" id="decide">
      <Card title={t('decide.title')}>
        {done && (
          <Banner tone="good" live>
            {t('decide.done')}
          </Banner>
        )}
        <form className="form" onSubmit={check} noValidate>
          <ErrorSummary wrongs={wrongs} round={round} />
          <Choices
            id="verb"
            legend={t('decide.verb')}
            wrong={wrongs.verb}
            value={verb ? [verb] : []}
            onValue={([value]) => setVerb(value as CaseVerb)}
            options={verbs.map((each) => ({ value: each.verb, text: t(`decide.verbs.${each.verb}`) }))}
          />
          {verb === 'return' && chosen && (
            <Choose
              id="toStep"
              label={t('decide.toStep')}
              wrong={wrongs.toStep}
              value={toStep}
              onValue={setToStep}
              none={t('form.pick')}
              options={chosen.toSteps.map((each) => ({ value: String(each.index), text: t(`case.desk.${each.desk}`) }))}
            />
          )}
          {grants && (
            <TextField
              id="amount"
              short
              inputMode="decimal"
              label={t('money.approved')}
              hint={t('decide.ceilingHint', { ceiling: yuanText(ceiling) })}
              wrong={wrongs.amount}
              placeholder={yuanText(ceiling)}
              value={amount}
              onValue={setAmount}
            />
          )}
          {verb && (
            <TextArea
              id="reason"
              limit={2000}
              label={chosen?.reasonRequired ? t('decide.reason') : t('decide.reasonOptional')}
              wrong={wrongs.reason}
              value={reason}
              onValue={setReason}
            />
          )}
          <div>
            <Button type="primary" htmlType="submit" loading={decide.isPending}>
              {t('action.continue')}
            </Button>
          </div>
          {decide.isError && <Failure error={decide.error} />}
        </form>
      </Card>
      <Modal
        open={asking}
        title={verb && t(`decide.verbs.${verb}`)}
        okText={verb && t(`decide.verbs.${verb}`)}
        cancelText={t('action.cancel')}
        closable={false}
        onCancel={() => setAsking(false)}
        onOk={act}
        confirmLoading={decide.isPending}
        okButtonProps={{ danger: verb === 'reject' }}
      >
        <div className="stack">
          <p>
            {t(`case.kind.${view.kind}`)} {view.caseNo} · {view.filerName}
          </p>
          {verb === 'approve' && (granted ?? view.money?.faceFen ?? view.amountFen) && (
            <p>
              {t('decide.amountIs')}{' '}
              <strong>
                <Money fen={granted ?? view.money?.faceFen ?? view.amountFen} />
              </strong>
            </p>
          )}
          {verb && <p>{t(`decide.effect.${verb}`)}</p>}
        </div>
      </Modal>
    </div>
  )
}
