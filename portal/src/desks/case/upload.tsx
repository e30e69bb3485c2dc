import { fileRoles, uploadFile } from '@kapok/contracts/case'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../api/hooks.ts'
import { Choose, Field } from '../../components/form.tsx'
import { Failure } from '../../components/waiting.tsx'

const limitBytes = 20 << 20
type FileRole = (typeof fileRoles)[number]

/** Attaches one paper; the server decides by the content what it is. */
export function Upload({ caseId, missing }: { caseId: string; missing: readonly string[] }) {
  const { t } = useTranslation()
  const upload = useCommand(uploadFile, ['subsidy.case.get'])
  const [chosen, setChosen] = useState<FileRole>()
  // The paper that is asked for next, until the reader says otherwise.
  const role = chosen ?? fileRoles.find((each) => missing.includes(each)) ?? 'other'
  const [large, setLarge] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const send = (file: File | undefined) => {
    if (file === undefined) return
    setLarge(file.size > limitBytes)
    if (file.size > limitBytes) return
    upload.mutate(
      { params: { caseId }, query: { role, name: file.name.slice(0, 200) }, body: file },
      {
        onSuccess: () => setChosen(undefined),
        onSettled: () => {
          if (picker.current) picker.current.value = ''
        },
      },
    )
  }
  return (
    <div className="stack no-print">
      <Choose
        id="file-role"
        label={t('paper.roleOf')}
        value={role}
        onValue={(value) => setChosen(value as FileRole)}
        options={fileRoles.map((value) => ({ value, text: t(`paper.role.${value}`) }))}
      />
      <Field id="file" label={t('paper.attach')} hint={t('paper.attachHint')}>
        {(aria) => (
          <input
            {...aria}
            ref={picker}
            type="file"
            className="input"
            accept=".pdf,.ofd,.jpg,.jpeg,.png"
            disabled={upload.isPending}
            onChange={(event) => send(event.target.files?.[0])}
          />
        )}
      </Field>
      {large && <p role="alert">{t('paper.tooLarge')}</p>}
      {upload.isError && <Failure error={upload.error} />}
    </div>
  )
}
