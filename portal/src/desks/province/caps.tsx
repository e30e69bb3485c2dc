import type { ReplyOf } from '@kapok/contracts/route'
import { listSupplierCaps, setSupplierCap, suspendSupplier } from '@kapok/contracts/subsidy'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, yuanText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Money } from '../../components/figures.tsx'
import { TextArea, TextField } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'

type Cap = ReplyOf<typeof listSupplierCaps>['rows'][number]
const changes = ['subsidy.cap.list']

/** Caps of suppliers, and the suspension that stops new vouchers at once. */
export function Caps() {
  const { t } = useTranslation()
  const [open, setOpen] = useState<Cap>()
  return (
    <Page title={t('nav.caps')} lead={t('cap.lead')}>
      <div className="stack">
        <DataTable
          contract={listSupplierCaps}
          caption={t('nav.caps')}
          search={t('cap.search')}
          exportName="supplier-caps"
          keyOf={(row) => row.programmeId + row.supplierUscc}
          empty={<Empty title={t('cap.none')} />}
          columns={[
            {
              title: t('case.supplier'),
              sort: 'supplierName',
              cell: (row) => row.supplierName,
              text: (row) => row.supplierName,
            },
            {
              title: t('account.uscc'),
              cell: (row) => <code>{row.supplierUscc}</code>,
              text: (row) => row.supplierUscc,
            },
            {
              title: t('supplier.cap'),
              sort: 'capFen',
              end: true,
              cell: (row) => <Money fen={row.capFen} />,
              text: (row) => yuanText(row.capFen),
            },
            {
              title: t('supplier.reserved'),
              sort: 'reservedFen',
              end: true,
              cell: (row) => <Money fen={row.reservedFen} />,
              text: (row) => yuanText(row.reservedFen),
            },
            {
              title: t('supplier.left'),
              sort: 'leftFen',
              end: true,
              cell: (row) => <Money fen={row.leftFen} />,
              text: (row) => yuanText(row.leftFen),
            },
            {
              title: t('case.stateOf'),
              cell: (row) => (
                <StatusTag tone={row.suspended ? 'fault' : 'good'}>
                  {row.suspended ? t('cap.suspended') : t('cap.active')}
                </StatusTag>
              ),
              text: (row) => (row.suspended ? t('cap.suspended') : t('cap.active')),
            },
            { title: t('cap.change'), cell: (row) => <Button onClick={() => setOpen(row)}>{t('cap.change')}</Button> },
          ]}
        />
        {open && <Change key={open.supplierUscc} cap={open} done={() => setOpen(undefined)} />}
      </div>
    </Page>
  )
}

function Change({ cap, done }: { cap: Cap; done(): void }) {
  const { t } = useTranslation()
  const set = useCommand(setSupplierCap, changes)
  const suspend = useCommand(suspendSupplier, changes)
  const [amount, setAmount] = useState(yuanText(cap.capFen))
  const [reason, setReason] = useState('')
  const fen = fenOf(amount)
  const missing = reason.trim().length < 2 ? t('form.needed', { what: t('decide.reason') }) : undefined
  return (
    <Card opened title={cap.supplierName}>
      <div className="form">
        <TextField
          id="cap"
          short
          inputMode="decimal"
          label={t('supplier.cap')}
          hint={t('form.yuanHint')}
          wrong={fen === undefined ? t('form.badAmount', { what: t('supplier.cap') }) : undefined}
          value={amount}
          onValue={setAmount}
        />
        <TextArea id="cap-reason" label={t('decide.reason')} limit={500} value={reason} onValue={setReason} />
        <div className="row">
          <ConfirmAct
            primary
            missing={fen === undefined ? t('form.badAmount', { what: t('supplier.cap') }) : missing}
            button={t('cap.set')}
            title={`${t('cap.set')} · ${cap.supplierName}`}
            effect={t('cap.setEffect', { from: yuanText(cap.capFen), to: yuanText(fen ?? '0') })}
            act={() =>
              set.mutateAsync({
                body: {
                  programmeId: cap.programmeId,
                  supplierUscc: cap.supplierUscc,
                  capFen: fen ?? '',
                  reason: reason.trim(),
                },
              })
            }
            onDone={done}
          />
          <ConfirmAct
            danger={!cap.suspended}
            missing={missing}
            button={cap.suspended ? t('cap.lift') : t('cap.suspend')}
            title={`${cap.suspended ? t('cap.lift') : t('cap.suspend')} · ${cap.supplierName}`}
            effect={cap.suspended ? t('cap.liftEffect') : t('cap.suspendEffect')}
            act={() =>
              suspend.mutateAsync({
                params: { supplierUscc: cap.supplierUscc },
                body: { suspended: !cap.suspended, reason: reason.trim() },
              })
            }
            onDone={done}
          />
        </div>
      </div>
    </Card>
  )
}
