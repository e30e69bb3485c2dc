import { exportTable, importTable, tableFileBytesMax } from '@kapok/contracts/gateway'
import { Button } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/call.ts'
import { countText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { saveFile } from '../../components/csv.ts'
import { Field } from '../../components/form.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure } from '../../components/waiting.tsx'

/** A tag table from a file into the editor, and from the editor into an Excel file. What is in the editor can be had back. */
export function TableFile({ text, onText }: { text: string; onText(text: string): void }) {
  const { t } = useTranslation()
  const taken = useCommand(importTable)
  const [before, setBefore] = useState<string>()
  const [large, setLarge] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const read = (file: File | undefined) => {
    if (file === undefined) return
    setLarge(file.size > tableFileBytesMax)
    if (file.size > tableFileBytesMax) return
    taken.mutate(
      { query: { name: file.name.slice(-200) }, body: file },
      {
        onSuccess: (table) => {
          setBefore(text)
          onText(table.text)
        },
        onSettled: () => {
          if (picker.current) picker.current.value = ''
        },
      },
    )
  }
  const undo = () => {
    if (before !== undefined) onText(before)
    setBefore(undefined)
    taken.reset()
  }
  return (
    <div className="stack">
      <Field id="tableFile" label={t('gateway.fromFile')} hint={t('gateway.fromFileHint')}>
        {(aria) => (
          <input
            {...aria}
            ref={picker}
            type="file"
            className="input"
            accept=".xlsx,.json"
            disabled={taken.isPending}
            onChange={(event) => read(event.target.files?.[0])}
          />
        )}
      </Field>
      {taken.isPending && <p aria-live="polite">{t('gateway.readingFile')}</p>}
      {large && <p role="alert">{t('gateway.fileTooLarge', { mib: tableFileBytesMax >> 20 })}</p>}
      {taken.isError && <Failure error={taken.error} />}
      {taken.data !== undefined && before !== undefined && (
        <Banner tone={taken.data.notTakenTotal > 0 ? 'notice' : 'info'}>
          <div className="row-between">
            <span>{t('gateway.taken', { devices: taken.data.devices, tags: countText(taken.data.tags) })}</span>
            <Button onClick={undo}>{t('gateway.undoImport')}</Button>
          </div>
          {taken.data.notTakenTotal > 0 && (
            <>
              <p>{t('gateway.notTaken', { n: countText(taken.data.notTakenTotal) })}</p>
              <ul>
                {taken.data.notTaken.map((each) => (
                  <li key={each}>{each}</li>
                ))}
              </ul>
            </>
          )}
        </Banner>
      )}
      <ExcelFile text={text} />
    </div>
  )
}

function ExcelFile({ text }: { text: string }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const save = async () => {
    setBusy(true)
    setError(undefined)
    try {
      saveFile((await call(exportTable, { body: { text } })) as Blob, 'tag-table.xlsx')
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <div>
        <Button loading={busy} disabled={text.trim() === ''} onClick={() => void save()}>
          {t('gateway.toExcel')}
        </Button>
      </div>
      {error !== undefined && <Failure error={error} />}
    </>
  )
}
