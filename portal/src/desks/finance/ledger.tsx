import { getTrialBalance, listPostings } from '@kapok/contracts/subsidy'
import { useTranslation } from 'react-i18next'
import { countText, instantText, yuanText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { DataTable, Rows } from '../../components/data-table.tsx'
import { Instant, Money } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { PickProgramme } from './pick-programme.tsx'

/** The trial balance, which sums to zero, and every posting behind it. */
export function Ledger() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.ledger')} lead={t('finance.ledgerLead')}>
      <PickProgramme>{(programmeId) => <Books programmeId={programmeId} />}</PickProgramme>
    </Page>
  )
}

const causes = [
  'appropriate',
  'allocate',
  'recall',
  'open-cap',
  'set-cap',
  'issue',
  'lock',
  'unlock',
  'approve',
  'pay',
  'expire',
] as const

/** An account by its last part; the whole name, with its ledger and programme, is in the tooltip and the export. */
function Account({ name }: { name: string }) {
  return <code title={name}>{name.slice(name.lastIndexOf('/') + 1)}</code>
}

function Books({ programmeId }: { programmeId: string }) {
  const { t } = useTranslation()
  const say = useSentence()
  const causeOf = (cause: string) =>
    (causes as readonly string[]).includes(cause) ? t(`finance.causes.${cause as (typeof causes)[number]}`) : cause
  const balance = useAsk(getTrialBalance, { query: { programmeId } })
  return (
    <>
      <Reply of={balance}>
        {(reply) => (
          <section className="stack" aria-label={t('finance.trialBalance')}>
            <div className="row-between">
              <h2>{t('finance.trialBalance')}</h2>
              <span className="row">
                <StatusTag tone={reply.sumFen === '0' ? 'good' : 'fault'}>
                  {reply.sumFen === '0'
                    ? t('finance.balanced')
                    : t('finance.unbalanced', { sum: yuanText(reply.sumFen) })}
                </StatusTag>
                <span className="quiet">
                  {t('finance.postingsCount', { n: countText(reply.postings) })} · {t('form.asOf')}{' '}
                  <Instant at={reply.asOf} />
                </span>
              </span>
            </div>
            <div className="table-wrap">
              <Rows
                caption={t('finance.trialBalance')}
                rows={reply.accounts}
                keyOf={(row) => row.name}
                columns={[
                  {
                    title: t('finance.account'),
                    cell: (row) => (
                      <span>
                        {say(row.label)} <code className="quiet">{row.name}</code>
                      </span>
                    ),
                  },
                  { title: t('finance.accounts'), end: true, cell: (row) => countText(row.accounts) },
                  { title: t('finance.debit'), end: true, cell: (row) => <Money fen={row.debitFen} /> },
                  { title: t('finance.credit'), end: true, cell: (row) => <Money fen={row.creditFen} /> },
                  { title: t('finance.balance'), end: true, cell: (row) => <Money fen={row.balanceFen} /> },
                ]}
              />
            </div>
          </section>
        )}
      </Reply>
      <section className="stack" aria-label={t('finance.postings')}>
        <h2>{t('finance.postings')}</h2>
        <DataTable
          contract={listPostings}
          ask={{ query: { programmeId } }}
          caption={t('finance.postings')}
          search={t('finance.searchPostings')}
          exportName="postings"
          keyOf={(row) => `${row.id}${row.from}${row.to}`}
          empty={<Empty title={t('finance.noPostings')} />}
          columns={[
            {
              title: t('finance.at'),
              sort: 'at',
              cell: (row) => <Instant at={row.at} />,
              text: (row) => instantText(row.at),
            },
            { title: t('finance.cause'), sort: 'cause', cell: (row) => causeOf(row.cause), text: (row) => row.cause },
            { title: t('finance.reference'), cell: (row) => row.reference, text: (row) => row.reference },
            { title: t('finance.from'), cell: (row) => <Account name={row.from} />, text: (row) => row.from },
            { title: t('finance.to'), cell: (row) => <Account name={row.to} />, text: (row) => row.to },
            {
              title: t('case.amount'),
              sort: 'fen',
              end: true,
              cell: (row) => <Money fen={row.fen} />,
              text: (row) => yuanText(row.fen),
            },
          ]}
        />
      </section>
    </>
  )
}
