import { getMachineIdentifier, setMachineIdentifier } from '@kapok/contracts/registry-process'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { TextField } from '../../components/form.tsx'
import { Failure } from '../../components/waiting.tsx'
import { pageOfIdentifier } from '../public/page-of-identifier.ts'

/** Which identifier a device has; nothing for an enterprise without a prefix. */
export function MachineIdentifier({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation()
  const params = { deviceId }
  const reply = useAsk(getMachineIdentifier, { params })
  const set = useCommand(setMachineIdentifier, ['registry.machine.get', 'registry.process.get'])
  const [typed, setTyped] = useState<string>()
  if (!reply.data || reply.data.prefix === null) return null
  const { prefix, handle } = reply.data
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const text = (typed ?? '').trim()
    set.mutate({ params, body: { handle: text === '' ? null : text } }, { onSuccess: () => setTyped(undefined) })
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextField
        id="machineIdentifier"
        label={t('process.identifier')}
        hint={t('process.identifierHint', { prefix })}
        value={typed ?? handle ?? ''}
        onValue={setTyped}
      />
      <div className="row">
        <Button htmlType="submit" loading={set.isPending} disabled={typed === undefined || typed === (handle ?? '')}>
          {t('registry.save')}
        </Button>
        {handle !== null && <Link to={pageOfIdentifier(handle)}>{t('registry.look')}</Link>}
      </div>
      {set.isError && <Failure error={set.error} />}
    </form>
  )
}
