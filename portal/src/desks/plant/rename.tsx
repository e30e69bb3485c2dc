import { renameDevice } from '@kapok/contracts/data'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../api/hooks.ts'
import { TextField } from '../../components/form.tsx'
import { Failure } from '../../components/waiting.tsx'

export function Rename({ deviceId, name }: { deviceId: string; name: string }) {
  const { t } = useTranslation()
  const rename = useCommand(renameDevice, ['data.device.', 'evidence.'])
  const [text, setText] = useState(name)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '') rename.mutate({ params: { deviceId }, body: { name: text.trim() } })
  }
  return (
    <form className="stack" style={{ gap: 8 }} onSubmit={submit}>
      <TextField id="rename" label={t('plant.name')} maxLength={120} value={text} onValue={setText} />
      <div>
        <Button htmlType="submit" disabled={text.trim() === '' || text.trim() === name} loading={rename.isPending}>
          {t('plant.rename')}
        </Button>
      </div>
      {rename.isError && <Failure error={rename.error} />}
    </form>
  )
}
