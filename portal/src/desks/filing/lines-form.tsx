import type { ReplyOf } from '@kapok/contracts/route'
import type { getProgramme } from '@kapok/contracts/subsidy'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, percentText, yuanText } from '../../api/format.ts'
import { Choose, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import type { Contract } from './apply.tsx'

type Standard = ReplyOf<typeof getProgramme>['standards'][number]
interface Draft {
  key: number
  standard: string
  product: string
  amount: string
}
let nextKey = 0

/** Contract lines: what it is for by the programme's standards, the product, the amount. */
export function LinesForm(props: {
  standards: readonly Standard[]
  lines: Contract['lines']
  keep(change: Partial<Contract>): Promise<void>
  done(): void
}) {
  const { t } = useTranslation()
  const say = useSentence()
  const [drafts, setDrafts] = useState<Draft[]>(() =>
    props.lines.length === 0
      ? [{ key: nextKey++, standard: '', product: '', amount: '' }]
      : props.lines.map((line) => ({
          key: nextKey++,
          standard: String(
            props.standards.findIndex((each) => each.scene === line.scene && each.feeKind === line.feeKind),
          ),
          product: line.product,
          amount: yuanText(line.amountFen),
        })),
  )
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const set = (key: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((each) => (each.key === key ? { ...each, ...change } : each)))
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    const lines: Contract['lines'] = []
    for (const each of drafts) {
      const standard = each.standard === '' ? undefined : props.standards[Number(each.standard)]
      const amountFen = fenOf(each.amount)
      if (standard === undefined) found[`standard-${each.key}`] = t('form.choose', { what: t('facts.line') })
      if (each.product.trim() === '') found[`product-${each.key}`] = t('form.needed', { what: t('paper.product') })
      if (amountFen === undefined || amountFen === '0')
        found[`amount-${each.key}`] = t('form.badAmount', { what: t('case.amount') })
      if (standard && amountFen)
        lines.push({ scene: standard.scene, feeKind: standard.feeKind, product: each.product.trim(), amountFen })
    }
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    await props.keep({ lines })
    props.done()
  }
  return (
    <form className="stack reading" onSubmit={(event) => void save(event).catch(() => undefined)} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      {drafts.map((each, index) => (
        <Card key={each.key} title={`${t('paper.lines')} ${index + 1}`}>
          <div className="form">
            <Choose
              id={`standard-${each.key}`}
              label={t('facts.line')}
              wrong={wrongs[`standard-${each.key}`]}
              value={each.standard}
              onValue={(standard) => set(each.key, { standard })}
              none={t('form.pick')}
              options={props.standards.map((standard, at) => ({
                value: String(at),
                text: `${say(standard.sceneName)} · ${say(standard.feeKindName)} · ${percentText(standard.ratioBp)}`,
              }))}
            />
            <TextField
              id={`product-${each.key}`}
              label={t('paper.product')}
              maxLength={120}
              wrong={wrongs[`product-${each.key}`]}
              value={each.product}
              onValue={(product) => set(each.key, { product })}
            />
            <TextField
              id={`amount-${each.key}`}
              short
              inputMode="decimal"
              label={t('case.amount')}
              hint={t('form.yuanHint')}
              wrong={wrongs[`amount-${each.key}`]}
              value={each.amount}
              onValue={(amount) => set(each.key, { amount })}
            />
            {drafts.length > 1 && (
              <div>
                <Button onClick={() => setDrafts(drafts.filter((other) => other.key !== each.key))}>
                  {t('action.remove')}
                </Button>
              </div>
            )}
          </div>
        </Card>
      ))}
      <div>
        <Button
          disabled={drafts.length >= 50}
          onClick={() => setDrafts([...drafts, { key: nextKey++, standard: '', product: '', amount: '' }])}
        >
          {t('filing.addLine')}
        </Button>
      </div>
      <div className="row">
        <Button type="primary" size="large" htmlType="submit">
          {t('filing.keep')}
        </Button>
        <Button size="large" onClick={props.done}>
          {t('action.back')}
        </Button>
      </div>
    </form>
  )
}
