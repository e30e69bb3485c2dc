import { type CaseKind, caseKinds, listCases } from '@kapok/contracts/case'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText, yuanText } from '../../api/format.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant, Money } from '../../components/figures.tsx'
import { StatusTag } from '../../components/state.tsx'
import { CaseStateTag } from './case-state.tsx'

/** Cases by their clocks, nearest deadline first; one table for every desk. */
export function CaseTable(props: { desk: 'mine' | 'all'; empty: ReactNode; filter?: boolean; kind?: CaseKind }) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<CaseKind | ''>(props.kind ?? '')
  return (
    <DataTable
      contract={listCases}
      ask={{ query: { desk: props.desk, kind: kind || undefined } }}
      caption={props.desk === 'mine' ? t('case.waitForMe') : t('nav.cases')}
      search={t('case.search')}
      exportName="cases"
      every={20_000}
      keyOf={(row) => row.id}
      empty={props.empty}
      filters={
        props.filter && (
          <select
            className="input"
            style={{ width: 'auto' }}
            aria-label={t('case.kindOf')}
            value={kind}
            onChange={(event) => setKind(event.target.value as CaseKind)}
          >
            <option value="">{t('case.everyKind')}</option>
            {caseKinds.map((each) => (
              <option key={each} value={each}>
                {t(`case.kind.${each}`)}
              </option>
            ))}
          </select>
        )
      }
      columns={[
        {
          title: t('case.no'),
          sort: 'caseNo',
          cell: (row) => <Link to={`/cases/${row.id}`}>{row.caseNo}</Link>,
          text: (row) => row.caseNo,
        },
        {
          title: t('case.kindOf'),
          sort: 'kind',
          cell: (row) => t(`case.kind.${row.kind}`),
          text: (row) => t(`case.kind.${row.kind}`),
        },
        { title: t('case.enterprise'), sort: 'filerName', cell: (row) => row.filerName, text: (row) => row.filerName },
        { title: t('case.supplier'), cell: (row) => row.supplierName ?? '—', text: (row) => row.supplierName ?? '' },
        {
          title: t('case.amount'),
          sort: 'amountFen',
          end: true,
          cell: (row) => <Money fen={row.amountFen} />,
          text: (row) => (row.amountFen === null ? '' : yuanText(row.amountFen)),
        },
        {
          title: t('case.stateOf'),
          sort: 'state',
          cell: (row) => <CaseStateTag state={row.state} />,
          text: (row) => t(`case.state.${row.state}`),
        },
        {
          title: t('case.whoseDesk'),
          cell: (row) => (row.desk === null ? '—' : (row.deskOrganisation ?? t(`case.desk.${row.desk}`))),
          text: (row) => row.deskOrganisation ?? row.desk ?? '',
        },
        {
          title: t('case.due'),
          sort: 'due',
          cell: (row) => (
            <span className="row">
              <Instant at={row.due} />
              {row.overdue && <StatusTag tone="fault">{t('case.overdue')}</StatusTag>}
              {row.dueProvisional && <StatusTag tone="notice">{t('case.provisional')}</StatusTag>}
            </span>
          ),
          text: (row) => (row.due === null ? '' : instantText(row.due)),
        },
      ]}
    />
  )
}
