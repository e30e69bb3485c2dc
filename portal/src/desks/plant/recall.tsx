import { type RecallList, recallIdentifier } from '@kapok/contracts/registry-trace'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { csvOf, saveFile } from '../../components/csv.ts'
import { Instant, Stat } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { Named } from './named-thing.tsx'
import { shortName } from './trace-names.ts'

type Party = RecallList['parties'][number]

/** Whom a recall of a thing reaches, and with what. */
export function Recall({ id }: { id: string }) {
  const { t } = useTranslation()
  const reply = useAsk(recallIdentifier, { query: { id } })
  return (
    <Reply of={reply}>
      {({ parties, cut }) =>
        parties.length === 0 ? (
          <Empty title={t('trace.none')}>
            <p className="quiet">{t('trace.noneWhat')}</p>
          </Empty>
        ) : (
          <>
            {(cut.depth || cut.size) && <Banner tone="fault">{t('trace.cutRecall')}</Banner>}
            <Card
              title={t('trace.recallList')}
              action={
                <Button onClick={() => saveFile(csvOf(rowsOf(parties, t('trace.recallColumns'))), 'recall.csv')}>
                  {t('table.export')}
                </Button>
              }
            >
              <div className="row">
                <Stat label={t('trace.customers')}>
                  {countText(parties.filter(({ party }) => party !== '').length)}
                </Stat>
                <Stat label={t('trace.things')}>
                  {countText(parties.reduce((sum, { things }) => sum + things.length, 0))}
                </Stat>
              </div>
            </Card>
            {parties.map((party) => (
              <Card key={party.party} title={nameOf(party, t('trace.withUs'))}>
                <Things of={party} />
              </Card>
            ))}
          </>
        )
      }
    </Reply>
  )
}

/** Who had it, as the enterprise calls them. */
const nameOf = ({ party, name }: Party, none: string): string => (party === '' ? none : (name ?? shortName(party)))

function rowsOf(parties: readonly Party[], head: string): string[][] {
  return [
    head.split(','),
    ...parties.flatMap((party) =>
      party.things.map(({ id, name, handle, seenAt, place }) => [
        nameOf(party, ''),
        party.party,
        name ?? '',
        handle ?? '',
        id,
        seenAt === null ? '' : instantText(seenAt),
        place ?? '',
      ]),
    ),
  ]
}

function Things({ of: { things } }: { of: Party }) {
  const { t } = useTranslation()
  return (
    <div className="table-wrap">
      <table className="data cards">
        <thead>
          <tr>
            <th>{t('trace.thing')}</th>
            <th>{t('registry.handle')}</th>
            <th>{t('trace.seen')}</th>
            <th>{t('trace.place')}</th>
          </tr>
        </thead>
        <tbody>
          {things.map((thing) => (
            <tr key={thing.id}>
              <td data-title={t('trace.thing')}>
                <Named id={thing.id} node={thing} />
              </td>
              <td data-title={t('registry.handle')}>
                {thing.handle ? <code className="hash">{thing.handle}</code> : '—'}
              </td>
              <td data-title={t('trace.seen')}>
                <Instant at={thing.seenAt} />
              </td>
              <td data-title={t('trace.place')}>
                {thing.place ? <code className="hash">{shortName(thing.place)}</code> : '—'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
