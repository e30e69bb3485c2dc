import type { MachineModel } from '@kapok/contracts/machine-model'

/** Maker and model; the maker is not said twice. */
export function modelName({ maker, zh, en }: Pick<MachineModel, 'maker' | 'zh' | 'en'>, isChinese: boolean): string {
  const name = isChinese ? zh : en
  return maker === 'Template' || name.startsWith(maker) ? name : `${maker} ${name}`
}

/** Models of a kind (any where it is empty) in which every word of the search occurs, in either language. */
export function fitting(models: readonly MachineModel[], kind: string, search: string): MachineModel[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return models.filter((model) => {
    const text = [model.id, model.maker, model.zh, model.en, model.protocol].join(' ').toLowerCase()
    return (kind === '' || model.kind === kind) && words.every((word) => text.includes(word))
  })
}
