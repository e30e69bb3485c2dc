import { createBatch, listBatches, listPayables } from '@kapok/contracts/subsidy'
import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { instantText, yuanText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { useProgrammeTitle } from '../../app/programme-title.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Instant, Money } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'

/** What may be paid now, and the batches that went to the bank. */
export function Batches() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.batches')} lead={t('finance.batchesLead')}>
      <div className="stack-wide">
        <section className="stack" aria-label={t('finance.payables')}>
          <div className="row-between">
            <h2>{t('finance.payables')}</h2>
            <MakeBatches />
          </div>
          <DataTable
            contract={listPayables}
            caption={t('finance.payables')}
            search={t('case.search')}
            exportName="payables"
            keyOf={(row) => row.caseId}
            empty={<Empty title={t('finance.noPayables')} />}
            columns={[
              {
                title: t('case.no'),
                cell: (row) => <Link to={`/cases/${row.caseId}`}>{row.caseNo}</Link>,
                text: (row) => row.caseNo,
              },
              {
                title: t('case.enterprise'),
                sort: 'enterpriseName',
                cell: (row) => row.enterpriseName,
                text: (row) => row.enterpriseName,
              },
              { title: t('case.region'), cell: (row) => row.regionName, text: (row) => row.regionName },
              {
                title: t('money.approved'),
                sort: 'approvedFen',
                end: true,
                cell: (row) => <Money fen={row.approvedFen} />,
                text: (row) => yuanText(row.approvedFen),
              },
              {
                title: t('finance.since'),
                sort: 'payableSince',
                cell: (row) => <Instant at={row.payableSince} />,
                text: (row) => instantText(row.payableSince),
              },
            ]}
          />
        </section>
        <section className="stack" aria-label={t('nav.batches')}>
          <h2>{t('nav.batches')}</h2>
          <DataTable
            contract={listBatches}
            caption={t('nav.batches')}
            search={t('finance.searchBatches')}
            exportName="batches"
            keyOf={(row) => row.id}
            empty={<Empty title={t('finance.noBatches')} />}
            columns={[
              {
                title: t('finance.batchNo'),
                sort: 'batchNo',
                cell: (row) => <Link to={`/finance/batches/${row.id}`}>{row.batchNo}</Link>,
                text: (row) => row.batchNo,
              },
              {
                title: t('finance.created'),
                sort: 'createdAt',
                cell: (row) => <Instant at={row.createdAt} />,
                text: (row) => instantText(row.createdAt),
              },
              { title: t('finance.linesCount'), end: true, cell: (row) => row.lines, text: (row) => String(row.lines) },
              {
                title: t('finance.total'),
                sort: 'totalFen',
                end: true,
                cell: (row) => <Money fen={row.totalFen} />,
                text: (row) => yuanText(row.totalFen),
              },
              {
                title: t('money.paid'),
                end: true,
                cell: (row) => <Money fen={row.paidFen} />,
                text: (row) => yuanText(row.paidFen),
              },
              {
                title: t('case.stateOf'),
                cell: (row) => (
                  <span className="row">
                    <StatusTag tone={row.state === 'closed' ? 'good' : 'info'}>{t(`finance.${row.state}`)}</StatusTag>
                    {row.failed > 0 && (
                      <StatusTag tone="fault">{t('finance.failedCount', { n: row.failed })}</StatusTag>
                    )}
                  </span>
                ),
                text: (row) => t(`finance.${row.state}`),
              },
            ]}
          />
        </section>
      </div>
    </Page>
  )
}

/** One button per programme with something to pay; it names how many and how much. */
function MakeBatches() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const payables = useAsk(listPayables, { query: { size: 500 } })
  const create = useCommand(createBatch, ['subsidy.'])
  const titleOf = useProgrammeTitle()
  const programmes = [...new Set(payables.data?.rows.map((each) => each.programmeId) ?? [])]
  return (
    <div className="row">
      {programmes.map((programmeId) => {
        const rows = payables.data?.rows.filter((each) => each.programmeId === programmeId) ?? []
        const sum = rows.reduce((total, each) => total + BigInt(each.approvedFen), 0n)
        return (
          <ConfirmAct
            key={programmeId}
            primary
            button={t('finance.makeBatch')}
            title={`${t('finance.makeBatch')} · ${yuanText(String(sum))} ${t('unit.yuan')}`}
            effect={t('finance.makeBatchEffect', { n: rows.length, programme: titleOf(programmeId) })}
            act={async () => {
              const made = await create.mutateAsync({ body: { programmeId, caseIds: rows.map((each) => each.caseId) } })
              await navigate({ to: `/finance/batches/${made.id}` })
            }}
          />
        )
      })}
    </div>
  )
}
