import type { ReplyOf } from '@kapok/contracts/route'
import { exportBatch, fileReceipt, getBatch } from '@kapok/contracts/subsidy'
import { Link, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf } from '../../api/call.ts'
import { yuanText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Rows } from '../../components/data-table.tsx'
import { Instant, Money, Stat } from '../../components/figures.tsx'
import { Choices, TextField } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'

type BatchView = ReplyOf<typeof getBatch>
type Line = BatchView['rows'][number]
const tone = { waiting: 'info', paid: 'good', failed: 'fault' } as const

export function Batch() {
  const { batchId = '' } = useParams({ strict: false })
  const batch = useAsk(getBatch, { params: { batchId } })
  return <Reply of={batch}>{(each) => <Lines batch={each} />}</Reply>
}

function Lines({ batch }: { batch: BatchView }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState<Line>()
  return (
    <Page
      title={`${t('finance.batchNo')} ${batch.batchNo}`}
      crumbs={[{ text: t('nav.batches'), to: '/finance/batches' }, { text: batch.batchNo }]}
      action={
        <a href={addressOf(exportBatch, { params: { batchId: batch.id } })} download>
          {t('finance.forBank')}
        </a>
      }
    >
      <div className="stack-wide">
        <div className="stats">
          <Stat label={t('finance.total')} note={t('finance.by', { name: batch.createdBy })}>
            <Money fen={batch.totalFen} />
          </Stat>
          <Stat label={t('money.paid')}>
            <Money fen={batch.paidFen} />
          </Stat>
          <Stat label={t('finance.waiting')}>{batch.waiting}</Stat>
        </div>
        <div className="table-wrap">
          <Rows
            caption={batch.batchNo}
            rows={batch.rows}
            keyOf={(row) => String(row.line)}
            columns={[
              { title: t('finance.line'), cell: (row) => row.line },
              { title: t('case.no'), cell: (row) => <Link to={`/cases/${row.caseId}`}>{row.caseNo}</Link> },
              { title: t('case.enterprise'), cell: (row) => row.enterpriseName },
              { title: t('paper.bank'), cell: (row) => `${row.bankAccount.bank} ${row.bankAccount.number}` },
              { title: t('case.amount'), end: true, cell: (row) => <Money fen={row.amountFen} /> },
              {
                title: t('finance.receipt'),
                cell: (row) => (
                  <span>
                    <StatusTag tone={tone[row.state]}>{t(`finance.line${row.state}`)}</StatusTag>
                    {row.receiptId && (
                      <div className="quiet">
                        {row.receiptId} <Instant at={row.answeredAt} />
                      </div>
                    )}
                    {row.failure && <div>{row.failure}</div>}
                  </span>
                ),
              },
              {
                title: t('finance.enter'),
                cell: (row) =>
                  row.state === 'waiting' && <Button onClick={() => setOpen(row)}>{t('finance.enter')}</Button>,
              },
            ]}
          />
        </div>
        {open && <Receipt key={open.line} batchId={batch.id} line={open} done={() => setOpen(undefined)} />}
      </div>
    </Page>
  )
}

function Receipt({ batchId, line, done }: { batchId: string; line: Line; done(): void }) {
  const { t } = useTranslation()
  const file = useCommand(fileReceipt, ['subsidy.', 'insight.'])
  const [receiptId, setReceiptId] = useState('')
  const [outcome, setOutcome] = useState<'paid' | 'failed'>('paid')
  const [reason, setReason] = useState('')
  return (
    <Card opened title={`${t('finance.enter')} · ${line.enterpriseName}`}>
      <div className="form">
        <TextField
          id="receiptId"
          label={t('finance.receiptId')}
          hint={t('finance.receiptHint')}
          maxLength={80}
          value={receiptId}
          onValue={setReceiptId}
        />
        <Choices
          id="outcome"
          legend={t('finance.outcome')}
          value={[outcome]}
          onValue={([value]) => setOutcome(value === 'failed' ? 'failed' : 'paid')}
          options={[
            { value: 'paid', text: t('finance.linepaid') },
            { value: 'failed', text: t('finance.linefailed') },
          ]}
        />
        {outcome === 'failed' && (
          <TextField id="failure" label={t('finance.failure')} maxLength={500} value={reason} onValue={setReason} />
        )}
        <div className="row">
          <ConfirmAct
            primary
            missing={
              receiptId.trim() === ''
                ? t('form.needed', { what: t('finance.receiptId') })
                : outcome === 'failed' && reason.trim() === ''
                  ? t('form.needed', { what: t('finance.failure') })
                  : undefined
            }
            button={t('finance.enter')}
            title={`${t(`finance.line${outcome}`)} · ${yuanText(line.amountFen)} ${t('unit.yuan')}`}
            effect={t(`finance.${outcome}Effect`, { name: line.enterpriseName, no: line.caseNo })}
            act={() =>
              file.mutateAsync({
                params: { batchId },
                body: { line: line.line, receiptId: receiptId.trim(), outcome, reason: reason.trim() || undefined },
              })
            }
            onDone={done}
          />
          <Button onClick={done}>{t('action.cancel')}</Button>
        </div>
      </div>
    </Card>
  )
}
