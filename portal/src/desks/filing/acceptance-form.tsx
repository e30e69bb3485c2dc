import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorSummary, TextArea, TextField, type Wrongs } from '../../components/form.tsx'
import { isDay } from './check.ts'
import type { PartProps } from './redeem.tsx'

export function AcceptanceForm({ draft, keep, done, holder }: PartProps & { holder: string }) {
  const { t } = useTranslation()
  const [form, setForm] = useState({
    acceptedOn: draft.acceptance?.acceptedOn ?? '',
    delivered: draft.acceptance?.delivered ?? '',
    holder: draft.bankAccount?.holder ?? holder,
    bank: draft.bankAccount?.bank ?? '',
    number: draft.bankAccount?.number ?? '',
  })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const set = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value })
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    const number = form.number.replace(/\s/g, '')
    if (!isDay(form.acceptedOn)) found.acceptedOn = t('form.badDay', { what: t('filing.acceptedOn') })
    if (form.delivered.trim() === '') found.delivered = t('form.needed', { what: t('filing.delivered') })
    if (form.holder.trim() === '') found.holder = t('form.needed', { what: t('filing.holder') })
    if (form.bank.trim() === '') found.bank = t('form.needed', { what: t('filing.bank') })
    if (!/^\d{8,30}$/.test(number)) found.number = t('filing.accountWrong')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    await keep({
      acceptance: { acceptedOn: form.acceptedOn, delivered: form.delivered.trim() },
      bankAccount: { holder: form.holder.trim(), bank: form.bank.trim(), number },
    })
    done()
  }
  return (
    <form className="form" onSubmit={(event) => void save(event).catch(() => undefined)} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <TextField
        id="acceptedOn"
        short
        type="date"
        label={t('filing.acceptedOn')}
        wrong={wrongs.acceptedOn}
        value={form.acceptedOn}
        onValue={set('acceptedOn')}
      />
      <TextArea
        id="delivered"
        limit={2000}
        label={t('filing.delivered')}
        wrong={wrongs.delivered}
        value={form.delivered}
        onValue={set('delivered')}
      />
      <TextField
        id="holder"
        label={t('filing.holder')}
        hint={t('filing.holderHint')}
        wrong={wrongs.holder}
        value={form.holder}
        onValue={set('holder')}
      />
      <TextField id="bank" label={t('filing.bank')} wrong={wrongs.bank} value={form.bank} onValue={set('bank')} />
      <TextField
        id="number"
        inputMode="numeric"
        label={t('filing.account')}
        wrong={wrongs.number}
        value={form.number}
        onValue={set('number')}
      />
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
