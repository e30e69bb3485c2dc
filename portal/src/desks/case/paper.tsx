import { useTranslation } from 'react-i18next'
import { Rows } from '../../components/data-table.tsx'
import { Facts, Money } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import type { CaseView } from './case-page.tsx'

/** What the filer states: certification, contract, invoices, payments, acceptance. */
export function Paper({ view }: { view: CaseView }) {
  const { t } = useTranslation()
  const { certification, contract, redemption } = view
  const say = useSentence()
  const sceneOf = (code: string) => {
    const name = contract?.sceneNames[code]
    return name ? say(name) : code
  }
  return (
    <>
      <Card title={t('paper.parties')}>
        <Facts
          rows={view.parties.map((each): [string, string] => [
            t(`paper.part.${each.part}`),
            `${each.name}${each.uscc ? ` · ${each.uscc}` : ''}`,
          ])}
        />
      </Card>
      {certification && (
        <Card title={t('case.kind.certification')}>
          <Facts
            rows={[
              [t('account.uscc'), certification.uscc],
              [t('facts.industry'), certification.industry],
              [t('facts.registeredOn'), certification.registeredOn],
              [t('facts.revenue'), <Money fen={certification.lastYearRevenueFen} key="r" />],
              [t('facts.violation'), certification.fiscalViolationOn ?? t('facts.no')],
              [t('paper.contact'), `${certification.contactName} ${certification.contactPhone}`],
            ]}
          />
        </Card>
      )}
      {contract && (
        <Card title={t('paper.contract')}>
          <div className="stack">
            <Facts
              rows={[
                [t('paper.contractNo'), contract.no],
                [t('facts.signedOn'), contract.signedOn],
                [t('case.supplier'), `${contract.supplierName} · ${contract.supplierUscc}`],
                [t('paper.machines'), contract.machines],
                [t('facts.amount'), <Money fen={contract.amountFen} key="a" />],
              ]}
            />
            <div className="table-wrap">
              <Rows
                caption={t('paper.lines')}
                rows={contract.lines.map((line, index) => ({ ...line, index }))}
                keyOf={(row) => String(row.index)}
                columns={[
                  { title: t('programme.scene'), cell: (row) => sceneOf(row.scene) },
                  { title: t('programme.fee'), cell: (row) => t(`paper.fee.${row.feeKind}`) },
                  { title: t('paper.product'), cell: (row) => row.product },
                  { title: t('case.amount'), end: true, cell: (row) => <Money fen={row.amountFen} /> },
                ]}
              />
            </div>
          </div>
        </Card>
      )}
      {redemption && (
        <Card title={t('paper.papers')}>
          <div className="stack">
            <Facts
              rows={[
                [t('voucher.no'), redemption.voucherNo],
                [t('paper.period'), `${redemption.fromDay} — ${redemption.toDay}`],
                [t('paper.acceptance'), `${redemption.acceptance.acceptedOn} · ${redemption.acceptance.delivered}`],
                [
                  t('paper.bank'),
                  `${redemption.bankAccount.holder} · ${redemption.bankAccount.bank} · ${redemption.bankAccount.number}`,
                ],
              ]}
            />
            <div className="table-wrap">
              <Rows
                caption={t('paper.invoices')}
                rows={redemption.invoices}
                keyOf={(row) => `${row.code ?? ''}${row.number}`}
                columns={[
                  { title: t('paper.invoice'), cell: (row) => `${row.code ?? ''} ${row.number}` },
                  { title: t('paper.issuedOn'), cell: (row) => row.issuedOn },
                  { title: t('paper.gross'), end: true, cell: (row) => <Money fen={row.grossFen} /> },
                  { title: t('paper.allocated'), end: true, cell: (row) => <Money fen={row.allocatedFen} /> },
                ]}
              />
            </div>
            <div className="table-wrap">
              <Rows
                caption={t('paper.payments')}
                rows={redemption.payments}
                keyOf={(row) => row.reference + row.paidOn}
                columns={[
                  { title: t('paper.payment'), cell: (row) => row.reference },
                  { title: t('paper.paidOn'), cell: (row) => row.paidOn },
                  { title: t('case.amount'), end: true, cell: (row) => <Money fen={row.amountFen} /> },
                ]}
              />
            </div>
          </div>
        </Card>
      )}
    </>
  )
}
