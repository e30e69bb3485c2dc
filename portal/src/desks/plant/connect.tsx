import { createDevice, getDevice, listProducts } from '@kapok/contracts/data'
import { Link } from '@tanstack/react-router'
import { Button, Segmented } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { useLive } from '../../api/live.ts'
import { usePlatform } from '../../app/platform.ts'
import { Copy } from '../../components/figures.tsx'
import { Choices, Choose, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { dialects, samplePayload } from './dialects.ts'

/** Three steps: name the machine, copy the command, see its first data. */
export function Connect() {
  const { t } = useTranslation()
  const create = useCommand(createDevice, ['data.device.list'])
  return (
    <Page
      title={t('plant.connect')}
      lead={t('connect.lead')}
      crumbs={[{ text: t('nav.machines'), to: '/plant/machines' }, { text: t('plant.connect') }]}
    >
      <ol className="plain stack-wide">
        <li>
          <Card title={t('connect.step1')}>
            {create.data ? <Banner tone="good">{t('connect.made')}</Banner> : <NameIt create={create} />}
          </Card>
        </li>
        {create.data && <Send deviceId={create.data.deviceId} token={create.data.token} />}
      </ol>
    </Page>
  )
}

function NameIt({ create }: { create: ReturnType<typeof useCommand<typeof createDevice>> }) {
  const { t } = useTranslation()
  const products = useAsk(listProducts, { query: { size: 500 } })
  const [name, setName] = useState('')
  const [kind, setKind] = useState<'device' | 'gateway'>('device')
  const [productId, setProductId] = useState('')
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (name.trim() === '') found.deviceName = t('form.needed', { what: t('plant.name') })
    if (kind === 'device' && productId === '') found.productId = t('form.choose', { what: t('plant.product') })
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0)
      create.mutate({ body: { name: name.trim(), kind, productId: productId || undefined } })
  }
  return (
    <Reply of={products}>
      {({ rows }) =>
        rows.length === 0 && kind === 'device' ? (
          <Empty title={t('connect.noProduct')}>
            <Link to="/plant/products/new">{t('product.create')}</Link>
          </Empty>
        ) : (
          <form className="form" onSubmit={submit} noValidate>
            <ErrorSummary wrongs={wrongs} round={round} />
            <TextField
              id="deviceName"
              label={t('plant.name')}
              hint={t('connect.nameHint')}
              wrong={wrongs.deviceName}
              value={name}
              onValue={setName}
            />
            <Choices
              id="kind"
              legend={t('plant.kind')}
              value={[kind]}
              onValue={([value]) => setKind(value === 'gateway' ? 'gateway' : 'device')}
              options={[
                { value: 'device', text: t('connect.device') },
                { value: 'gateway', text: t('connect.gateway') },
              ]}
            />
            {kind === 'device' && (
              <Choose
                id="productId"
                label={t('plant.product')}
                hint={t('connect.productHint')}
                wrong={wrongs.productId}
                value={productId}
                onValue={setProductId}
                none={t('form.pick')}
                options={rows.map((each) => ({ value: each.id, text: each.name }))}
              />
            )}
            <div>
              <Button type="primary" size="large" htmlType="submit" loading={create.isPending}>
                {t('connect.make')}
              </Button>
            </div>
            {create.isError && <Failure error={create.error} />}
          </form>
        )
      }
    </Reply>
  )
}

function Send({ deviceId, token }: { deviceId: string; token: string }) {
  const { t } = useTranslation()
  const device = useAsk(getDevice, { params: { deviceId } })
  const platform = usePlatform()
  const live = useLive(deviceId)
  const [dialect, setDialect] = useState(dialects[0]?.id)
  const sample = {
    host: location.hostname,
    mqttPort: platform.data?.mqttPort ?? 1883,
    httpBase: location.origin,
    token,
    payload: samplePayload(device.data?.properties ?? []),
  }
  // Before the properties are known a command would send nothing.
  const commands = device.data === undefined ? [] : (dialects.find((each) => each.id === dialect)?.commands ?? [])
  return (
    <>
      <li>
        <Card title={t('connect.step2')}>
          <div className="stack">
            <Banner tone="notice">
              <p>{t('token.once')}</p>
              <p className="row">
                <code className="hash">{token}</code>
                <Copy text={token} />
              </p>
            </Banner>
            <Segmented
              aria-label={t('connect.dialect')}
              value={dialect}
              onChange={setDialect}
              options={dialects.map(({ id, name }) => ({ value: id, label: name }))}
              style={{ maxWidth: '100%', overflowX: 'auto' }}
            />
            {commands.map(({ needs, command }) => (
              <div className="stack" key={needs}>
                <p className="quiet">{t('connect.needs', { needs })}</p>
                <pre className="command">{command(sample)}</pre>
                <div>
                  <Copy text={command(sample)} />
                </div>
              </div>
            ))}
          </div>
        </Card>
      </li>
      <li>
        <Card title={t('connect.step3')}>
          <div aria-live="polite">
            {live.points.size === 0 ? (
              <p className="quiet">{live.connected ? t('connect.listening') : t('plant.notConnected')}</p>
            ) : (
              <div className="stack">
                <Banner tone="good">{t('connect.arrived')}</Banner>
                <ul className="plain stats">
                  {[...live.points].map(([property, values]) => {
                    const last = values.at(-1)
                    return (
                      <li className="stat" key={property}>
                        <span className="quiet">{property}</span>
                        <span className="figure">{String(last?.[2])}</span>
                        <span className="quiet">{last && instantText(last[1], true)}</span>
                      </li>
                    )
                  })}
                </ul>
                <Link to={`/plant/machines/${deviceId}`}>{t('connect.open')}</Link>
              </div>
            )}
          </div>
        </Card>
      </li>
    </>
  )
}
