import { createProduct, getProduct, type PropertyType, propertyTypes, updateProduct } from '@kapok/contracts/data'
import type { ReplyOf } from '@kapok/contracts/route'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'

type Product = ReplyOf<typeof getProduct>

/** The 物模型 of a product: its typed properties. A property that exists keeps its type; a change makes a new version. */
export function ProductEditor() {
  const { productId = '' } = useParams({ strict: false })
  // The editor of the new version is another one: that it was saved is remembered above both.
  const [saved, setSaved] = useState(false)
  const product = useAsk(getProduct, { params: { productId } }, { enabled: productId !== 'new' })
  if (productId === 'new') return <Editor />
  return (
    <Reply of={product}>
      {(each) => <Editor key={each.version} product={each} saved={saved} onSaved={() => setSaved(true)} />}
    </Reply>
  )
}

interface Draft {
  key: number
  identifier: string
  name: string
  nameEn: string
  type: PropertyType
  unit: string
  min: string
  max: string
  known: boolean
}
let nextKey = 0
const blank = (): Draft => ({
  key: nextKey++,
  identifier: '',
  name: '',
  nameEn: '',
  type: 'float',
  unit: '',
  min: '',
  max: '',
  known: false,
})

function draftsOf(product: Product | undefined): Draft[] {
  if (product === undefined) return [blank()]
  return product.properties.map((each) => ({
    key: nextKey++,
    identifier: each.identifier,
    name: each.name,
    nameEn: each.nameEn ?? '',
    type: each.type,
    unit: each.unit,
    min: each.min === undefined ? '' : String(each.min),
    max: each.max === undefined ? '' : String(each.max),
    known: true,
  }))
}

const number = (text: string) => (text.trim() === '' ? undefined : Number(text))

function Editor({ product, saved, onSaved }: { product?: Product; saved?: boolean; onSaved?(): void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const changes = ['data.product.', 'data.device.get']
  const create = useCommand(createProduct, changes)
  const update = useCommand(updateProduct, changes)
  const [name, setName] = useState(product?.name ?? '')
  const [drafts, setDrafts] = useState(() => draftsOf(product))
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const set = (key: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((each) => (each.key === key ? { ...each, ...change } : each)))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (name.trim() === '') found.productName = t('form.needed', { what: t('product.name') })
    const seen = new Set<string>()
    for (const each of drafts) {
      if (!/^[A-Za-z_][A-Za-z0-9_.:/-]{0,63}$/.test(each.identifier))
        found[`identifier-${each.key}`] = t('product.identifierWrong')
      else if (seen.has(each.identifier))
        found[`identifier-${each.key}`] = t('product.identifierTwice', { id: each.identifier })
      seen.add(each.identifier)
      if (each.name.trim() === '') found[`name-${each.key}`] = t('form.needed', { what: t('product.propertyName') })
      const [min, max] = [number(each.min), number(each.max)]
      if (Number.isNaN(min) || Number.isNaN(max) || (min !== undefined && max !== undefined && min > max))
        found[`min-${each.key}`] = t('product.rangeWrong')
    }
    if (drafts.length === 0) found.productName = t('product.needsProperty')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0) return
    const properties = drafts.map((each) => ({
      identifier: each.identifier,
      name: each.name.trim(),
      nameEn: each.nameEn.trim() || undefined,
      type: each.type,
      unit: each.unit.trim(),
      min: number(each.min),
      max: number(each.max),
    }))
    if (product === undefined)
      create.mutate(
        { body: { name: name.trim(), properties } },
        { onSuccess: () => navigate({ to: '/plant/products' }) },
      )
    else
      update.mutate(
        {
          params: { productId: product.id },
          body: { name: name.trim(), properties, version: product.version },
        },
        { onSuccess: onSaved },
      )
  }
  const title = product?.name ?? t('product.create')
  return (
    <Page
      title={title}
      lead={
        product
          ? t('product.versionLead', { version: product.version, devices: product.devices })
          : t('product.createLead')
      }
      crumbs={[{ text: t('nav.products'), to: '/plant/products' }, { text: title }]}
    >
      <form className="stack" onSubmit={submit} noValidate>
        <ErrorSummary wrongs={wrongs} round={round} />
        <div className="form">
          <TextField
            id="productName"
            label={t('product.name')}
            wrong={wrongs.productName}
            value={name}
            onValue={setName}
          />
        </div>
        <h2>{t('product.properties')}</h2>
        <ul className="plain stack">
          {drafts.map((each) => (
            <li className="card" key={each.key}>
              <div style={{ display: 'grid', gap: 12, gridTemplateColumns: 'repeat(auto-fit, minmax(150px, 1fr))' }}>
                <TextField
                  id={`identifier-${each.key}`}
                  label={t('product.identifier')}
                  readOnly={each.known}
                  spellCheck={false}
                  wrong={wrongs[`identifier-${each.key}`]}
                  value={each.identifier}
                  onValue={(identifier) => set(each.key, { identifier })}
                />
                <TextField
                  id={`name-${each.key}`}
                  label={t('product.propertyName')}
                  wrong={wrongs[`name-${each.key}`]}
                  value={each.name}
                  onValue={(value) => set(each.key, { name: value })}
                />
                <TextField
                  id={`nameEn-${each.key}`}
                  label={t('product.propertyNameEn')}
                  value={each.nameEn}
                  onValue={(nameEn) => set(each.key, { nameEn })}
                />
                <div className="field">
                  <label htmlFor={`type-${each.key}`}>{t('product.type')}</label>
                  <select
                    className="input"
                    id={`type-${each.key}`}
                    disabled={each.known}
                    value={each.type}
                    onChange={(event) => set(each.key, { type: event.target.value as PropertyType })}
                  >
                    {propertyTypes.map((type) => (
                      <option key={type} value={type}>
                        {t(`product.types.${type}`)}
                      </option>
                    ))}
                  </select>
                </div>
                <TextField
                  id={`unit-${each.key}`}
                  label={t('product.unit')}
                  maxLength={20}
                  value={each.unit}
                  onValue={(unit) => set(each.key, { unit })}
                />
                {(each.type === 'float' || each.type === 'int') && (
                  <>
                    <TextField
                      id={`min-${each.key}`}
                      label={t('product.min')}
                      inputMode="decimal"
                      wrong={wrongs[`min-${each.key}`]}
                      value={each.min}
                      onValue={(min) => set(each.key, { min })}
                    />
                    <TextField
                      id={`max-${each.key}`}
                      label={t('product.max')}
                      inputMode="decimal"
                      value={each.max}
                      onValue={(max) => set(each.key, { max })}
                    />
                  </>
                )}
                {!each.known && drafts.length > 1 && (
                  <div style={{ alignSelf: 'end' }}>
                    <Button onClick={() => setDrafts(drafts.filter((other) => other.key !== each.key))}>
                      {t('action.remove')}
                    </Button>
                  </div>
                )}
              </div>
            </li>
          ))}
        </ul>
        <div className="row">
          <Button onClick={() => setDrafts([...drafts, blank()])}>{t('product.addProperty')}</Button>
          <Button type="primary" htmlType="submit" loading={create.isPending || update.isPending}>
            {product ? t('product.newVersion') : t('product.create')}
          </Button>
        </div>
        {saved && (
          <Banner tone="good" live>
            {t('product.saved')}
          </Banner>
        )}
        {(create.error ?? update.error) && <Failure error={create.error ?? update.error} />}
      </form>
    </Page>
  )
}
