import { createDevice } from '@kapok/contracts/data'
import { listGateways } from '@kapok/contracts/gateway'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { TextField } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { DeviceState, deviceStateWord } from './device-state.tsx'
import { secondsText } from './gateway-health.tsx'

/** The gateways of a plant: which are there, heard, and sound. */
export function Gateways() {
  const { t } = useTranslation()
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title={t('nav.gateways')}
      lead={t('gateway.lead')}
      action={
        <Button type="primary" size="large" onClick={() => setAdding(true)}>
          {t('gateway.add')}
        </Button>
      }
    >
      <div className="stack-wide">
        {adding && <NewGateway />}
        <DataTable
          contract={listGateways}
          caption={t('nav.gateways')}
          search={t('gateway.search')}
          exportName="gateways"
          every={10_000}
          keyOf={(row) => row.id}
          empty={<Empty title={t('gateway.none')} />}
          columns={[
            {
              title: t('gateway.name'),
              sort: 'name',
              cell: (row) => <Link to={`/plant/gateways/${row.id}`}>{row.name}</Link>,
              text: (row) => row.name,
            },
            {
              title: t('plant.state'),
              cell: (row) => (
                <span className="row">
                  <DeviceState device={row} />
                  {!row.enrolled && <StatusTag tone="notice">{t('gateway.notEnrolled')}</StatusTag>}
                </span>
              ),
              text: (row) => t(`plant.${deviceStateWord(row)}`),
            },
            {
              title: t('gateway.configuration'),
              cell: (row) =>
                row.health && (
                  <span className="row">
                    {row.health.configuration === null ? '—' : t('gateway.runs', { version: row.health.configuration })}
                    {row.health.rolledBack && <StatusTag tone="fault">{t('gateway.wasRolledBack')}</StatusTag>}
                  </span>
                ),
              text: (row) => String(row.health?.configuration ?? ''),
            },
            {
              title: t('gateway.machines'),
              cell: (row) => row.health && `${row.health.devicesConnected} / ${row.health.devices}`,
              text: (row) => (row.health === null ? '' : `${row.health.devicesConnected}/${row.health.devices}`),
            },
            {
              title: t('gateway.backlog'),
              sort: 'backlog',
              end: true,
              cell: (row) => row.health && countText(row.health.backlogPoints),
              text: (row) => String(row.health?.backlogPoints ?? ''),
            },
            {
              title: t('gateway.clockOffset'),
              sort: 'clockOffset',
              end: true,
              cell: (row) => row.health && secondsText(row.health.clockOffsetMs),
              text: (row) => String(row.health?.clockOffsetMs ?? ''),
            },
            {
              title: t('gateway.version'),
              sort: 'version',
              cell: (row) =>
                row.health && (
                  <span className="row">
                    {row.health.version}
                    {row.health.updating ? (
                      <StatusTag tone="info">{t('update.updating')}</StatusTag>
                    ) : (
                      row.health.newer !== null && (
                        <StatusTag tone="notice">{t('update.newer', { version: row.health.newer })}</StatusTag>
                      )
                    )}
                  </span>
                ),
              text: (row) => row.health?.version ?? '',
            },
            {
              title: t('gateway.lastHeard'),
              sort: 'lastSeen',
              cell: (row) => <Instant at={row.lastSeen} seconds />,
              text: (row) => (row.lastSeen === null ? '' : instantText(row.lastSeen, true)),
            },
          ]}
        />
      </div>
    </Page>
  )
}

function NewGateway() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const create = useCommand(createDevice, ['data.device.list', 'data.gateway.list'])
  const [name, setName] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() === '') return
    const { deviceId } = await create.mutateAsync({ body: { name: name.trim(), kind: 'gateway' } })
    await navigate({ to: `/plant/gateways/${deviceId}` })
  }
  return (
    <Card title={t('gateway.add')} opened>
      <form className="form" onSubmit={(event) => void submit(event).catch(() => undefined)}>
        <TextField
          id="gatewayName"
          label={t('gateway.name')}
          hint={t('gateway.nameHint')}
          maxLength={120}
          value={name}
          onValue={setName}
        />
        <div>
          <Button htmlType="submit" type="primary" disabled={name.trim() === ''} loading={create.isPending}>
            {t('gateway.make')}
          </Button>
        </div>
        {create.isError && <Failure error={create.error} />}
      </form>
    </Card>
  )
}
