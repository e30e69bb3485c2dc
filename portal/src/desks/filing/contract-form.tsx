import { usccFault } from '@kapok/contracts/uscc'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import type { Contract } from './apply.tsx'
import { isDay } from './check.ts'

export function ContractForm(props: {
  draft: Partial<Contract>
  keep(change: Partial<Contract>): Promise<void>
  done(): void
}) {
  const { t } = useTranslation()
  const { draft } = props
  const [form, setForm] = useState({
    no: draft.no ?? '',
    signedOn: draft.signedOn ?? '',
    supplier: draft.supplierUscc ?? '',
    machines: draft.machines === undefined ? '' : String(draft.machines),
  })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    const supplierUscc = form.supplier.trim().toUpperCase()
    if (form.no.trim() === '') found.contractNo = t('form.needed', { what: t('paper.contractNo') })
    if (!isDay(form.signedOn)) found.signedOn = t('form.badDay', { what: t('facts.signedOn') })
    if (usccFault(supplierUscc) !== undefined) found.supplier = t('form.badUscc', { what: t('filing.supplierUscc') })
    if (!/^\d{1,4}$/.test(form.machines)) found.machines = t('filing.machinesWrong')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    await props.keep({ no: form.no.trim(), signedOn: form.signedOn, supplierUscc, machines: Number(form.machines) })
    props.done()
  }
  return (
    <form className="form" onSubmit={(event) => void save(event).catch(() => undefined)} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <TextField
        id="contractNo"
        label={t('paper.contractNo')}
        maxLength={60}
        wrong={wrongs.contractNo}
        value={form.no}
        onValue={(no) => setForm({ ...form, no })}
      />
      <TextField
        id="signedOn"
        short
        type="date"
        label={t('facts.signedOn')}
        wrong={wrongs.signedOn}
        value={form.signedOn}
        onValue={(signedOn) => setForm({ ...form, signedOn })}
      />
      <TextField
        id="supplier"
        label={t('filing.supplierUscc')}
        hint={t('filing.supplierHint')}
        maxLength={18}
        autoCapitalize="characters"
        spellCheck={false}
        wrong={wrongs.supplier}
        value={form.supplier}
        onValue={(supplier) => setForm({ ...form, supplier })}
      />
      <TextField
        id="machines"
        short
        inputMode="numeric"
        label={t('paper.machines')}
        hint={t('filing.machinesHint')}
        wrong={wrongs.machines}
        value={form.machines}
        onValue={(machines) => setForm({ ...form, machines })}
      />
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
