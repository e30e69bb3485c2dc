import { createDevice, createProduct, getDevice, listProducts } from '@kapok/contracts/data'
import { type MachineModel, propertiesOf } from '@kapok/contracts/machine-model'
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
import { valueText } from './live-values.tsx'
import { GatewayTable, MachineLibrary } from './machine-library.tsx'
import { modelName } from './machine-models.ts'

/** Three steps: name the machine, copy the command, see its first data. */
export function Connect() {
  const { t } = useTranslation()
  const create = useCommand(createDevice, ['data.device.list'])
  // A machine of the library is read by a gateway; any other sends by itself.
  const [read, setRead] = useState<{ model: MachineModel; name: string }>()
  return (
    <Page
      title={t('plant.connect')}
      lead={t('connect.lead')}
      crumbs={[{ text: t('nav.machines'), to: '/plant/machines' }, { text: t('plant.connect') }]}
    >
      <ol className="plain stack-wide">
        <li>
          <Card title={t('connect.step1')}>
            {create.data ? (
              <Banner tone="good">{t('connect.made')}</Banner>
            ) : (
              <NameIt create={create} onRead={setRead} />
            )}
          </Card>
        </li>
        {create.data && read && (
          <li>
            <GatewayTable model={read.model} deviceName={read.name} />
          </li>
        )}
        {create.data && !read && <Send deviceId={create.data.deviceId} token={create.data.token} />}
        {create.data && <Arrives deviceId={create.data.deviceId} />}
      </ol>
    </Page>
  )
}

function NameIt(props: {
  create: ReturnType<typeof useCommand<typeof createDevice>>
  onRead(machine: { model: MachineModel; name: string }): void
}) {
  const { create } = props
  const { t } = useTranslation()
  const makeProduct = useCommand(createProduct, ['data.product.list'])
  const products = useAsk(listProducts, { query: { size: 500 } })
  const [name, setName] = useState('')
  const [kind, setKind] = useState<'device' | 'gateway'>('device')
  const [isLibrary, setLibrary] = useState(true)
  const [model, setModel] = useState<MachineModel>()
  const [productId, setProductId] = useState('')
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (name.trim() === '') found.deviceName = t('form.needed', { what: t('plant.name') })
    if (kind === 'device' && !isLibrary && productId === '')
      found.productId = t('form.choose', { what: t('plant.product') })
    if (kind === 'device' && isLibrary && model === undefined)
      found.model = t('form.choose', { what: t('library.models') })
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    const make = (product: string | undefined) =>
      create.mutate({ body: { name: name.trim(), kind, productId: product } })
    if (kind === 'gateway') make(undefined)
    else if (!isLibrary || model === undefined) make(productId)
    else {
      props.onRead({ model, name: name.trim() })
      const productName = modelName(model, true)
      const there = products.data?.rows.find((each) => each.name === productName)
      if (there) make(there.id)
      else
        makeProduct.mutate(
          { body: { name: productName, properties: propertiesOf(model) } },
          { onSuccess: ({ id }) => make(id) },
        )
    }
  }
  return (
    <Reply of={products}>
      {({ rows }) => (
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
            <Choices
              id="from"
              legend={t('library.from')}
              value={[isLibrary ? 'library' : 'product']}
              onValue={([value]) => setLibrary(value === 'library')}
              options={[
                { value: 'library', text: t('library.fromLibrary') },
                { value: 'product', text: t('library.fromProduct') },
              ]}
            />
          )}
          {kind === 'device' && isLibrary && (
            <MachineLibrary
              wrong={wrongs.model}
              chosen={model}
              onChoose={setModel}
              products={rows.map((each) => each.name)}
            />
          )}
          {kind === 'device' && !isLibrary && rows.length === 0 && (
            <Empty title={t('connect.noProduct')}>
              <Link to="/plant/products/new">{t('product.create')}</Link>
            </Empty>
          )}
          {kind === 'device' && !isLibrary && rows.length > 0 && (
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
            <Button type="primary" size="large" htmlType="submit" loading={create.isPending || makeProduct.isPending}>
              {t('connect.make')}
            </Button>
          </div>
          {makeProduct.isError && <Failure error={makeProduct.error} />}
          {create.isError && <Failure error={create.error} />}
        </form>
      )}
    </Reply>
  )
}

function Send({ deviceId, token }: { deviceId: string; token: string }) {
  const { t } = useTranslation()
  const device = useAsk(getDevice, { params: { deviceId } })
  const platform = usePlatform()
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
  )
}

function Arrives({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation()
  const live = useLive(deviceId)
  return (
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
                      <span className="figure">{valueText(last)}</span>
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
  )
}
