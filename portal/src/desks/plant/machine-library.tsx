import { CloseCircleFilled } from '@ant-design/icons'
import { deviceTableOf, type MachineModel, machineKinds, propertiesOf } from '@kapok/contracts/machine-model'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Copy } from '../../components/figures.tsx'
import { Choose, TextField } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { fitting, modelName } from './machine-models.ts'

/** The library comes as a file of its own when it is first looked at. */
const useModels = () =>
  useQuery({
    queryKey: ['machine-models'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await import('@kapok/contracts/machine-models.json')).default as unknown as MachineModel[],
  })

/** Choosing a machine by kind, maker and model. `products` are those that are there, by name. */
export function MachineLibrary(props: {
  wrong: string | undefined
  chosen: MachineModel | undefined
  onChoose(model: MachineModel): void
  products: readonly string[]
}) {
  const { t, i18n } = useTranslation()
  const models = useModels()
  const [kind, setKind] = useState('')
  const [word, setWord] = useState('')
  const isChinese = i18n.language.startsWith('zh')
  return (
    <>
      <Choose
        id="modelKind"
        label={t('library.kind')}
        value={kind}
        onValue={setKind}
        none={t('library.anyKind')}
        options={machineKinds.map((each) => ({ value: each, text: t(`library.kinds.${each}`) }))}
      />
      <TextField id="modelSearch" type="search" label={t('library.search')} value={word} onValue={setWord} />
      <Reply of={models}>
        {(all) => {
          const found = fitting(all, kind, word)
          return (
            <fieldset className={props.wrong ? 'field field-wrong' : 'field'}>
              <legend>{t('library.models')}</legend>
              <span className="hint" aria-live="polite">
                {t('library.count', { n: found.length })}
              </span>
              {props.wrong && (
                <span className="error">
                  <CloseCircleFilled aria-hidden />
                  {props.wrong}
                </span>
              )}
              {found.length === 0 ? (
                <Empty title={t('library.none')} />
              ) : (
                <div className="model-list">
                  {found.map((model, index) => (
                    <label className="choice" key={model.id}>
                      <input
                        id={index === 0 ? 'model' : undefined}
                        type="radio"
                        name="model"
                        checked={props.chosen?.id === model.id}
                        onChange={() => props.onChoose(model)}
                      />
                      <span>
                        {modelName(model, isChinese)}
                        <br />
                        <span className="quiet">
                          {t('library.tags', { n: model.tags.length, protocol: model.protocol })} ·{' '}
                          {t(`library.${model.addresses}`)}
                        </span>
                      </span>
                    </label>
                  ))}
                </div>
              )}
            </fieldset>
          )
        }}
      </Reply>
      {props.chosen && <Chosen model={props.chosen} isChinese={isChinese} products={props.products} />}
    </>
  )
}

function Chosen({
  model,
  isChinese,
  products,
}: {
  model: MachineModel
  isChinese: boolean
  products: readonly string[]
}) {
  const { t } = useTranslation()
  const name = modelName(model, isChinese)
  const product = modelName(model, true)
  return (
    <Banner tone={model.addresses === 'published' ? 'info' : 'notice'}>
      <p>{t('library.chosen', { model: name })}</p>
      <p>
        {products.includes(product)
          ? t('library.willReuse', { product })
          : t('library.willMake', { product, n: propertiesOf(model).length })}
      </p>
      <AboutAddresses model={model} isChinese={isChinese} />
    </Banner>
  )
}

/** Where the addresses come from, or what is to be completed. */
function AboutAddresses({ model, isChinese }: { model: MachineModel; isChinese: boolean }) {
  const { t } = useTranslation()
  return (
    <>
      {model.addresses === 'published' && <p>{t('library.publishedLead')}</p>}
      {model.note && <p>{isChinese ? model.note.zh : model.note.en}</p>}
      {model.source?.map(({ document, url }) => (
        <p key={document} className="quiet">
          {t('library.source')}
          {url === undefined ? (
            document
          ) : (
            <a href={url} target="_blank" rel="noreferrer">
              {document}
            </a>
          )}
        </p>
      ))}
    </>
  )
}

/** The piece of a tag table that reads the machine, and how it is tried without one. */
export function GatewayTable({ model, deviceName }: { model: MachineModel; deviceName: string }) {
  const { t, i18n } = useTranslation()
  const [host, setHost] = useState('192.168.1.10')
  const table = deviceTableOf(model, { name: deviceName, host })
  const command = `kapok-edge simulate ${model.id}`
  return (
    <Card title={t('library.step2')}>
      <div className="stack">
        <p className="row">
          <StatusTag tone={model.addresses === 'published' ? 'info' : 'notice'}>
            {t(`library.${model.addresses}`)}
          </StatusTag>
        </p>
        <AboutAddresses model={model} isChinese={i18n.language.startsWith('zh')} />
        <TextField
          id="machineHost"
          label={t('library.host')}
          hint={t('library.hostHint')}
          value={host}
          onValue={setHost}
          short
        />
        <p>{t('library.tableLead')}</p>
        <section aria-label={t('library.table')}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <pre className="command tag-table" tabIndex={0}>
            {table}
          </pre>
        </section>
        <div>
          <Copy text={table} />
        </div>
        <p className="quiet">{t('library.tryLead')}</p>
        <pre className="command">{command}</pre>
        <div>
          <Copy text={command} />
        </div>
      </div>
    </Card>
  )
}
