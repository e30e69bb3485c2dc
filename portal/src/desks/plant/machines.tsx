import { listDevices, undeleteDevice } from '@kapok/contracts/data'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { DeviceState, deviceStateWord } from './device-state.tsx'

export function Machines() {
  const { t } = useTranslation()
  const [shown, setShown] = useState<'living' | 'online' | 'deleted'>('living')
  const undelete = useCommand(undeleteDevice, ['data.device.list'])
  return (
    <Page
      title={t('nav.machines')}
      lead={t('plant.machinesLead')}
      action={
        <LinkButton to="/plant/connect" primary>
          {t('plant.connect')}
        </LinkButton>
      }
    >
      {undelete.isError && <Failure error={undelete.error} />}
      <DataTable
        contract={listDevices}
        ask={{
          query: { online: shown === 'online' ? true : undefined, deleted: shown === 'deleted' ? true : undefined },
        }}
        caption={t('nav.machines')}
        search={t('plant.searchMachines')}
        exportName="machines"
        every={15_000}
        keyOf={(row) => row.id}
        filters={
          <select
            className="input"
            style={{ width: 'auto' }}
            aria-label={t('plant.show')}
            value={shown}
            onChange={(event) => setShown(event.target.value as 'living')}
          >
            <option value="living">{t('plant.living')}</option>
            <option value="online">{t('plant.onlyOnline')}</option>
            <option value="deleted">{t('plant.deleted')}</option>
          </select>
        }
        empty={
          <Empty title={t('plant.noMachines')}>
            <Link to="/plant/connect">{t('plant.connect')}</Link>
          </Empty>
        }
        columns={[
          {
            title: t('plant.name'),
            sort: 'name',
            cell: (row) => <Link to={`/plant/machines/${row.id}`}>{row.name}</Link>,
            text: (row) => row.name,
          },
          {
            title: t('plant.product'),
            sort: 'productName',
            cell: (row) => row.productName || t(`plant.${row.kind}`),
            text: (row) => row.productName,
          },
          {
            title: t('plant.state'),
            cell: (row) => <DeviceState device={row} />,
            text: (row) => t(`plant.${deviceStateWord(row)}`),
          },
          {
            title: t('plant.lastSeen'),
            sort: 'lastSeen',
            cell: (row) => <Instant at={row.lastSeen} />,
            text: (row) => (row.lastSeen === null ? '' : instantText(row.lastSeen)),
          },
          ...(shown === 'deleted'
            ? [
                {
                  title: t('plant.undelete'),
                  cell: (row: { id: string }) => (
                    <Button size="small" onClick={() => undelete.mutate({ params: { deviceId: row.id } })}>
                      {t('plant.undelete')}
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
    </Page>
  )
}
