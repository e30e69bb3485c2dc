import { listDevices } from '@kapok/contracts/data'
import { getStrip } from '@kapok/contracts/evidence'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addDays, civilDayText, fenOf, yuanText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { usePlatformNow } from '../../app/platform.ts'
import { EvidenceStrip } from '../../components/evidence-strip.tsx'
import { Choices, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { Reply } from '../../components/waiting.tsx'
import { isDay } from './check.ts'
import type { PartProps, Redemption, VoucherView } from './redeem.tsx'

/** Which machines, which days, and how much of each contract line is claimed; the sealed use is shown while choosing. */
export function UseForm({ voucher, draft, keep, done }: PartProps & { voucher: VoucherView }) {
  const { t } = useTranslation()
  const now = usePlatformNow() ?? voucher.issuedAt
  const devices = useAsk(listDevices, { query: { size: 500, kind: 'device' } })
  const yesterday = addDays(civilDayText(now), -1)
  const [chosen, setChosen] = useState<string[]>(draft.deviceIds ?? [])
  const [from, setFrom] = useState(draft.fromDay ?? addDays(yesterday, -89))
  const [to, setTo] = useState(draft.toDay ?? yesterday)
  const [amounts, setAmounts] = useState<string[]>(() =>
    voucher.lines.map((line, index) =>
      yuanText(draft.lines?.find((each) => each.index === index)?.amountFen ?? line.amountFen),
    ),
  )
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const daysGood = isDay(from) && isDay(to) && from <= to
  const strip = useAsk(getStrip, { query: { from, to } }, { enabled: daysGood && chosen.length > 0, keep: true })
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (voucher.machines > 0 && chosen.length === 0) found.devices = t('form.choose', { what: t('filing.devices') })
    if (!isDay(from)) found.from = t('form.badDay', { what: t('evidence.from') })
    if (!isDay(to) || to < from) found.to = t('filing.daysWrong')
    const lines: Redemption['lines'] = []
    for (const [index, line] of voucher.lines.entries()) {
      const amountFen = fenOf(amounts[index] ?? '')
      if (amountFen === undefined) found[`line-${index}`] = t('form.badAmount', { what: line.product })
      else if (BigInt(amountFen) > BigInt(line.amountFen))
        found[`line-${index}`] = t('filing.aboveLine', { product: line.product, most: yuanText(line.amountFen) })
      else if (amountFen !== '0') lines.push({ index, amountFen })
    }
    if (lines.length === 0 && Object.keys(found).length === 0) found['line-0'] = t('filing.nothingClaimed')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    await keep({ deviceIds: chosen, fromDay: from, toDay: to, lines })
    done()
  }
  return (
    <form className="stack" onSubmit={(event) => void save(event).catch(() => undefined)} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <div className="form">
        <Reply of={devices}>
          {({ rows }) => (
            <Choices
              id="devices"
              many
              legend={t('filing.devices')}
              hint={t('filing.devicesHint', { n: voucher.machines })}
              wrong={wrongs.devices}
              value={chosen}
              onValue={setChosen}
              options={rows.map((each) => ({ value: each.id, text: each.name }))}
            />
          )}
        </Reply>
        <TextField
          id="from"
          short
          type="date"
          label={t('filing.fromDay')}
          wrong={wrongs.from}
          value={from}
          onValue={setFrom}
        />
        <TextField id="to" short type="date" label={t('filing.toDay')} wrong={wrongs.to} value={to} onValue={setTo} />
      </div>
      {chosen.length > 0 && daysGood && (
        <Card title={t('evidence.strip')}>
          <Reply of={strip}>
            {(reply) => (
              <EvidenceStrip
                days={reply.days.filter((each) => chosen.includes(each.deviceId))}
                label={t('evidence.strip')}
              />
            )}
          </Reply>
        </Card>
      )}
      <div className="form">
        {voucher.lines.map((line, index) => (
          <TextField
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a contract are known by their index
            key={index}
            id={`line-${index}`}
            short
            inputMode="decimal"
            label={`${t('filing.claimOf')} ${line.product}`}
            hint={t('filing.lineHint', { most: yuanText(line.amountFen) })}
            wrong={wrongs[`line-${index}`]}
            value={amounts[index] ?? ''}
            onValue={(value) => setAmounts(amounts.map((each, at) => (at === index ? value : each)))}
          />
        ))}
        <div className="row">
          <Button type="primary" size="large" htmlType="submit">
            {t('filing.keep')}
          </Button>
          <Button size="large" onClick={done}>
            {t('action.back')}
          </Button>
        </div>
      </div>
    </form>
  )
}
