import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, yuanText } from '../../api/format.ts'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { isDay } from './check.ts'
import type { PartProps } from './redeem.tsx'

interface Row {
  key: number
  code: string
  number: string
  issuedOn: string
  gross: string
  allocated: string
  paidOn: string
  paid: string
  reference: string
}
let nextKey = 0
const blank = (): Row => ({
  key: nextKey++,
  code: '',
  number: '',
  issuedOn: '',
  gross: '',
  allocated: '',
  paidOn: '',
  paid: '',
  reference: '',
})

/** Invoices, each with the payment that settled it. */
export function InvoicesForm({
  draft,
  keep,
  done,
  parties,
}: PartProps & { parties: { buyer: string; seller: string } }) {
  const { t } = useTranslation()
  const [rows, setRows] = useState<Row[]>(() =>
    (draft.invoices ?? []).length === 0
      ? [blank()]
      : (draft.invoices ?? []).map((invoice, index) => {
          const payment = draft.payments?.[index]
          return {
            key: nextKey++,
            code: invoice.code ?? '',
            number: invoice.number,
            issuedOn: invoice.issuedOn,
            gross: yuanText(invoice.grossFen),
            allocated: yuanText(invoice.allocatedFen),
            paidOn: payment?.paidOn ?? '',
            paid: payment ? yuanText(payment.amountFen) : '',
            reference: payment?.reference ?? '',
          }
        }),
  )
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const set = (key: number, change: Partial<Row>) =>
    setRows(rows.map((each) => (each.key === key ? { ...each, ...change } : each)))
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    for (const each of rows) {
      const gross = fenOf(each.gross)
      const allocated = fenOf(each.allocated)
      if (each.code !== '' && !/^\d{10}(\d{2})?$/.test(each.code)) found[`code-${each.key}`] = t('filing.codeWrong')
      if (!(each.code === '' ? /^\d{20}$/ : /^\d{8}$/).test(each.number))
        found[`number-${each.key}`] = t('filing.numberWrong')
      if (!isDay(each.issuedOn)) found[`issued-${each.key}`] = t('form.badDay', { what: t('paper.issuedOn') })
      if (gross === undefined) found[`gross-${each.key}`] = t('form.badAmount', { what: t('paper.gross') })
      if (allocated === undefined) found[`allocated-${each.key}`] = t('form.badAmount', { what: t('paper.allocated') })
      else if (gross !== undefined && BigInt(allocated) > BigInt(gross))
        found[`allocated-${each.key}`] = t('filing.aboveGross')
      if (!isDay(each.paidOn)) found[`paidOn-${each.key}`] = t('form.badDay', { what: t('paper.paidOn') })
      if (fenOf(each.paid) === undefined) found[`paid-${each.key}`] = t('form.badAmount', { what: t('filing.paid') })
      if (each.reference.trim() === '') found[`reference-${each.key}`] = t('form.needed', { what: t('paper.payment') })
    }
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    await keep({
      invoices: rows.map((each) => ({
        code: each.code || null,
        number: each.number,
        issuedOn: each.issuedOn,
        sellerUscc: parties.seller,
        buyerUscc: parties.buyer,
        grossFen: fenOf(each.gross) ?? '0',
        allocatedFen: fenOf(each.allocated) ?? '0',
      })),
      payments: rows.map((each) => ({
        paidOn: each.paidOn,
        amountFen: fenOf(each.paid) ?? '0',
        reference: each.reference.trim(),
      })),
    })
    done()
  }
  return (
    <form className="stack reading" onSubmit={(event) => void save(event).catch(() => undefined)} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <p className="quiet">{t('filing.invoiceParties', parties)}</p>
      {rows.map((each, index) => {
        const field = (name: keyof Row & string, id: string, label: string, more: object = {}) => (
          <TextField
            id={`${id}-${each.key}`}
            short
            label={label}
            wrong={wrongs[`${id}-${each.key}`]}
            value={String(each[name])}
            onValue={(value) => set(each.key, { [name]: value })}
            {...more}
          />
        )
        return (
          <Card key={each.key} title={`${t('paper.invoices')} ${index + 1}`}>
            <div className="form">
              {field('code', 'code', t('filing.code'), { hint: t('filing.codeHint'), inputMode: 'numeric' })}
              {field('number', 'number', t('filing.number'), { hint: t('filing.numberHint'), inputMode: 'numeric' })}
              {field('issuedOn', 'issued', t('paper.issuedOn'), { type: 'date' })}
              {field('gross', 'gross', t('paper.gross'), { inputMode: 'decimal' })}
              {field('allocated', 'allocated', t('paper.allocated'), { inputMode: 'decimal' })}
              {field('paidOn', 'paidOn', t('paper.paidOn'), { type: 'date' })}
              {field('paid', 'paid', t('filing.paid'), { inputMode: 'decimal' })}
              {field('reference', 'reference', t('paper.payment'), { maxLength: 60 })}
              {rows.length > 1 && (
                <div>
                  <Button onClick={() => setRows(rows.filter((other) => other.key !== each.key))}>
                    {t('action.remove')}
                  </Button>
                </div>
              )}
            </div>
          </Card>
        )
      })}
      <div className="row">
        <Button onClick={() => setRows([...rows, blank()])} disabled={rows.length >= 100}>
          {t('filing.addInvoice')}
        </Button>
      </div>
      <div className="row">
        <Button type="primary" size="large" htmlType="submit">
          {t('filing.keep')}
        </Button>
        <Button size="large" onClick={done}>
          {t('action.back')}
        </Button>
      </div>
    </form>
  )
}
