import { deleteQuarantine, getQuarantine, listQuarantine } from '@kapok/contracts/data'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { hexDump } from './hex-dump.ts'

/** What arrived and could not be used: why, from whom, and the bytes. */
export function Quarantine() {
  const { t } = useTranslation()
  const say = useSentence()
  const [open, setOpen] = useState<string>()
  return (
    <Page title={t('nav.quarantine')} lead={t('quarantine.lead')}>
      <div className="stack">
        <DataTable
          contract={listQuarantine}
          caption={t('nav.quarantine')}
          search={t('quarantine.search')}
          exportName="quarantine"
          every={5_000}
          keyOf={(row) => row.id}
          empty={<Empty title={t('quarantine.none')} />}
          columns={[
            {
              title: t('quarantine.at'),
              sort: 'at',
              cell: (row) => <Instant at={row.at} seconds />,
              text: (row) => instantText(row.at, true),
            },
            {
              title: t('quarantine.device'),
              sort: 'deviceName',
              cell: (row) => row.deviceName || '—',
              text: (row) => row.deviceName,
            },
            { title: t('quarantine.reason'), cell: (row) => say(row.reason), text: (row) => say(row.reason) },
            {
              title: t('quarantine.topic'),
              cell: (row) => <code className="hash">{row.topic || row.door}</code>,
              text: (row) => row.topic,
            },
            {
              title: t('quarantine.times'),
              sort: 'times',
              end: true,
              cell: (row) => countText(row.times),
              text: (row) => String(row.times),
            },
            {
              title: t('quarantine.bytes'),
              end: true,
              cell: (row) => (
                <Button size="small" onClick={() => setOpen(row.id)}>
                  {countText(row.bytes)} B
                </Button>
              ),
              text: (row) => String(row.bytes),
            },
          ]}
        />
        {open && <Payload key={open} quarantineId={open} onGone={() => setOpen(undefined)} />}
      </div>
    </Page>
  )
}

function Payload({ quarantineId, onGone }: { quarantineId: string; onGone(): void }) {
  const { t } = useTranslation()
  const say = useSentence()
  const payload = useAsk(getQuarantine, { params: { quarantineId } })
  const remove = useCommand(deleteQuarantine, ['data.quarantine.list'])
  return (
    <Card opened title={t('quarantine.payload')}>
      <Reply of={payload}>
        {(each) => (
          <div className="stack">
            <Facts
              rows={[
                [t('quarantine.reason'), say(each.reason)],
                [
                  'SHA-256',
                  <code className="hash" key="h">
                    {each.payloadSha256}
                  </code>,
                ],
              ]}
            />
            <section
              aria-label={t('quarantine.payload')}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
              tabIndex={0}
              style={{ maxHeight: 320, overflow: 'auto' }}
            >
              <pre className="command" style={{ whiteSpace: 'pre' }}>
                {hexDump(each.payload)}
              </pre>
            </section>
            <div>
              <ConfirmAct
                danger
                button={t('quarantine.remove')}
                title={t('quarantine.remove')}
                effect={t('quarantine.removeEffect')}
                act={() => remove.mutateAsync({ params: { quarantineId } })}
                onDone={onGone}
              />
            </div>
          </div>
        )}
      </Reply>
    </Card>
  )
}
