import { getFile, removeFile } from '@kapok/contracts/case'
import { useTranslation } from 'react-i18next'
import { addressOf } from '../../api/call.ts'
import { countText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { useHas } from '../../app/platform.ts'
import { Card } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import type { CaseView } from './case-page.tsx'
import { Upload } from './upload.tsx'

/** Papers of the case: which the programme asks for, which are there, and their hashes. */
export function Files({ view }: { view: CaseView }) {
  const { t } = useTranslation()
  const say = useSentence()
  const filer = useHas(['plant.manager'])
  const open = view.state === 'draft' || view.state === 'returned'
  const remove = useCommand(removeFile, ['subsidy.case.get'])
  return (
    <Card title={t('paper.files')}>
      <div className="stack">
        {view.documents.length > 0 && (
          <ul className="plain stack" style={{ gap: 8 }}>
            {view.documents.map((each) => (
              <li key={each.role} className="row">
                <StatusTag tone={each.present ? 'good' : 'notice'}>
                  {each.present ? t('paper.present') : t('paper.missing')}
                </StatusTag>
                {say(each.text)}
              </li>
            ))}
          </ul>
        )}
        {view.files.length === 0 ? (
          <Empty title={t('paper.noFiles')} />
        ) : (
          <ul className="plain">
            {view.files.map((each) => (
              <li
                key={each.id}
                className="row-between"
                style={{ padding: '8px 0', borderBottom: '1px solid var(--line)' }}
              >
                <div style={{ minWidth: 0 }}>
                  <a href={addressOf(getFile, { params: { caseId: view.id, fileId: each.id } })} download={each.name}>
                    {each.name}
                  </a>{' '}
                  <span className="quiet">
                    {t(`paper.role.${each.role as 'licence'}`)} · {countText(Math.ceil(each.bytes / 1024))} KiB
                  </span>
                  <div className="quiet">
                    SHA-256 <code className="hash">{each.sha256.slice(0, 16)}…</code>
                  </div>
                </div>
                {filer && open && (
                  <button
                    type="button"
                    className="link-button"
                    onClick={() => remove.mutate({ params: { caseId: view.id, fileId: each.id } })}
                  >
                    {t('action.remove')}
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
        {remove.isError && <Failure error={remove.error} />}
        {filer && open && (
          <Upload caseId={view.id} missing={view.documents.filter((each) => !each.present).map((each) => each.role)} />
        )}
      </div>
    </Card>
  )
}
