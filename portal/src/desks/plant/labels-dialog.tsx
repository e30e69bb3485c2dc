import { type LabelSheetName, labelSheets, labelsMax, printLabels } from '@kapok/contracts/registry'
import { Button, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/call.ts'
import { countText } from '../../api/format.ts'
import { saveFile } from '../../components/csv.ts'
import { Choose } from '../../components/form.tsx'
import { Failure } from '../../components/waiting.tsx'

const sheetNames = Object.keys(labelSheets) as LabelSheetName[]
const kept = 'kapok.labelSheet'

/** Chooses the paper and saves the labels as a PDF. A plant has one printer, so its paper is remembered. */
export function LabelsDialog(props: {
  button: string
  count: number
  of: { identifierIds: string[] } | { importId: string }
  primary?: boolean
}) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [sheet, setSheet] = useState<LabelSheetName>(
    () => sheetNames.find((name) => name === localStorage.getItem(kept)) ?? 'a4-24',
  )
  const make = async () => {
    setBusy(true)
    setError(undefined)
    try {
      localStorage.setItem(kept, sheet)
      saveFile((await call(printLabels, { body: { sheet, ...props.of } })) as Blob, `labels-${props.count}.pdf`)
      setOpen(false)
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  const tooMany = props.count > labelsMax
  return (
    <>
      <Button type={props.primary ? 'primary' : 'default'} onClick={() => setOpen(true)}>
        {props.button}
      </Button>
      <Modal
        open={open}
        title={t('registry.labels.title', { n: countText(props.count) })}
        onCancel={() => setOpen(false)}
        onOk={() => void make()}
        okText={t('registry.labels.make')}
        cancelText={t('action.cancel')}
        closable={false}
        confirmLoading={busy}
        okButtonProps={{ disabled: tooMany }}
      >
        <div className="stack">
          {tooMany && <p role="alert">{t('registry.labels.many', { max: countText(labelsMax) })}</p>}
          <Choose
            id="labelSheet"
            label={t('registry.labels.sheet')}
            value={sheet}
            onValue={(value) => setSheet(value as LabelSheetName)}
            options={sheetNames.map((value) => ({ value, text: t(`registry.labels.sheets.${value}`) }))}
          />
          <p className="quiet">{t('registry.labels.what')}</p>
          {error !== undefined && <Failure error={error} />}
        </div>
      </Modal>
    </>
  )
}
