import { listAudit, verifyAudit } from '@kapok/contracts/access'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'

/** Every command in a hash chain, and the check that recomputes it. */
export function Audit() {
  const { t } = useTranslation()
  const [checking, setChecking] = useState(false)
  const verify = useAsk(verifyAudit, {}, { enabled: checking })
  return (
    <Page
      title={t('nav.audit')}
      lead={t('audit.lead')}
      action={
        <Button
          type="primary"
          loading={verify.isFetching}
          onClick={() => (checking ? void verify.refetch() : setChecking(true))}
        >
          {t('audit.verify')}
        </Button>
      }
    >
      <div className="stack">
        {checking && (
          <Reply of={verify}>
            {(each) => (
              <Banner tone={each.brokenAt === null ? 'good' : 'fault'} live>
                <p>
                  {each.brokenAt === null
                    ? t('audit.whole', { n: countText(each.events) })
                    : t('audit.broken', { index: each.brokenAt })}
                </p>
                <p className="quiet">
                  <code className="hash">{each.head}</code>
                </p>
              </Banner>
            )}
          </Reply>
        )}
        <DataTable
          contract={listAudit}
          caption={t('nav.audit')}
          search={t('audit.search')}
          exportName="audit"
          keyOf={(row) => String(row.index)}
          empty={<Empty title={t('audit.none')} />}
          columns={[
            { title: t('audit.index'), end: true, cell: (row) => row.index, text: (row) => String(row.index) },
            {
              title: t('audit.at'),
              sort: 'at',
              cell: (row) => <Instant at={row.at} seconds />,
              text: (row) => instantText(row.at, true),
            },
            {
              title: t('audit.actor'),
              cell: (row) => `${row.organisationName} ${row.actorName}`.trim() || '—',
              text: (row) => `${row.organisationName} ${row.actorName}`,
            },
            { title: t('audit.command'), cell: (row) => <code>{row.route}</code>, text: (row) => row.route },
            {
              title: t('audit.subject'),
              cell: (row) => (row.subject ? <span className="hash">{row.subject}</span> : '—'),
              text: (row) => row.subject,
            },
            {
              title: t('audit.outcome'),
              cell: (row) => (
                <StatusTag tone={row.outcome === 'done' ? 'good' : 'notice'}>{t(`audit.${row.outcome}`)}</StatusTag>
              ),
              text: (row) => t(`audit.${row.outcome}`),
            },
            {
              title: t('audit.hash'),
              cell: (row) => <code title={row.hash}>{row.hash.slice(0, 12)}…</code>,
              text: (row) => row.hash,
            },
          ]}
        />
      </div>
    </Page>
  )
}
