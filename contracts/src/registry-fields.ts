/**
 * What an enterprise says of a thing that it registers: one list, of which the form, the columns of the sheet, the checks and
 * the values of the record are made.
 */
export interface RegistryField {
  key: string
  /** Type of the value in the record; none for what only helps to make another one. */
  type?: string
  kind: 'suffix' | 'text' | 'gs1' | 'serial' | 'instant' | 'machine' | 'url'
  required?: true
  charactersMax: number
  title: { zh: string; en: string }
  hint?: { zh: string; en: string }
  example: string
}

export const registryFields = [
  {
    key: 'suffix',
    kind: 'suffix',
    required: true,
    charactersMax: 200,
    title: { zh: '标识后缀', en: 'Suffix' },
    hint: {
      zh: '前缀之后的部分，在本企业内唯一，区分大小写',
      en: 'What follows the prefix; unique in the enterprise, and upper and lower case differ',
    },
    example: 'P20270201-1-01',
  },
  {
    key: 'name',
    type: 'NAME',
    kind: 'text',
    required: true,
    charactersMax: 200,
    title: { zh: '名称', en: 'Name' },
    example: '泵轴',
  },
  {
    key: 'gs1',
    type: 'GS1_DL',
    kind: 'gs1',
    charactersMax: 500,
    title: { zh: 'GS1 编码', en: 'GS1 key' },
    hint: {
      zh: 'GTIN、(01)…(21)… 或 GS1 数字链接；没有则留空',
      en: 'A GTIN, (01)…(21)… or a GS1 Digital Link; leave it empty where there is none',
    },
    example: '09521234543220',
  },
  {
    key: 'serial',
    kind: 'serial',
    charactersMax: 20,
    title: { zh: '序列号', en: 'Serial number' },
    hint: { zh: '与 GTIN 一起成为单件的编码', en: 'With a GTIN it names the single piece' },
    example: '1001-0001',
  },
  {
    key: 'model',
    type: 'MODEL',
    kind: 'text',
    charactersMax: 200,
    title: { zh: '型号', en: 'Model' },
    example: 'PS-25',
  },
  {
    key: 'category',
    type: 'KIND',
    kind: 'text',
    charactersMax: 200,
    title: { zh: '类别', en: 'Kind' },
    example: '',
  },
  {
    key: 'manufacturer',
    type: 'MANUFACTURER',
    kind: 'text',
    charactersMax: 200,
    title: { zh: '生产企业', en: 'Manufacturer' },
    hint: { zh: '空着即为本企业', en: 'Empty: your enterprise' },
    example: '',
  },
  {
    key: 'batch',
    type: 'BATCH',
    kind: 'text',
    charactersMax: 100,
    title: { zh: '批次', en: 'Batch' },
    example: '20270201-1',
  },
  {
    key: 'producedAt',
    type: 'PRODUCED_AT',
    kind: 'instant',
    charactersMax: 40,
    title: { zh: '生产时间', en: 'Produced at' },
    hint: { zh: '北京时间，例如 2027-02-01 09:30', en: 'Beijing time, e.g. 2027-02-01 09:30' },
    example: '2027-02-01 09:30',
  },
  {
    key: 'machine',
    type: 'MACHINE',
    kind: 'machine',
    charactersMax: 300,
    title: { zh: '生产设备', en: 'Machine' },
    hint: { zh: '设备的标识或其后缀', en: 'Identifier of the machine, or its suffix' },
    example: 'M1',
  },
  {
    key: 'url',
    type: 'URL',
    kind: 'url',
    charactersMax: 500,
    title: { zh: '网址', en: 'Web page' },
    example: '',
  },
] as const satisfies readonly RegistryField[]

export type RegistryFieldKey = (typeof registryFields)[number]['key']
